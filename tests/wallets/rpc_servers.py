"""HTTP servers that stand before a real chain and behave badly when told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from typing import Any

import httpx

from wallets.models import Network, RpcEndpoint

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it goes over the wire."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class RpcServer:
    """Passes questions on to the chain. `reply` may answer instead, `tamper` change an answer.

    What is asked by the method `withheld` does not reach the chain: it is asked its id instead.
    """

    upstream: str
    url: str = ""
    reply: Callable[[Any], Raw | None] = lambda _body: None
    tamper: Callable[[Item, Item], Item | None] = lambda _asked, answer: answer
    withheld: str = ""
    bodies: list[Any] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def calls(self) -> list[str]:
        """The methods asked for, in order."""
        items = [body if isinstance(body, list) else [body] for body in self.bodies]
        return [item["method"] for batch in items for item in batch]

    def answer(self, body: Any) -> Raw:
        """What a request gets."""
        self.bodies.append(body)
        return self.reply(body) or self._passed_on(body)

    def _passed_on(self, body: Any) -> Raw:
        forwarded = self._kept_back(body)
        found = httpx.post(self.upstream, json=forwarded, trust_env=False, timeout=20).json()
        if isinstance(body, dict):
            return Raw(json.dumps(self.tamper(body, found)).encode())
        pairs = zip(body, found, strict=True)
        kept = [item for asked, answer in pairs if (item := self.tamper(asked, answer))]
        return Raw(json.dumps(kept).encode())

    def _kept_back(self, body: Any) -> Any:
        if isinstance(body, list):
            return [self._kept_back(item) for item in body]
        instead = {**body, "method": "eth_chainId", "params": []}
        return instead if body["method"] == self.withheld else body

    def hang(self, _body: Any) -> Raw:
        """Say nothing until the test is over."""
        self.closing.wait(30)
        return Raw(b"")


@contextmanager
def serve(upstream: str) -> Iterator[RpcServer]:
    """A server of its own, for the length of the block."""
    server = RpcServer(upstream)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_port}"
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.closing.set()
        http.shutdown()
        http.server_close()


def _handler(server: RpcServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            raw = server.answer(json.loads(self.rfile.read(length)))
            if "X-Hang-Up" in raw.headers:
                self.close_connection = True
                self.connection.shutdown(SHUT_RDWR)
                return
            self.send_response(raw.status)
            for name, value in {"Content-Length": str(len(raw.body)), **raw.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self._drip(raw.body) if "X-Drip" in raw.headers else self.wfile.write(raw.body)

        def _drip(self, body: bytes) -> None:
            for byte in body:
                self.wfile.write(bytes([byte]))
                if server.closing.wait(0.2):
                    return

        def log_message(self, *_args: object) -> None:
            """Nothing on standard error."""

    return Handler


def add_endpoint(network: Network, name: str, url: str, **fields: Any) -> RpcEndpoint:
    """One more way to the network."""
    return RpcEndpoint.objects.create(network=network, name=name, url=url, **fields)


def prefer(network: Network, server: RpcServer, **fields: Any) -> RpcEndpoint:
    """Put the server before the network's own anvil."""
    return add_endpoint(network, "bad", server.url, **{"weight": 200, **fields})


def refusal(message: str, code: int = -32000) -> Callable[[Any], Raw]:
    """A reply that refuses the first question of each request with these words."""

    def reply(body: Any) -> Raw:
        number = body[0]["id"] if isinstance(body, list) else body["id"]
        error = {"code": code, "message": message}
        return Raw(json.dumps({"jsonrpc": "2.0", "id": number, "error": error}).encode())

    return reply


def refusing(method: str, message: str, code: int = -32000) -> Callable[[Item, Item], Item]:
    """A tampering that refuses one method with these words."""

    def tamper(asked: Item, answer: Item) -> Item:
        error = {"code": code, "message": message}
        return {"id": asked["id"], "error": error} if asked["method"] == method else answer

    return tamper


def answering(method: str, result: Any) -> Callable[[Item, Item], Item]:
    """A tampering that gives one method another result."""

    def tamper(asked: Item, answer: Item) -> Item:
        return {"id": asked["id"], "result": result} if asked["method"] == method else answer

    return tamper


def hang_up(_body: Any) -> Raw:
    """The end of the connection instead of an answer."""
    return Raw(b"", headers={"X-Hang-Up": "yes"})


def html(_body: Any) -> Raw:
    """A page of a proxy."""
    return Raw(b"<html><h1>502 Bad Gateway</h1></html>", headers={"Content-Type": "text/html"})


def too_many(retry_after: str) -> Callable[[Any], Raw]:
    """HTTP 429 with a Retry-After."""
    return lambda _body: Raw(b"slow down", 429, {"Retry-After": retry_after})
