"""The verb `health` of `manage.py actions`: whether protocols can be used now."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from airdrops_site.answers import Answer, table
from airdrops_site.tx.known import require_network, require_protocol
from protocols.health import ProtocolHealth, protocol_health
from protocols.models import Protocol
from protocols.registry import adapters
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError
from wallets.models import Network

Options = dict[str, Any]
_COLUMNS = ("Protocol", "Network", "Block", "Contracts", "Paused", "Last transaction", "Problems")


def healths(options: Options) -> tuple[Answer, int]:
    """Every enabled protocol on its networks, or those named; exit 1 where anything is wrong."""
    require_protocol(options["protocol"])
    require_network(options["network"])
    found = list(_looked_at(options))
    rows = (_line(one) for one in found)
    answer = Answer([_facts(one) for one in found], (table("Protocols", _COLUMNS, rows),))
    return answer, 1 if any(one.problems for one in found) else 0


def _looked_at(options: Options) -> Iterator[ProtocolHealth]:
    protocols = Protocol.objects.filter(enabled=True).prefetch_related("networks")
    if options["protocol"]:
        protocols = protocols.filter(slug=options["protocol"])
    for protocol in protocols:
        for network in protocol.networks.all():
            wanted = options["network"] in ("", network.slug)
            if wanted and network.enabled and protocol.slug in adapters():
                yield _look(protocol.slug, network)


def _look(protocol: str, network: Network) -> ProtocolHealth:
    try:
        return protocol_health(adapters()[protocol], network, NetworkClient(network))
    except ChainError as error:
        said = str(error)
        return ProtocolHealth(protocol, network.slug, said, None, (), None, None, said)


def _line(one: ProtocolHealth) -> tuple[str, ...]:
    last = one.last
    return (
        one.protocol,
        one.network,
        "unknown" if one.block is None else str(one.block),
        str(len(one.contracts)),
        f"unknown: {one.pause_unknown}" if one.paused is None else "yes" if one.paused else "no",
        f"#{last.number} {last.action}, {last.outcome or last.state}" if last else "none yet",
        "; ".join(one.problems),
    )


def _facts(one: ProtocolHealth) -> dict[str, Any]:
    facts = asdict(one)
    if one.last:
        facts["last"]["at"] = one.last.at.isoformat()
    return {**facts, "reachable": not one.unreachable, "problems": one.problems}
