"""One network as the pipeline and the adapters see it: typed questions, failover, broadcast."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from eth_typing import ChecksumAddress

from wallets.chain.errors import (
    ChainError,
    RpcError,
    RpcUnavailable,
    SendAnswer,
    WrongChain,
    classify_send,
)
from wallets.chain.health import record_answer, record_failure, record_head
from wallets.chain.rpc import JsonRpc, Request
from wallets.models import Network, RpcEndpoint

_KIND_RANK = {"devnet": 0, "testnet": 1, "mainnet": 2}


@dataclass(frozen=True, slots=True)
class Block:
    """The head of a block."""

    number: int
    hash: str
    at: datetime
    base_fee: int | None


@dataclass(frozen=True, slots=True)
class Sent:
    """What the endpoints said about raw bytes, in their strongest words."""

    answer: SendAnswer
    text: str

    @property
    def accepted(self) -> bool:
        """Whether any endpoint took the bytes or had them already."""
        return self.answer in (SendAnswer.ACCEPTED, SendAnswer.KNOWN)


class NetworkClient:
    """Asks a network's endpoints in order of preference. One per unit of work."""

    def __init__(self, network: Network, endpoints: Sequence[RpcEndpoint] | None = None) -> None:
        require_allowed(network)
        self.network = network
        rows = endpoints if endpoints is not None else _enabled(network)
        self._endpoints = [(row, JsonRpc(row.name, row.url)) for row in rows]
        self._checked: set[str] = set()

    def read(self, method: str, params: list[Any]) -> Any:
        """One call's result from the first endpoint that answers."""
        result = self.read_many([(method, params)])[0]
        if isinstance(result, ChainError):
            raise result
        return result

    def read_many(self, requests: Sequence[Request]) -> list[Any]:
        """A batch from the first endpoint that answers; refusals stay in their places."""
        reasons = []
        for row, rpc in self._endpoints:
            if not row.can_read:
                continue
            try:
                with record_answer(row):
                    self._check_chain(rpc)
                    results = rpc.batch(requests)
            except RpcUnavailable as error:
                record_failure(row, str(error))
                reasons.append(str(error))
                continue
            unavailable = [item for item in results if isinstance(item, RpcUnavailable)]
            if not unavailable:
                record_head(row, requests, results)
                return results
            reasons.append(str(unavailable[0]))
        raise RpcUnavailable("; ".join(reasons) or f"{self.network.name} has no read endpoint")

    def agree(self, requests: Sequence[Request]) -> list[Any]:
        """Answers for decisions that cannot be taken back."""
        return self.read_many(requests)

    def send_raw(self, raw: bytes) -> Sent:
        """Give the bytes to every send endpoint; one success is success, silence is ambiguous."""
        answers = [self._send_to(rpc, raw) for row, rpc in self._endpoints if row.can_send]
        taken = [sent for sent in answers if sent.answer in (SendAnswer.ACCEPTED, SendAnswer.KNOWN)]
        if taken:
            return taken[0]
        # A refusal is weaker than silence: the endpoint that was silent may have taken them.
        unclear = [sent for sent in answers if sent.answer is SendAnswer.AMBIGUOUS]
        nothing = Sent(SendAnswer.AMBIGUOUS, f"{self.network.name} has no send endpoint")
        return next(iter(unclear or answers), nothing)

    def block(self, tag: str | int = "latest") -> Block:
        """A block's head by number or tag."""
        found = self.read("eth_getBlockByNumber", [_tag(tag), False])
        if not found:
            raise RpcUnavailable(f"{self.network.name} has no block {tag}")
        return parse_block(found)

    def call(self, to: ChecksumAddress, data: bytes, *, sender: ChecksumAddress) -> bytes:
        """`eth_call` at the latest block; RpcError when it reverts."""
        message = {"from": sender, "to": to, "data": "0x" + data.hex()}
        return hex_bytes(self.read("eth_call", [message, "latest"]))

    def balance(self, address: ChecksumAddress) -> int:
        """Native balance in wei at the latest block."""
        return hex_int(self.read("eth_getBalance", [address, "latest"]))

    def code(self, address: ChecksumAddress) -> bytes:
        """The contract code at an address; empty for none."""
        return hex_bytes(self.read("eth_getCode", [address, "latest"]))

    def _send_to(self, rpc: JsonRpc, raw: bytes) -> Sent:
        try:
            self._check_chain(rpc)
            rpc.call("eth_sendRawTransaction", ["0x" + raw.hex()])
        except ChainError as error:
            answer = classify_send(error)
            return Sent(answer, f"{rpc.name}: {error}"[:300])
        return Sent(SendAnswer.ACCEPTED, f"{rpc.name}: accepted")

    def _check_chain(self, rpc: JsonRpc) -> None:
        if rpc.name in self._checked:
            return
        require_chain(rpc, self.network)
        self._checked.add(rpc.name)


def require_allowed(network: Network) -> None:
    """ChainError for a kind of chain that this installation may not talk to."""
    if _KIND_RANK[network.kind] > _KIND_RANK[settings.CHAIN_ACCESS]:
        raise ChainError(
            f"{network.name} is a {network.kind}; AIRDROPS_CHAIN_ACCESS="
            f"{settings.CHAIN_ACCESS} does not allow it"
        )


def require_chain(rpc: JsonRpc, network: Network) -> None:
    """WrongChain unless the endpoint leads to the network it is registered for."""
    found = hex_int(rpc.call("eth_chainId", []))
    if found != network.chain_id:
        raise WrongChain(
            f"{rpc.name} is chain {found}, not {network.chain_id} "
            f"({network.name}); correct or disable the endpoint"
        )


def _enabled(network: Network) -> list[RpcEndpoint]:
    return list(network.endpoints.filter(enabled=True))


def _tag(tag: str | int) -> str:
    return hex(tag) if isinstance(tag, int) else tag


def parse_block(found: dict[str, Any]) -> Block:
    """A block as JSON-RPC gives it."""
    base_fee = found.get("baseFeePerGas")
    return Block(
        number=hex_int(found["number"]),
        hash=str(found["hash"]),
        at=datetime.fromtimestamp(hex_int(found["timestamp"]), tz=UTC),
        base_fee=None if base_fee is None else hex_int(base_fee),
    )


def hex_int(text: object) -> int:
    """A JSON-RPC quantity; RpcUnavailable for anything else."""
    try:
        return int(str(text), 16)
    except ValueError:
        raise RpcUnavailable(f"the node answered {text!r} where a quantity was asked") from None


def hex_bytes(text: object) -> bytes:
    """JSON-RPC data; RpcUnavailable for anything else."""
    try:
        return bytes.fromhex(str(text).removeprefix("0x"))
    except ValueError:
        raise RpcUnavailable(f"the node answered {text!r} where data was asked") from None


__all__ = [
    "Block",
    "ChainError",
    "NetworkClient",
    "RpcError",
    "RpcUnavailable",
    "Sent",
    "hex_bytes",
    "hex_int",
    "parse_block",
]
