"""An HTTP server that answers as a Web3Signer in eth1 mode does, and behaves badly when told."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.conf import settings
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_keys.constants import SECPK1_N
from eth_typing import Hash32
from eth_utils.crypto import keccak

from tests.chains import ETHER, Chain
from tests.wallets.rpc_servers import Raw
from wallets.models import Wallet
from wallets.services import create_remote_wallet, verify_wallet

PATH = "/api/v1/eth1/sign/"
Reply = Callable[[LocalAccount, bytes], Raw | None]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a signature."""

    identifier: str
    data: bytes
    headers: dict[str, str]


@dataclass(slots=True)
class SignerServer:
    """Keys by their public key. `reply` may answer instead; None from it hangs up."""

    url: str = ""
    keys: dict[str, LocalAccount] = field(default_factory=dict)
    reply: Reply = lambda account, data: Raw(signature(account, data).encode())
    asked: list[Asked] = field(default_factory=list)
    up: bool = True
    closing: threading.Event = field(default_factory=threading.Event)

    def new_key(self) -> tuple[str, LocalAccount]:
        """A key of the signer's own, by the name it gives it."""
        account: LocalAccount = Account.create()
        identifier = str(account._key_obj.public_key)
        self.keys[identifier] = account
        return identifier, account

    def answer(self, path: str, body: bytes, headers: dict[str, str]) -> Raw | None:
        """What a request for a signature gets."""
        identifier = path.removeprefix(PATH)
        try:
            data = bytes.fromhex(json.loads(body)["data"].removeprefix("0x"))
        except (ValueError, KeyError):
            return Raw(b"Bad Request", 400)
        self.asked.append(Asked(identifier, data, headers))
        account = self.keys.get(identifier)
        return Raw(b"Not Found", 404) if account is None else self.reply(account, data)

    def healed(self) -> None:
        """Sign as it should again."""
        self.up, self.reply = True, SignerServer().reply


def signature(account: LocalAccount, data: bytes) -> str:
    """r, s and v over keccak256(data), as the signer writes them."""
    signed = account.unsafe_sign_hash(Hash32(keccak(data)))
    return "0x" + bytes(signed.signature).hex()


def status(number: int, body: bytes = b"no") -> Reply:
    """Another HTTP status."""
    return lambda _account, _data: Raw(body, number)


def html(_account: LocalAccount, _data: bytes) -> Raw:
    """A page of a proxy, as a success."""
    return Raw(b"<html><h1>Welcome</h1></html>", headers={"Content-Type": "text/html"})


def hang_up(_account: LocalAccount, _data: bytes) -> None:
    """Die while the answer is awaited."""


def wrong_key(_account: LocalAccount, data: bytes) -> Raw:
    """A good signature of somebody else."""
    return Raw(signature(Account.create(), data).encode())


def other_data(account: LocalAccount, data: bytes) -> Raw:
    """A good signature over something else."""
    return Raw(signature(account, data + b"!").encode())


def high_s(account: LocalAccount, data: bytes) -> Raw:
    """The same signature in the form that nodes refuse, with a v that says nothing."""
    raw = bytes.fromhex(signature(account, data)[2:])
    s = SECPK1_N - int.from_bytes(raw[32:64], "big")
    return Raw(f"0x{raw[:32].hex()}{s:064x}00".encode())


def silent(server: SignerServer) -> Reply:
    """No answer until the test is over."""
    return lambda _account, _data: Raw(b"late") if server.closing.wait(30) else None


def drips(account: LocalAccount, data: bytes) -> Raw:
    """Byte by byte, and never in time."""
    return Raw(signature(account, data).encode(), headers={"X-Drip": "yes"})


@contextmanager
def serve_signer(tls: Any = None) -> Iterator[SignerServer]:
    """A signer of its own for the length of the block, as the settings' remote signer."""
    server = SignerServer()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    http.daemon_threads = True
    if tls is not None:
        http.socket = tls.wrap_socket(http.socket, server_side=True)
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{http.server_port}"
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    before = settings.WEB3SIGNER_URL
    settings.WEB3SIGNER_URL = lambda: server.url
    try:
        yield server
    finally:
        settings.WEB3SIGNER_URL = before
        server.closing.set()
        http.shutdown()
        http.server_close()


def make_remote_wallet(
    label: str, chain: Chain, server: SignerServer, *, ether: int = 10
) -> Wallet:
    """A verified wallet whose key is in the server."""
    identifier, account = server.new_key()
    wallet = create_remote_wallet(label=label, address=account.address, identifier=identifier)
    chain.fund(wallet.address, ether * ETHER)
    return verify_wallet(wallet=wallet)


def _write(http: BaseHTTPRequestHandler, raw: Raw, closing: threading.Event) -> None:
    http.send_response(raw.status)
    kind = {"Content-Type": "text/plain; charset=utf-8"}
    length = {"Content-Length": str(len(raw.body))}
    for name, value in {**kind, **length, **raw.headers}.items():
        http.send_header(name, value)
    http.end_headers()
    if "X-Drip" not in raw.headers:
        http.wfile.write(raw.body)
        return
    for byte in raw.body:
        http.wfile.write(bytes([byte]))
        if closing.wait(0.1):
            return


def _handler(server: SignerServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            _write(self, Raw(b"OK") if server.up else Raw(b"down", 503), server.closing)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            raw = server.answer(self.path, body, dict(self.headers.items()))
            if raw is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            _write(self, raw, server.closing)

        def log_message(self, *_args: object) -> None:
            """Nothing on standard error."""

    return Handler
