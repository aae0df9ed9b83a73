"""The checks of networks and of the protocols on them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Max

from airdrops_site.health.chains import EndpointState, NetworkState
from airdrops_site.health.component import Component, Severity, show_time
from airdrops_site.health.survey import Survey
from protocols.models import Protocol
from wallets.chain.order import lagging
from wallets.models import Receipt, Transaction
from wallets.transactions.states import ON_CHAIN

# Among so many newest intents of a state is the newest receipt: they differ by a queue's length.
NEWEST = 20
# What an endpoint should answer within.
SLOW_MS = 2_000


def look_at_networks(survey: Survey) -> Component:
    """Whether each enabled network has answered a real call within a minute.

    Of those that answer: whether any endpoint is slow, behind its fellows or left out by its
    breaker, which degrades the whole but disconnects nothing.
    """
    silent = [state for state in survey.networks if not state.answers]
    weak = [text for state in survey.networks if state.answers for text in _weak(state, survey)]
    severity = Severity.DEGRADED if silent or weak else Severity.HEALTHY
    if silent and len(silent) == len(survey.networks):
        severity = Severity.UNHEALTHY
    return Component(
        {
            state.network.slug: {"status": "connected" if state.answers else "disconnected"}
            for state in survey.networks
        },
        severity,
        {
            state.network.slug: {"endpoints": [_endpoint(one) for one in state.endpoints]}
            for state in survey.networks
        },
        (*(_silence(state) for state in silent), *weak),
    )


def look_at_protocols(survey: Survey) -> Component:
    """Whether each protocol is enabled and its networks answer, and when it last did something.

    `last_tx` is the time of the newest canonical block with a transaction of the protocol.
    """
    answering = {state.network.pk: state.answers for state in survey.networks}
    public: dict[str, dict[str, Any]] = {}
    protocols = list(Protocol.objects.prefetch_related("networks"))
    newest = _newest_blocks([protocol.slug for protocol in protocols])
    for protocol in protocols:
        answers = [answering[row.pk] for row in protocol.networks.all() if row.pk in answering]
        public[protocol.slug] = {
            "status": _status(protocol, answers),
            "last_tx": show_time(newest.get(protocol.slug)),
        }
    bad = {"disconnected", "partial"} & {found["status"] for found in public.values()}
    return Component(public, Severity.DEGRADED if bad else Severity.HEALTHY)


def _newest_blocks(protocols: list[str]) -> dict[str, datetime]:
    """The newest canonical block's time by protocol, however long the history.

    The newest intents come from the tops of an index. Each is a small query with its words written
    out: PostgreSQL scans the whole table for a rare protocol that it only knows as a parameter.
    """
    intents = [
        pk
        for protocol in protocols
        for state in ON_CHAIN
        for pk in Transaction.objects.filter(protocol=protocol, state=state)
        .order_by("-id")
        .values_list("pk", flat=True)[:NEWEST]
    ]
    receipts = Receipt.objects.filter(canonical=True, transaction__in=intents).order_by()
    newest = receipts.values_list("transaction__protocol").annotate(newest=Max("block_at"))
    return dict(newest)


def _status(protocol: Protocol, answers: list[bool]) -> str:
    """`answers` has one value for each enabled network of the protocol."""
    if not protocol.enabled:
        return "disabled"
    if not answers:
        return "no_network"
    if all(answers):
        return "connected"
    return "partial" if any(answers) else "disconnected"


def _endpoint(state: EndpointState) -> dict[str, Any]:
    row, probe = state.row, state.probe
    return {
        "name": row.name,
        "answers": state.answers,
        "latency_ms": probe.latency_ms if probe else row.latency_ms,
        "head_block": probe.head if probe else row.head_block,
        "answered_at": show_time(row.answered_at),
        "breaker_open_until": show_time(row.open_until),
        "error": probe.error if probe else row.last_error,
    }


def _weak(state: NetworkState, survey: Survey) -> Iterator[str]:
    """What is wrong with the endpoints of a network that answers."""
    rows = [one.row for one in state.endpoints]
    behind = lagging(rows, survey.now, state.network.block_seconds)
    for one in state.endpoints:
        took = _endpoint(one)["latency_ms"]
        if one.row.open_until and one.row.open_until > survey.now:
            yield f"{one.row} is left out by its breaker until {show_time(one.row.open_until)}."
        elif one.row.pk in behind:
            yield f"{one.row} is behind the other endpoints of its network."
        elif one.answers and took is not None and took > SLOW_MS:
            yield f"{one.row} took {took / 1000:.1f} s to answer; put a faster one before it."


def _silence(state: NetworkState) -> str:
    said = "; ".join(_endpoint(one)["error"] for one in state.endpoints)
    reason = said or "it has no enabled endpoint to read from"
    return f"{state.network.name} does not answer: {reason}. Correct or add an endpoint of it."
