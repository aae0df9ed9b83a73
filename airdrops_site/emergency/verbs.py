"""What each verb of `manage.py emergency` asks of the services below."""

from typing import Any

from airdrops_site.answers import Answer, BadInput, table
from airdrops_site.emergency.orders import listed, withdrawal_facts, withdrawal_lines
from airdrops_site.emergency.scopes import MODES, Scope, scope_of
from airdrops_site.health.component import show_time
from airdrops_site.people import shell_actor, signed_in
from airdrops_site.scripted import Options
from airdrops_site.tx.known import require_protocol, require_wallet
from scheduling.models import Task
from scheduling.withdrawing import Withdrawals, find_withdrawals, order_withdrawals
from wallets.address_book import actor_of
from wallets.models import EmergencyStop, Installation
from wallets.services import engage_stop, lift_stop
from wallets.transactions.clearing import clear_pending
from wallets.transactions.stop_file import stop_file_reason

_COLUMNS = ("Scope", "Mode", "Reason", "Who", "Since")


def stop(options: Options) -> Answer:
    """Sign nothing more in the scope, from the commit on."""
    scope, mode = scope_of(options), MODES[options["mode"]]
    engage_stop(reason=options["reason"], actor=shell_actor(), mode=mode, **scope.facts)
    said = f"{scope.name} is stopped: {mode.label[0].lower()}{mode.label[1:]}"
    return _status(said)


def resume(options: Options) -> Answer:
    """Let the scope sign again."""
    scope = scope_of(options)
    if not EmergencyStop.objects.filter(**scope.facts, engaged=True).exists():
        others = ", ".join(Scope.of(one).name for one in _engaged()) or "nothing"
        raise BadInput(f"{scope.name} is not stopped; stopped is {others}")
    lift_stop(reason=options["reason"], actor=shell_actor(), **scope.facts)
    return _status(f"the stop of {scope.name} is lifted")


def status(_options: Options) -> Answer:
    """What is stopped, by whom, why and since when."""
    return _status("")


def cancel_pending(options: Options) -> Answer:
    """End what is not signed, ask a cancel for what is not mined."""
    scope = scope_of(options)
    done = clear_pending(
        actor=shell_actor(),
        reason=options["reason"],
        dry_run=options["dry_run"],
        **scope.facts,
    )
    return listed(done, dry_run=options["dry_run"])


def withdraw(options: Options) -> tuple[Answer, int]:
    """Ordinary one-off runs that take positions out; code 1 where something stays."""
    require_wallet(options["wallet"])
    require_protocol(options["protocol"])
    found = find_withdrawals(wallet=options["wallet"], protocol=options["protocol"])
    dry = options["dry_run"]
    tasks = [] if dry else _order(found, options)
    facts = withdrawal_facts(found, tasks)
    return Answer(facts, tuple(withdrawal_lines(found, tasks, dry_run=dry))), int(bool(found.left))


def _order(found: Withdrawals, options: Options) -> list[Task]:
    person = signed_in(options) if options["user"] else None
    actor = actor_of(person) if person else shell_actor()
    return order_withdrawals(found, actor=actor, reason=options["reason"], person=person)


def _engaged() -> list[EmergencyStop]:
    return list(EmergencyStop.objects.filter(engaged=True).order_by("scope_kind", "scope_value"))


def _status(said: str) -> Answer:
    stops, file = _engaged(), stop_file_reason()
    paused = Installation.objects.filter(paused=True).first()
    facts = {
        "done": said,
        "signing": not (stops or file or paused),
        "stops": [_facts(one) for one in stops],
        "stop_file": file or None,
        "installation_paused": paused.pause_reason if paused else None,
    }
    rows = (tuple(str(value) for value in _facts(one).values()) for one in stops)
    shown = [table("Engaged stops", _COLUMNS, rows)] if stops else ["no stop is engaged"]
    pause = f"the installation is paused: {paused.pause_reason}" if paused else ""
    return Answer(facts, (*filter(None, (said, file, pause)), *shown))


def _facts(one: EmergencyStop) -> dict[str, Any]:
    return {
        "scope": Scope.of(one).name,
        "mode": one.mode.replace("_", "-"),
        "reason": one.reason,
        "who": one.actor,
        "since": show_time(one.changed_at),
    }
