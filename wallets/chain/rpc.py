"""A thin JSON-RPC client: one URL, single calls and batches, nothing retried, nothing guessed."""

import itertools
import json
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from wallets.chain.access import filled_in, reachable_url
from wallets.chain.answers import BatchTooLarge, read_error, refused_batch, retry_after
from wallets.chain.errors import ChainError, NotReached, RateLimited, RpcUnavailable
from wallets.chain.masking import mask_url, secrets_of

MAX_BATCH = 100
# For one exchange. A host that is there takes a connection at once.
EXCHANGE_SECONDS = 10.0
CONNECT_SECONDS = 2.0
# For each further exchange of a large batch, once the one before was answered.
FURTHER_SECONDS = 1.0
MAX_ANSWER_BYTES = 64 * 1024 * 1024
# A size learned from a refusal is kept for so long: it may have been the answers that were large.
SIZE_COUNTS_FOR = 600.0
_sizes: dict[str, tuple[int, float]] = {}

Request = tuple[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Response:
    """What came back over HTTP."""

    status: int
    retry_after: str
    content: bytes


class JsonRpc:
    """One endpoint. Safe to share between threads; holds no key and sends nothing twice."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._url = reachable_url(url)
        self._secrets = (*secrets_of(self._url), *filled_in(url))
        self._ids = itertools.count(1)

    def __repr__(self) -> str:
        return f"<JsonRpc {self.name}>"

    def call(self, method: str, params: list[Any], seconds: float = EXCHANGE_SECONDS) -> Any:
        """The result of one call; RpcError if the node refuses, RpcUnavailable otherwise."""
        result = self.batch([(method, params)], seconds)[0]
        if isinstance(result, ChainError):
            raise result
        return result

    def batch(self, requests: Sequence[Request], seconds: float = EXCHANGE_SECONDS) -> list[Any]:
        """Results in the order of `requests`; a refused one is an RpcError in its place.

        So is what went wrong after a part was answered: that part may be signed bytes.
        """
        results: list[Any] = []
        has_left = False
        ends_at = time.monotonic() + seconds
        while left := requests[len(results) :]:
            size = self._size()
            try:
                answered = self._post(left[:size], min(seconds, ends_at - time.monotonic()))
            except BatchTooLarge as error:
                if len(left[:size]) > 1:
                    _sizes[self._url] = (len(left[:size]) // 2, time.monotonic() + SIZE_COUNTS_FOR)
                    has_left = True
                    continue
                answered = self._rest(results, left, error)
            except NotReached as error:
                # They were sent before, in a batch that was called too large.
                told = RpcUnavailable(str(error)) if has_left else error
                answered = self._rest(results, left, told)
            except ChainError as error:
                answered = self._rest(results, left, error)
            results.extend(answered)
            ends_at += FURTHER_SECONDS
        return results

    @staticmethod
    def _rest(
        results: Sequence[Any], left: Sequence[Request], error: ChainError
    ) -> list[ChainError]:
        if not results:
            raise error
        return [error] * len(left)

    def _size(self) -> int:
        size, until = _sizes.get(self._url, (MAX_BATCH, 0.0))
        return size if time.monotonic() < until else MAX_BATCH

    def _post(self, requests: Sequence[Request], seconds: float) -> list[Any]:
        body: list[dict[str, Any]] = [
            {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
            for method, params in requests
        ]
        if len(body) == 1:
            # Some providers bill or refuse a batch of one.
            return [self._single(body[0]["id"], self._answer(body[0], seconds))]
        answers = self._answer(body, seconds)
        if not isinstance(answers, list):
            raise refused_batch(self.name, answers.get("error"), self._clean)
        told = [item for item in answers if isinstance(item, dict)]
        by_id = {item["id"]: item for item in told if isinstance(item.get("id"), int)}
        return [self._result(by_id.get(item["id"])) for item in body]

    def _answer(self, body: Any, seconds: float) -> Any:
        response = self._exchange(body, seconds)
        if response.status == 429:
            pause = retry_after(response.retry_after)
            raise RateLimited(f"{self.name} answered HTTP 429, too many requests", pause)
        if response.status == 413:
            raise BatchTooLarge(f"{self.name} answered HTTP 413, too large")
        answer = _parsed(response.content)
        # Some put the node's own refusal into an HTTP error; a broken server's words are no such.
        in_band = response.status == 200 or (
            response.status in (400, 422) and isinstance(answer, dict) and answer.get("error")
        )
        if not in_band:
            raise RpcUnavailable(f"{self.name} answered HTTP {response.status}")
        if not isinstance(answer, dict | list):
            raise RpcUnavailable(f"{self.name} answered something that is not JSON-RPC")
        return answer

    def _exchange(self, body: Any, seconds: float) -> Response:
        if seconds <= 0:
            raise NotReached(f"there was no time left to ask {self.name}")
        try:
            return _exchange(self._url, body, seconds)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            kind = type(error).__name__
            raise NotReached(f"{self.name} did not answer: {kind}") from None
        except httpx.TimeoutException:
            raise RpcUnavailable(f"{self.name} did not answer within {seconds:.1f} s") from None
        except httpx.HTTPError as error:
            raise RpcUnavailable(f"{self.name} did not answer: {type(error).__name__}") from None

    def _single(self, number: int, answer: Any) -> Any:
        item = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
        if isinstance(item, dict) and item.get("id") != number and not item.get("error"):
            return RpcUnavailable(f"{self.name} answered another question")
        return self._result(item)

    def _result(self, item: Any) -> Any:
        if not isinstance(item, dict):
            return RpcUnavailable(f"{self.name} left a call of a batch unanswered")
        if error := item.get("error"):
            return read_error(self.name, error, self._clean)
        if "result" not in item:
            return RpcUnavailable(f"{self.name} answered without a result")
        return item["result"]

    def _clean(self, text: str) -> str:
        """An endpoint's words without what is secret in its address: some echo the key.

        And without what no database or terminal keeps.
        """
        text = "".join(letter if letter.isprintable() else " " for letter in text)
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text


def _exchange(url: str, body: Any, seconds: float) -> Response:
    """Post and read the whole answer, in `seconds` even if it comes byte by byte."""
    ends_at = time.monotonic() + seconds
    timeout = httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
    content = bytearray()
    with _http(os.getpid()).stream("POST", url, json=body, timeout=timeout) as response:
        for chunk in response.iter_bytes():
            content += chunk
            if time.monotonic() > ends_at or len(content) > MAX_ANSWER_BYTES:
                raise httpx.ReadTimeout("the answer does not end")
        retry = response.headers.get("retry-after", "")
        return Response(response.status_code, retry, bytes(content))


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


@cache
def _http(_pid: int) -> httpx.Client:
    """One client for all threads of a process: a forked worker must not share sockets."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=40)
    # The proxy of the environment is not asked: RPC traffic goes where the operator wrote.
    return httpx.Client(limits=limits, trust_env=False)


class _MaskedUrls(logging.Filter):
    """httpx logs each address it asks, key and all."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                mask_url(str(value)) if isinstance(value, httpx.URL) else value
                for value in record.args
            )
        return True


logging.getLogger("httpx").addFilter(_MaskedUrls())

__all__ = ["JsonRpc", "Request"]
