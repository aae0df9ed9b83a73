"""What each verb of `manage.py breaker` asks of the services below."""

from typing import Any

from airdrops_site.answers import Answer, table
from airdrops_site.people import shell_actor
from airdrops_site.tx.known import require_protocol
from protocols.models import Protocol
from scheduling.breakers import allowed_failures, probe_of, try_breaker
from scheduling.models import Breaker

_COLUMNS = ("Protocol", "State", "Failed in a row", "Opens at", "Tried with run", "Why")


def show_all(_options: dict[str, Any]) -> Answer:
    """Each protocol that a limit covers, or whose runs have failed."""
    rows = Breaker.objects.select_related("protocol", "probe").order_by("protocol__slug")
    known = {row.protocol_id: row for row in rows}
    facts = [
        _facts(protocol, known.get(protocol.pk)) for protocol in Protocol.objects.order_by("slug")
    ]
    wanted = [one for one in facts if one["opens_at"] is not None or one["failures"]]
    return Answer(wanted, (table("Circuit breakers", _COLUMNS, map(_texts, wanted)),))


def let_try(options: dict[str, Any]) -> Answer:
    """Let one run through; its end decides."""
    require_protocol(options["protocol"])
    protocol = Protocol.objects.get(slug=options["protocol"])
    row = try_breaker(protocol=protocol, actor=shell_actor(), reason=options["reason"])
    probe = probe_of(row)
    tried = f"run {probe}" if probe else "the next run that begins"
    said = f"{protocol} is tried again with {tried}; all others wait for its end"
    return Answer({"done": said, **_facts(protocol, row)}, (f"{said}.",))


def _facts(protocol: Protocol, row: Breaker | None) -> dict[str, Any]:
    return {
        "protocol": protocol.slug,
        "state": row.state if row else "closed",
        "failures": row.failures if row else 0,
        "opens_at": allowed_failures(protocol),
        "probe": probe_of(row) if row else None,
        "reason": row.reason if row and row.state != "closed" else "",
    }


def _texts(facts: dict[str, Any]) -> tuple[str, ...]:
    return tuple("" if value is None else str(value) for value in facts.values())
