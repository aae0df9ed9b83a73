"""Native coin that contracts moved inside transactions, where the node traces them."""

from collections.abc import Iterator, Sequence
from itertools import batched
from typing import Any

from analytics.chain_history.movements import Move
from analytics.chain_history.storing_transfers import INSIDE
from wallets.addresses import AddressError, parse_address
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError, RpcError
from wallets.chain.rpc import Request

TRACES_AT_ONCE = 10
_MOVING = ("call", "create", "create2", "selfdestruct", "suicide")


class Tracer:
    """Asks by whichever method the node knows; `offered` is False once none was."""

    def __init__(self, client: NetworkClient) -> None:
        self._client = client
        self.offered = True

    def moves(self, hashes: Sequence[tuple[str, int]]) -> list[Move]:
        """What moved inside these transactions, each with its block."""
        found: list[Move] = []
        for some in batched(hashes, TRACES_AT_ONCE):
            if self.offered:
                found += self._some(some)
        return found

    def _some(self, hashes: Sequence[tuple[str, int]]) -> list[Move]:
        for ask, read in ((_by_debug, _from_tree), (_by_trace, _from_list)):
            answers = self._client.read_many([ask(tx) for tx, _ in hashes])
            if any(isinstance(answer, RpcError) for answer in answers):
                continue
            for answer in answers:
                if isinstance(answer, ChainError):
                    raise answer
            return [
                Move(tx, INSIDE, "", source, target, amount, block)
                for (tx, block), answer in zip(hashes, answers, strict=True)
                for source, target, amount in read(answer)
            ]
        self.offered = False
        return []


def _by_debug(tx: str) -> Request:
    return "debug_traceTransaction", [tx, {"tracer": "callTracer"}]


def _by_trace(tx: str) -> Request:
    return "trace_transaction", [tx]


def _from_tree(answer: Any) -> Iterator[tuple[str, str, int]]:
    """A call tracer's tree: the value of the outermost call is the transaction's own."""
    if isinstance(answer, dict) and not answer.get("error"):
        for call in answer.get("calls") or ():
            yield from _walk(call)


def _walk(call: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
    if call.get("error"):
        return  # undone, with all inside
    yield from _moved(call.get("type"), call.get("from"), call.get("to"), call.get("value"))
    for inner in call.get("calls") or ():
        yield from _walk(inner)


def _from_list(answer: Any) -> Iterator[tuple[str, str, int]]:
    """The flat list of OpenEthereum's descendants."""
    calls = answer if isinstance(answer, list) else []
    undone = [tuple(one["traceAddress"]) for one in calls if one.get("error")]
    for one in calls:
        path = tuple(one["traceAddress"])
        if not path or any(path[: len(root)] == root for root in undone):
            continue
        action = one["action"]
        kind = action.get("callType") or one.get("type")
        source = action.get("from") or action.get("address")
        target = action.get("to") or action.get("refundAddress")
        target = target or (one.get("result") or {}).get("address")
        yield from _moved(kind, source, target, action.get("value") or action.get("balance"))


def _moved(kind: Any, source: Any, target: Any, value: Any) -> Iterator[tuple[str, str, int]]:
    if str(kind).lower() not in _MOVING or not value:
        return
    try:
        amount = int(value, 16)
        if amount:
            yield parse_address(source), parse_address(target), amount
    except (AddressError, ValueError):
        return
