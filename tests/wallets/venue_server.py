"""An exchange of the tests: an HTTP server that executes orders and counts them by client id."""

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from eth_account import Account
from eth_account.messages import encode_typed_data

from tests.wallets.rpc_servers import Raw
from wallets.models import SignedRequest
from wallets.requests.venues import VenueAnswer, VenueUnknown
from wallets.signers.interface import TypedMessage
from wallets.transactions.guards import ALLOWED, Answer, Verdict

PROTOCOL = "exchange"
Order = dict[str, Any]
# What the server does with an order; None hangs up.
Reply = Callable[["VenueServer", Order], Raw | None]


def order_message(client_id: str, size: str, nonce: int) -> TypedMessage:
    """What a wallet signs for an order."""
    return {
        "types": {
            "EIP712Domain": [{"name": "name", "type": "string"}],
            "Order": [
                {"name": "client", "type": "string"},
                {"name": "size", "type": "string"},
                {"name": "nonce", "type": "uint64"},
            ],
        },
        "primaryType": "Order",
        "domain": {"name": PROTOCOL},
        "message": {"client": client_id, "size": size, "nonce": nonce},
    }


class OrderKind:
    """An order of at most 100."""

    def __init__(self, *, frees: bool = False) -> None:
        self.frees = frees

    def typed_message(self, request: SignedRequest) -> TypedMessage:
        """From the row alone."""
        size = request.payload["size"]
        return order_message(request.client_id, size, request.request_nonce or 0)

    def judge(self, request: SignedRequest) -> Verdict:
        """Nothing large."""
        if int(request.payload["size"]) > 100:
            return Verdict(Answer.REFUSE, "orders are of 100 at most")
        return ALLOWED


@dataclass(slots=True)
class VenueServer:
    """Executes an order if its signature is the wallet's; `reply` may do something else."""

    url: str = ""
    refuses_doubles: bool = True
    knows_orders: bool = True
    executions: Counter[str] = field(default_factory=Counter)
    received: list[Order] = field(default_factory=list)
    reply: Reply = lambda server, order: do(server, order)
    on_find: Callable[[str], Raw | None] = lambda _client_id: None
    closing: threading.Event = field(default_factory=threading.Event)

    def execute(self, order: Order) -> Raw:
        """As an exchange does."""
        typed = encode_typed_data(
            full_message=dict(order_message(order["client_id"], order["size"], order["nonce"]))
        )
        signer = Account.recover_message(typed, signature=order["signature"])
        if signer != order["wallet"]:
            return _json({"status": "refused", "reason": f"{signer} may not trade"})
        if self.refuses_doubles and self.executions[order["client_id"]]:
            return _json({"status": "refused", "reason": "duplicate client id"})
        self.executions[order["client_id"]] += 1
        return _json({"status": "done"})

    def find(self, client_id: str) -> Raw:
        """What it knows of a client id."""
        if raw := self.on_find(client_id):
            return raw
        known = self.knows_orders and self.executions[client_id]
        return _json({"status": "done" if known else "unknown"})


class HttpVenue:
    """The server as the pipeline sees it."""

    def __init__(self, server: VenueServer) -> None:
        self._server = server

    @property
    def refuses_doubles(self) -> bool:
        """As the server does."""
        return self._server.refuses_doubles

    def send(self, request: SignedRequest) -> VenueAnswer:
        """The order with its stored signature."""
        order = {
            "client_id": request.client_id,
            "size": request.payload["size"],
            "nonce": request.request_nonce,
            "wallet": request.wallet.address,
            "signature": "0x" + bytes(request.signature or b"").hex(),
        }
        answer = self._ask("POST", "/orders", order)
        if answer is None:
            raise VenueUnknown("it answered that it knows nothing")
        return answer

    def find(self, request: SignedRequest) -> VenueAnswer | None:
        """By client id."""
        return self._ask("GET", f"/orders/{request.client_id}", None)

    def _ask(self, method: str, path: str, body: Any) -> VenueAnswer | None:
        url = self._server.url + path
        try:
            answer = httpx.request(method, url, json=body, timeout=1, trust_env=False)
            status = answer.json()["status"]
        except (httpx.HTTPError, ValueError) as error:
            raise VenueUnknown(type(error).__name__) from error
        if answer.status_code >= 500:
            raise VenueUnknown(f"HTTP {answer.status_code}")
        if status == "unknown":
            return None
        return VenueAnswer(status == "done", answer.json(), answer.json().get("reason", ""))


def do(server: VenueServer, order: Order) -> Raw:
    """As it should be."""
    return server.execute(order)


def after_executing(reply: Reply) -> Reply:
    """The order is done and its answer is lost on the way."""

    def lose(server: VenueServer, order: Order) -> Raw | None:
        server.execute(order)
        return reply(server, order)

    return lose


def hang_up(_server: VenueServer, _order: Order) -> None:
    """The connection breaks."""


def hang(server: VenueServer, _order: Order) -> Raw | None:
    """No answer in time."""
    server.closing.wait(3)
    return None


def page(_server: VenueServer, _order: Order) -> Raw:
    """A proxy's page as a success."""
    return Raw(b"<html>welcome</html>")


def broken(_server: VenueServer, _order: Order) -> Raw:
    """HTTP 500 with JSON that looks like an answer."""
    return Raw(b'{"status": "refused"}', 500)


def once(first: Reply) -> Reply:
    """Only the first order gets this; later ones are done as they should be."""
    left = [first]
    return lambda server, order: left.pop()(server, order) if left else server.execute(order)


@contextmanager
def serve_venue() -> Iterator[VenueServer]:
    """A server of its own, for the length of the block."""
    server = VenueServer()
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


def _json(value: Any) -> Raw:
    return Raw(json.dumps(value).encode())


def _handler(server: VenueServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._write(server.find(self.path.rpartition("/")[2]))

        def do_POST(self) -> None:
            order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.received.append(order)
            raw = server.reply(server, order)
            if raw is None:
                self.connection.shutdown(socket.SHUT_RDWR)
            else:
                self._write(raw)

        def _write(self, raw: Raw) -> None:
            self.send_response(raw.status)
            self.send_header("Content-Length", str(len(raw.body)))
            self.end_headers()
            self.wfile.write(raw.body)

        def log_message(self, *_args: object) -> None:
            """Nothing on standard error."""

    return Handler
