"""Whether a protocol can be used on a network now, from one look at the chain and our own rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from protocols.actions import Adapter, PlanError
from protocols.context import build_context
from protocols.models import Deployment
from wallets.addresses import ZERO_ADDRESS
from wallets.chain.client import NetworkClient, hex_bytes, hex_int
from wallets.chain.errors import ChainError
from wallets.models import Network, Transaction, Wallet


@dataclass(frozen=True, slots=True)
class ContractHealth:
    """An enabled contract; `has_code` None where nobody knows."""

    role: str
    address: str
    has_code: bool | None


@dataclass(frozen=True, slots=True)
class LastTransaction:
    """The newest transaction of the protocol on the network."""

    number: int
    action: str
    state: str
    outcome: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ProtocolHealth:
    """`paused` None: unknown, and `pause_unknown` says why. `unreachable`: why nobody answers."""

    protocol: str
    network: str
    unreachable: str
    block: int | None
    contracts: tuple[ContractHealth, ...]
    paused: tuple[str, ...] | None
    last: LastTransaction | None
    pause_unknown: str = ""

    @property
    def problems(self) -> list[str]:
        """What is wrong, a sentence each; unknown is wrong too."""
        if self.unreachable:
            return [f"{self.network} does not answer: {self.unreachable}"]
        codeless = [one for one in self.contracts if not one.has_code]
        return [
            *(f"{one.role} at {one.address} {_CODE[one.has_code]}" for one in codeless),
            *(self.paused or ()),
            *self._unread(),
            *([] if self.contracts else ["no contract of it is enabled there"]),
        ]

    def _unread(self) -> list[str]:
        """An adapter that never can tell is no trouble of today; one that could and did not is."""
        if self.paused is not None or self.pause_unknown == CANNOT_TELL:
            return []
        return [f"whether it is paused is unknown: {self.pause_unknown}"]


CANNOT_TELL = "its adapter cannot tell"
_CODE = {False: "has no code", None: "could not be asked for its code"}


def protocol_health(adapter: Adapter, network: Network, client: NetworkClient) -> ProtocolHealth:
    """Ask the network once for its block and every contract's code, and the adapter for the rest.

    Nothing is raised for a chain that does not answer: that is what was found.
    """
    protocol = adapter.slug
    rows = list(Deployment.objects.filter(protocol__slug=protocol, network=network, enabled=True))
    try:
        block, contracts = _look(client, rows)
        paused, why = _paused(adapter, network, client)
    except ChainError as error:
        unknown = tuple(ContractHealth(row.role, row.address, None) for row in rows)
        last = _last(protocol, network)
        said = str(error)
        return ProtocolHealth(protocol, network.slug, said, None, unknown, None, last, said)
    last = _last(protocol, network)
    return ProtocolHealth(protocol, network.slug, "", block, contracts, paused, last, why)


def _look(
    client: NetworkClient, rows: Sequence[Deployment]
) -> tuple[int, tuple[ContractHealth, ...]]:
    codes = [("eth_getCode", [row.address, "latest"]) for row in rows]
    block, *answers = client.read_many([("eth_blockNumber", []), *codes])
    if isinstance(block, ChainError):
        raise block
    contracts = tuple(
        ContractHealth(row.role, row.address, _has_code(answer))
        for row, answer in zip(rows, answers, strict=True)
    )
    return hex_int(block), contracts


def _has_code(answer: object) -> bool | None:
    return None if isinstance(answer, ChainError) else bool(hex_bytes(answer))


def _paused(
    adapter: Adapter, network: Network, client: NetworkClient
) -> tuple[tuple[str, ...] | None, str]:
    """What the adapter finds, or None and why not; asked as nobody in particular."""
    if adapter.health is None:
        return None, CANNOT_TELL
    nobody = Wallet(label="nobody", address=ZERO_ADDRESS)
    context = build_context(
        network=network, wallet=nobody, protocol=adapter.slug, client=client, now=timezone.now()
    )
    try:
        return tuple(adapter.health(context)), ""
    except PlanError as error:
        return None, str(error)


def _last(protocol: str, network: Network) -> LastTransaction | None:
    row = Transaction.objects.filter(protocol=protocol, network=network).order_by("-id").first()
    if row is None:
        return None
    return LastTransaction(row.pk, row.action, row.state, row.outcome, row.state_changed_at)
