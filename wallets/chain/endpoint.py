"""One endpoint in use: asked in time, the chain behind it checked, its health noted."""

import time
from collections.abc import Sequence
from itertools import batched
from typing import Any

from eth_utils.crypto import keccak

from wallets.chain import rates, timings
from wallets.chain.deadlines import answer_within
from wallets.chain.errors import (
    ChainError,
    NotReached,
    RateLimited,
    RpcError,
    RpcUnavailable,
    WrongChain,
)
from wallets.chain.health import record_answer, record_error, record_head
from wallets.chain.rpc import FURTHER_SECONDS, MAX_BATCH, JsonRpc, Request
from wallets.chain.values import hex_int
from wallets.models import Network, RpcEndpoint

# The chain behind a URL is checked on connect, after every failure, and this often in between.
CHAIN_COUNTS_FOR = 60.0
# The thread has its own time-outs; this is for what they do not cover, such as a name server.
GRACE_SECONDS = 0.5
_CHAIN_ID: Request = ("eth_chainId", [])
_verified: dict[tuple[int, str, int], float] = {}


class Endpoint:
    """One row with its connection. What its threads run never touches the database."""

    def __init__(self, network: Network, row: RpcEndpoint) -> None:
        self.row = row
        self._network = network
        self._key = (row.pk, row.url, network.chain_id)

    def ask(self, requests: Sequence[Request], seconds: float) -> list[Any]:
        """The answers in order, refusals in their places; RpcUnavailable or WrongChain if none."""
        rates.count(self.row, self.calls(len(requests)))
        # Here and not in a thread of its own: it may write.
        timings.flush_when_due()
        started = time.monotonic()
        further = (len(requests) // MAX_BATCH) * FURTHER_SECONDS
        outcome = answer_within(
            lambda: self._results(requests, seconds), seconds + further + GRACE_SECONDS
        )
        if outcome is None:
            outcome = RpcUnavailable(f"{self.row.name} did not answer within {seconds:.1f} s")
        took = time.monotonic() - started
        timings.observe(self._network.slug, self.row.name, took)
        if isinstance(outcome, ChainError):
            self.note(outcome)
            raise outcome
        record_answer(self.row, int(took * 1000))
        record_head(self.row, requests, outcome)
        return outcome

    def calls(self, asked: int) -> int:
        """How many calls it takes to ask so much: one more while the chain is to be checked."""
        return asked + (0 if self._is_verified() else 1)

    def deliver(
        self, raws: Sequence[bytes], seconds: float, wait: float = 0.0
    ) -> list[ChainError | None]:
        """Give the endpoint signed bytes, each once; None in the place of what it took.

        For a thread of its own.
        """
        ends_at = time.monotonic() + seconds
        time.sleep(wait)
        try:
            rpc = JsonRpc(self.row.name, self.row.url)
            self._verify(rpc, ends_at - time.monotonic())
        except ChainError as error:
            told = isinstance(error, RateLimited | WrongChain)
            return [error if told else NotReached(str(error))] * len(raws)
        # A relay need not know batches: it gets one after the other.
        together = 1 if self.row.is_private else len(raws)
        outcomes: list[ChainError | None] = []
        for some in batched(raws, together):
            outcomes += self._give(rpc, some, ends_at - time.monotonic())
        return outcomes

    def _give(self, rpc: JsonRpc, raws: Sequence[bytes], seconds: float) -> list[ChainError | None]:
        requests: list[Request] = [("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw in raws]
        try:
            answers = rpc.batch(requests, seconds)
        except ChainError as error:
            return [error] * len(raws)
        return [self._outcome(raw, answer) for raw, answer in zip(raws, answers, strict=True)]

    def _outcome(self, raw: bytes, answer: Any) -> ChainError | None:
        if isinstance(answer, ChainError):
            return answer
        if str(answer).lower() != "0x" + keccak(raw).hex():
            return RpcUnavailable(f"{self.row.name} answered with another hash than the bytes have")
        return None

    def note(self, error: ChainError) -> None:
        """Remember what went wrong; the chain is checked anew next time."""
        if not isinstance(error, RpcError):
            timings.failed(self._network.slug, self.row.name, error)
            _verified.pop(self._key, None)
            record_error(self.row, error)

    def _results(self, requests: Sequence[Request], seconds: float) -> list[Any] | ChainError:
        try:
            results = self._checked(requests, seconds)
        except ChainError as error:
            return error
        unusable = [item for item in results if isinstance(item, RpcUnavailable)]
        return unusable[0] if unusable else results

    def _checked(self, requests: Sequence[Request], seconds: float) -> list[Any]:
        rpc = JsonRpc(self.row.name, self.row.url)
        if self._is_verified():
            return rpc.batch(requests, seconds)
        # In the same exchange: the check costs no request of its own.
        found, *results = rpc.batch([_CHAIN_ID, *requests], seconds)
        self._accept(rpc, found)
        return results

    def _verify(self, rpc: JsonRpc, seconds: float) -> None:
        if not self._is_verified():
            self._accept(rpc, rpc.call(*_CHAIN_ID, seconds))

    def _accept(self, rpc: JsonRpc, found: Any) -> None:
        require_chain_id(rpc.name, found, self._network)
        _verified[self._key] = time.monotonic() + CHAIN_COUNTS_FOR

    def _is_verified(self) -> bool:
        return time.monotonic() < _verified.get(self._key, 0.0)


def require_chain_id(name: str, found: Any, network: Network) -> None:
    """WrongChain unless the answer to eth_chainId is the network's own."""
    if isinstance(found, ChainError):
        raise RpcUnavailable(f"{name} does not tell its chain: {found}")
    chain_id = hex_int(found)
    if chain_id != network.chain_id:
        raise WrongChain(
            f"{name} is chain {chain_id}, not {network.chain_id} "
            f"({network.name}); correct or disable the endpoint"
        )
