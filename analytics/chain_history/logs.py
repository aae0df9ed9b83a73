"""Transfer logs of many wallets over many blocks, in as few requests as the node allows."""

from collections.abc import Iterator, Sequence
from itertools import batched
from typing import Any

from eth_typing import ChecksumAddress

from analytics.chain_history.scope import Scope
from protocols.abi import load_abi
from wallets.chain.client import NetworkClient
from wallets.chain.errors import RpcError, RpcUnavailable
from wallets.chain.rpc import Request

TRANSFER = load_abi("protocols.evm", "erc20").event("Transfer")
DEPOSIT = load_abi("protocols.evm", "weth").event("Deposit")
WITHDRAWAL = load_abi("protocols.evm", "weth").event("Withdrawal")
# More alternatives in a topic than that are refused by some providers.
ADDRESSES_AT_ONCE = 100
MOST_BLOCKS = 1_000_000
# After so many requests that went well a larger stretch is tried again: some nodes limit the
# answers, which are few where nothing happens, and not the blocks.
GROWS_AFTER = 16
RawLog = dict[str, Any]


class LogReader:
    """Asks for ever smaller stretches until the node answers, and remembers what it took."""

    def __init__(self, client: NetworkClient, scope: Scope) -> None:
        self._client, self._scope = client, scope
        self.blocks = MOST_BLOCKS
        self._well = 0

    def read(self, first: int, last: int) -> list[RawLog]:
        """Every log that moves a token to or from one of the wallets, once, in order."""
        found: dict[tuple[int, int], RawLog] = {}
        while first <= last:
            end = min(last, first + self.blocks - 1)
            answer = self._ask(first, end)
            if answer is not None:
                found |= {_place(log): log for log in answer if not log.get("removed")}
                first = end + 1
        return [found[place] for place in sorted(found)]

    def _ask(self, first: int, end: int) -> list[RawLog] | None:
        """The logs; None where the node wants fewer blocks at once."""
        answers = self._answers(first, end)
        refused = [one for one in answers if isinstance(one, Exception)]
        if not refused:
            self._went_well()
            return [log for answer in answers for log in answer]
        if end == first:
            raise refused[0]
        self.blocks, self._well = (end - first + 1) // 2, 0
        return None

    def _answers(self, first: int, end: int) -> list[Any]:
        requests = [
            request
            for some in batched(self._scope.addresses, ADDRESSES_AT_ONCE)
            for request in _questions(some, first, end, wrapping=bool(self._scope.wrapped))
        ]
        try:
            return [_checked(answer) for answer in self._client.read_many(requests)]
        except RpcUnavailable as error:
            # Too much to answer in time looks like this as well; one block never is.
            if end == first or " within " not in str(error):
                raise
            return [error]

    def _went_well(self) -> None:
        self._well += 1
        if self._well >= GROWS_AFTER:
            self.blocks, self._well = min(MOST_BLOCKS, self.blocks * 2), 0


def _questions(
    addresses: Sequence[ChecksumAddress], first: int, end: int, *, wrapping: bool
) -> Iterator[Request]:
    ours = ["0x" + "0" * 24 + address[2:].lower() for address in addresses]
    here = [TRANSFER.topic, *((DEPOSIT.topic, WITHDRAWAL.topic) if wrapping else ())]
    blocks = {"fromBlock": hex(first), "toBlock": hex(end)}
    yield "eth_getLogs", [{**blocks, "topics": [[f"0x{one.hex()}" for one in here], ours]}]
    yield "eth_getLogs", [{**blocks, "topics": [f"0x{TRANSFER.topic.hex()}", None, ours]}]


def _checked(answer: Any) -> Any:
    if isinstance(answer, RpcError | list):
        return answer
    raise RpcUnavailable("the node answered something that is no list of logs")


def _place(log: RawLog) -> tuple[int, int]:
    return int(log["blockNumber"], 16), int(log["logIndex"], 16)
