"""`wallets fund`, `drain`, `retire`, `stop` and `release`: what moves a whole wallet."""

from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.answers import Answer, BadInput
from airdrops_site.people import add_person, shell_actor, signed_in
from airdrops_site.plans_command.named import (
    network_of,
    recipient_of,
    units_of,
    wallet_of,
    wallets_of,
)
from airdrops_site.plans_command.show import in_full
from airdrops_site.plans_command.verbs import dry
from airdrops_site.wallets_cli.verbs import Options, Said, Verb
from analytics.models import Claim
from scheduling.models import Plan
from scheduling.plans.emergency import drain_wallets, only_safe_address
from scheduling.plans.emptying import coin_of, top_ups
from scheduling.plans.making import Maker, make_plan
from scheduling.plans.obstacles import Finding
from scheduling.plans.retiring import Report, look_at, retire_wallet
from wallets.models import EmergencyStop, ScopeKind, Transaction, Wallet
from wallets.services import engage_stop, lift_stop


def _fund(options: Options) -> Said:
    network, treasury = network_of(options["network"]), wallet_of(options["treasury"])
    target = units_of(options["to_balance"], coin_of(network))
    wallets = wallets_of(options["labels"], options["tag"])
    purpose = f"gas up to {options['to_balance']}"
    found = top_ups(
        network=network, treasury=treasury, wallets=wallets, target=target, purpose=purpose
    )
    if not found.payments:
        return Said({"plan": None, "lines": []}, ["every one of them has that much already"])
    if options["dry_run"]:
        return _said(dry(found.payments))
    plan = make_plan(
        kind=Plan.Kind.FUND,
        title=options["title"] or f"fund from {treasury.label}",
        payments=found.payments,
        maker=Maker.of(signed_in(options)),
        urgency=options["urgency"],
        balances_at=found.read_at,
    )
    done = f"made {plan}; nothing moves until it is approved and run"
    return _said(in_full(plan, done=done))


def _drain(options: Options) -> Said:
    wallets = wallets_of(options["labels"], options["tag"])
    to = recipient_of(options["to"], None) if options["to"] else only_safe_address()
    done = drain_wallets(
        wallets=wallets, to=to, maker=Maker(None, shell_actor()), dry_run=options["dry_run"]
    )
    shown = dry(done.payments) if options["dry_run"] or done.plan is None else in_full(done.plan)
    value = {
        "to": to,
        "plan": done.plan.pk if done.plan else None,
        "under_way": done.under_way,
        "unknown": done.unknown,
        "refused": done.refused,
        "lines": shown.facts if done.plan is None else shown.facts["lines"],
    }
    told = [f"unknown, drain again when it is known: {one}" for one in done.unknown]
    told += [f"stays, put it right and drain again: {one}" for one in done.refused]
    is_all = not (done.unknown or done.refused)
    return Said(value, [*shown.shown, *done.under_way, *told], 0 if is_all else 1)


def _retire(options: Options) -> Said:
    wallet = wallet_of(options["label"])
    asked: dict[str, Any] = {
        "wallet": wallet,
        "to": recipient_of(options["to"], None),
        "acknowledged": options["acknowledge"],
        "also": list(_claims(wallet)),
    }
    if options["dry_run"]:
        return _reported(look_at(**asked), dry_run=True)
    maker = Maker.of(signed_in(options)) if options["user"] else Maker(None, shell_actor())
    return _reported(retire_wallet(**asked, maker=maker), dry_run=False)


def _claims(wallet: Wallet) -> Any:
    """What it may still claim, which only the floor above plans knows."""
    rows = Claim.objects.filter(wallet=wallet, status=Claim.Status.CLAIMABLE)
    for row in rows.select_related("campaign", "network"):
        yield Finding(f"claim:{row.pk}", f"it may still claim {row.campaign} on {row.network.slug}")


