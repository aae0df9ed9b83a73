"""A thin JSON-RPC client: one URL, single calls and batches, nothing retried, nothing guessed."""

import ipaddress
import itertools
import os
import re
import threading
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from wallets.chain.errors import ChainError, RpcError, RpcUnavailable

MAX_BATCH = 100
TIMEOUT = httpx.Timeout(10.0, connect=3.0)
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_local = threading.local()

Request = tuple[str, list[Any]]


class JsonRpc:
    """One endpoint. Safe to share between threads; holds no key and sends nothing twice."""

    def __init__(self, name: str, url: str, http: Callable[[], httpx.Client] | None = None) -> None:
        self.name = name
        self._http = http or _http
        self._url = reachable_url(url)
        self._ids = itertools.count(1)

    def __repr__(self) -> str:
        return f"<JsonRpc {self.name}>"

    def call(self, method: str, params: list[Any]) -> Any:
        """The result of one call; RpcError if the node refuses, RpcUnavailable otherwise."""
        result = self.batch([(method, params)])[0]
        if isinstance(result, ChainError):
            raise result
        return result

    def batch(self, requests: Sequence[Request]) -> list[Any]:
        """Results in the order of `requests`; a refused one is an RpcError in its place."""
        results: list[Any] = []
        for start in range(0, len(requests), MAX_BATCH):
            results.extend(self._post(requests[start : start + MAX_BATCH]))
        return results

    def _post(self, requests: Sequence[Request]) -> list[Any]:
        body = [
            {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
            for method, params in requests
        ]
        # Some providers bill or refuse a batch of one.
        answer = self._send(body if len(body) > 1 else body[0])
        answers = answer if isinstance(answer, list) else [answer]
        by_id = {item.get("id"): item for item in answers if isinstance(item, dict)}
        return [self._result(by_id.get(item["id"], answers[0])) for item in body]

    def _send(self, body: Any) -> Any:
        try:
            response = self._http().post(self._url, json=body)
            response.raise_for_status()
            return response.json()
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            raise RpcUnavailable(f"{self.name} answered HTTP {status}") from None
        except httpx.HTTPError as error:
            raise RpcUnavailable(f"{self.name} did not answer: {type(error).__name__}") from None
        except ValueError:
            raise RpcUnavailable(f"{self.name} answered something that is not JSON") from None

    def _result(self, item: Any) -> Any:
        if not isinstance(item, dict):
            return RpcUnavailable(f"{self.name} left a call of a batch unanswered")
        if error := item.get("error"):
            return _rpc_error(error)
        if "result" not in item:
            return RpcUnavailable(f"{self.name} answered without a result")
        return item["result"]


def _rpc_error(error: Any) -> RpcError:
    if not isinstance(error, dict):
        return RpcError(0, str(error))
    return RpcError(int(error.get("code") or 0), str(error.get("message")), error.get("data"))


def _http() -> httpx.Client:
    """One connection pool per thread and process: a forked worker must not share sockets."""
    if getattr(_local, "pid", None) != os.getpid():
        # The proxy of the environment is not asked: RPC traffic goes where the operator wrote.
        _local.client = httpx.Client(timeout=TIMEOUT, trust_env=False)
        _local.pid = os.getpid()
    client: httpx.Client = _local.client
    return client


def reachable_url(url: str) -> str:
    """The URL with `${NAME}` filled in; ChainError where this installation may not go."""
    filled = _VARIABLE.sub(_variable, url)
    parts = urlsplit(filled)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ChainError("the RPC URL is not an http(s) address; correct it on the endpoint")
    if settings.CHAIN_ACCESS == "devnet" and not _is_loopback(parts.hostname):
        raise ChainError(
            f"{parts.hostname} is not on this machine, and AIRDROPS_CHAIN_ACCESS=devnet allows "
            "nothing else; set it to testnet or mainnet to go further"
        )
    return filled


def _variable(match: re.Match[str]) -> str:
    value = os.environ.get(match[1], "")
    if not value:
        raise ChainError(f"the RPC URL needs {match[1]}, which is not in the environment")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def mask_url(url: str) -> str:
    """The URL without user, password, path and query: fit for pages and logs."""
    parts = urlsplit(url)
    host = parts.hostname or "?"
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}" + ("/…" if parts.path.strip("/") else "")
