"""One network as the pipeline and the adapters see it: typed questions, failover, broadcast."""

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone
from eth_typing import ChecksumAddress

from wallets.chain import rates
from wallets.chain.access import require_allowed
from wallets.chain.agreement import agreed
from wallets.chain.breaker import claim_trial, is_closed, is_half_open, is_resting
from wallets.chain.deadlines import Deadline
from wallets.chain.endpoint import Endpoint
from wallets.chain.errors import ChainError, RpcError, RpcUnavailable, SendAnswer, WrongChain
from wallets.chain.order import in_order, lagging
from wallets.chain.rpc import Request
from wallets.chain.sending import Reply, Sent, send_to_all
from wallets.chain.values import Block, hex_bytes, hex_int, parse_block
from wallets.models import Network, RpcEndpoint

# A pool that hangs holds a worker no longer than this in all.
READ_SECONDS = 10.0
LEAST_SHARE = 3.0
TRIAL_SECONDS = 2.0
# An endpoint at its own rate limit is waited for so long before the next one is asked.
BRIEF_WAIT = 0.25


class NetworkClient:
    """Asks a network's endpoints in order of preference. One per unit of work."""

    def __init__(self, network: Network, endpoints: Sequence[RpcEndpoint] | None = None) -> None:
        require_allowed(network)
        self.network = network
        rows = endpoints if endpoints is not None else _enabled(network)
        self._endpoints = [Endpoint(network, row) for row in rows]

    def read(self, method: str, params: list[Any]) -> Any:
        """One call's result from the first endpoint that answers."""
        return _only(self.read_many([(method, params)]))

    def read_many(self, requests: Sequence[Request]) -> list[Any]:
        """A batch from the first endpoint that answers; refusals stay in their places."""
        return self._ask(requests, wanted=1)[0] if requests else []

    def agree(self, requests: Sequence[Request], *, strict: bool = False) -> list[Any]:
        """As `read_many`, from two endpoints; where they differ a Disagreement is in its place.

        Two, where at least two read endpoints are neither left alone by their breaker nor clearly
        behind: if then only one answers, RpcUnavailable. `strict`, for what is not undone again:
        two wherever two are enabled, however they fare. `agreed` says what counts as the same.
        """
        if not requests:
            return []
        wanted = min(2, max(1, len(self._readers()) if strict else self._healthy()))
        if strict and len(self._closed()) < wanted == 2:
            raise RpcUnavailable(self._one_of_two())
        first, *others = self._ask(requests, wanted=wanted)
        if not others:
            return first
        return [agreed(*asked) for asked in zip(requests, first, others[0], strict=True)]

    @property
    def can_agree(self) -> bool:
        """Whether two endpoints are there to be asked the same."""
        return len(self._readers()) > 1

    def send_raw(self, raw: bytes, *, private_only: bool = False) -> Sent:
        """As `send_all_raw`, of one."""
        return self.send_all_raw([raw], private_only=private_only)[0]

    def send_all_raw(self, raws: Sequence[bytes], *, private_only: bool = False) -> list[Sent]:
        """Give the bytes to every send endpoint; one success is success, silence is ambiguous.

        Private endpoints get them only when asked for, or when the network has no other.
        """
        chosen = self._audience(private_only=private_only)
        if not chosen:
            nobody = Sent(SendAnswer.NOT_SENT, self._no_audience(private_only=private_only))
            return [nobody] * len(raws)
        return send_to_all(chosen, raws)

    def require_audience(self, *, private_only: bool) -> None:
        """RpcUnavailable where private bytes would have nobody to go to: they would only lie."""
        if private_only and not self._audience(private_only=True):
            raise RpcUnavailable(self._no_audience(private_only=True))

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

    def _ask(self, requests: Sequence[Request], *, wanted: int) -> list[list[Any]]:
        """The answers of the first `wanted` endpoints that give usable ones."""
        deadline = Deadline(READ_SECONDS)
        answers: list[list[Any]] = []
        reasons: list[str] = []
        for endpoint, left in self._turns(deadline, reasons):
            try:
                answers.append(endpoint.ask(requests, _share(endpoint, deadline, left)))
            except (RpcUnavailable, WrongChain) as error:
                reasons.append(str(error))
            if len(answers) == wanted:
                return answers
            if deadline.left == 0:
                break
        if answers:
            reasons.insert(0, "only one of two endpoints answered")
        raise RpcUnavailable("; ".join(reasons) or f"{self.network.name} has no read endpoint")

    def _turns(self, deadline: Deadline, reasons: list[str]) -> Iterator[tuple[Endpoint, int]]:
        """Endpoints as they are to be asked, each with how many are left, itself included."""
        turns = self._closed() or self._first_to_close(deadline, reasons)
        busy = [endpoint for endpoint in turns if rates.wait_for(endpoint.row) > BRIEF_WAIT]
        ready = [endpoint for endpoint in turns if endpoint not in busy]
        for left, endpoint in zip(range(len(turns), 0, -1), [*ready, *busy], strict=True):
            wait = rates.wait_for(endpoint.row)
            if wait >= deadline.left:
                limit = endpoint.row.requests_per_second
                reasons.append(f"{endpoint.row.name} is at its limit of {limit} calls per second")
                continue
            if wait:
                time.sleep(wait)
            if not is_half_open(endpoint.row, timezone.now()) or claim_trial(endpoint.row):
                yield endpoint, left

    def _closed(self) -> list[Endpoint]:
        now = timezone.now()
        return [one for one in self._readers() if is_closed(one.row, now)]

    def _first_to_close(self, deadline: Deadline, reasons: list[str]) -> list[Endpoint]:
        """All are left alone: the one whose pause ends first is tried none the less."""
        now = timezone.now()
        by_end = sorted(self._readers(), key=lambda one: one.row.open_until or now)
        reasons += [f"{one.row.name} is left alone: {one.row.last_error}" for one in by_end]
        failing = [one for one in by_end if not is_resting(one.row, now)]
        if failing or not by_end:
            return failing[:1]
        # All of them asked for a pause: that is kept, and waited for if it ends in time.
        pause = (by_end[0].row.open_until or now) - now
        if pause >= timedelta(seconds=deadline.left):
            return []
        time.sleep(pause.total_seconds())
        return by_end[:1]

    def _one_of_two(self) -> str:
        now = timezone.now()
        left = [one.row for one in self._readers() if not is_closed(one.row, now)]
        reasons = "; ".join(f"{row.name} is left alone: {row.last_error}" for row in left)
        return f"{self.network.name} waits for the second of two endpoints: {reasons}"

    def _audience(self, *, private_only: bool) -> list[Endpoint]:
        senders = [endpoint for endpoint in self._endpoints if endpoint.row.can_send]
        private = [endpoint for endpoint in senders if endpoint.row.is_private]
        public = [endpoint for endpoint in senders if not endpoint.row.is_private]
        return private if private_only else public or private

    def _no_audience(self, *, private_only: bool) -> str:
        kind = "private send endpoint" if private_only else "send endpoint"
        return f"{self.network.name} has no {kind}; add one"

    def _readers(self) -> list[Endpoint]:
        now = timezone.now()
        by_pk = {one.row.pk: one for one in self._endpoints if one.row.can_read}
        rows = [one.row for one in by_pk.values()]
        return [by_pk[row.pk] for row in in_order(rows, now, self.network.block_seconds)]

    def _healthy(self) -> int:
        now = timezone.now()
        rows = [endpoint.row for endpoint in self._closed()]
        return len(rows) - len(lagging(rows, now, self.network.block_seconds))


def _share(endpoint: Endpoint, deadline: Deadline, left: int) -> float:
    """The time an endpoint gets: its share of what is left, more if that is too little."""
    if endpoint.row.consecutive_errors and endpoint.row.open_until:
        return min(TRIAL_SECONDS, deadline.left)
    return min(max(LEAST_SHARE, deadline.left / left), deadline.left)


def _only(results: list[Any]) -> Any:
    if isinstance(results[0], ChainError):
        raise results[0]
    return results[0]


def _enabled(network: Network) -> list[RpcEndpoint]:
    return list(network.endpoints.filter(enabled=True))


def _tag(tag: str | int) -> str:
    return hex(tag) if isinstance(tag, int) else tag


__all__ = [
    "Block",
    "ChainError",
    "NetworkClient",
    "Reply",
    "RpcError",
    "RpcUnavailable",
    "Sent",
    "hex_bytes",
    "hex_int",
    "parse_block",
]