def _reported(report: Report, *, dry_run: bool) -> Said:
    payments = dry(report.computed.payments) if report.computed else Answer([], ())
    findings = [
        {"key": one.key, "sentence": one.sentence, "blocks": one.blocks} for one in report.findings
    ]
    value = {
        "wallet": report.wallet.label,
        "status": report.wallet.status,
        "retired": report.is_over,
        "said": report.sentence,
        "plan": report.plan.pk if report.plan else None,
        "findings": findings,
        "payments": payments.facts,
    }
    lines = [report.sentence, *(f"{one['key']}: {one['sentence']}" for one in findings)]
    shown = payments.shown if dry_run else ()
    return Said(value, [*lines, *shown], 0 if report.is_over or dry_run else 1)


def _stop(options: Options) -> Said:
    scope = _scope(options)
    engage_stop(reason=options["reason"], actor=shell_actor(), mode=options["mode"], **scope)
    told = EmergencyStop.Mode(options["mode"]).label
    name = scope["scope_value"] or "everything"
    return Said({"stopped": name, "mode": options["mode"]}, [f"{name}: {told}"])


def _release(options: Options) -> Said:
    scope = _scope(options)
    name = scope["scope_value"] or "everything"
    if not EmergencyStop.objects.filter(**scope, engaged=True).exists():
        raise BadInput(f"{name} is not stopped")
    lift_stop(reason=options["reason"], actor=shell_actor(), **scope)
    return Said({"stopped": None, "mode": None}, [f"the stop of {name} is lifted"])


def _scope(options: Options) -> dict[str, str]:
    """One wallet, or everything."""
    if bool(options["label"]) == options["all"]:
        raise BadInput("name one wallet, or say --all for everything there is")
    if options["all"]:
        return {"scope_kind": ScopeKind.EVERYTHING, "scope_value": ""}
    return {"scope_kind": ScopeKind.WALLET, "scope_value": wallet_of(options["label"]).label}


def _said(answer: Answer) -> Said:
    return Said(answer.facts, list(answer.shown))


def _fund_arguments(parser: CommandParser) -> None:
    parser.add_argument("labels", nargs="*", help="wallets, by their labels")
    parser.add_argument("--tag", default="", help="and those of this tag")
    parser.add_argument("--from", dest="treasury", required=True, help="who pays, by its label")
    parser.add_argument("--network", required=True, help="its slug")
    parser.add_argument("--to-balance", required=True, help="what each shall have, like 0.05")
    parser.add_argument("--title", default="", help="what the plan is called")
    parser.add_argument("--urgency", choices=Transaction.Urgency.values, default="normal")
    parser.add_argument("--dry-run", action="store_true", help="only say what the lines would be")
    add_person(parser)


def _drain_arguments(parser: CommandParser) -> None:
    parser.add_argument("labels", nargs="*", help="wallets, by their labels")
    parser.add_argument("--tag", default="", help="and those of this tag")
    parser.add_argument("--to", default="", help="a listed safe address; the only one without it")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be sent")


def _retire_arguments(parser: CommandParser) -> None:
    parser.add_argument("label")
    parser.add_argument("--to", required=True, help="where everything goes, best a safe address")
    parser.add_argument(
        "--acknowledge",
        action="append",
        default=[],
        metavar="KEY",
        help="leave this behind, as the refusal names it; may be repeated",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    add_person(parser, required=False)


def _stop_arguments(parser: CommandParser) -> None:
    _release_arguments(parser)
    parser.add_argument(
        "--mode",
        choices=EmergencyStop.Mode.values,
        default=EmergencyStop.Mode.ALL_BUT_DRAIN,
        help="what is signed none the less",
    )


def _release_arguments(parser: CommandParser) -> None:
    parser.add_argument("label", nargs="?", default="")
    parser.add_argument("--all", action="store_true", help="everything there is")
    parser.add_argument("--reason", required=True, help="for the history")


VERBS = (
    Verb("fund", "make a plan that tops wallets up from a treasury", _fund_arguments, _fund),
    Verb("drain", "emergency: send all to a listed safe address now", _drain_arguments, _drain),
    Verb(
        "retire",
        "empty it, see that it is empty, archive it; exit code 1: not over, ask again",
        _retire_arguments,
        _retire,
    ),
    Verb("stop", "sign nothing more with it, but for what the mode spares", _stop_arguments, _stop),
    Verb("release", "let it sign again", _release_arguments, _release),
)
