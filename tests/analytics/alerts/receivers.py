"""Real receivers on this machine: HTTP for webhooks, SMTP for mail."""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


@dataclass
class Receiver:
    """Answers what it is told to, in turn, then 200; keeps what came."""

    port: int = 0
    # Takes what comes and does not answer, until it is told otherwise.
    hangs: bool = False
    answers: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def start(cls) -> Iterator[Self]:
        """One on a free port."""
        receiver = cls()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                receiver.bodies.append(self.rfile.read(length))
                receiver.headers.append(dict(self.headers))
                receiver.paths.append(self.path)
                while receiver.hangs:
                    time.sleep(0.05)
                status = receiver.answers.pop(0) if receiver.answers else 200
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_args: object) -> None: ...

        with _running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
            receiver.port = port
            yield receiver


@dataclass
class Mailbox:
    """Takes every mail."""

    port: int = 0
    mails: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def start(cls) -> Iterator[Self]:
        """One on a free port."""
        mailbox = cls()

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 here\r\n")
                while line := self.rfile.readline():
                    verb = line[:4].upper().strip()
                    if verb == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        mailbox.mails.append("".join(self._lines()))
                    self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
                    if verb == b"QUIT":
                        return

            def _lines(self) -> Iterator[str]:
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    yield line.decode()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        with _running(Server(("127.0.0.1", 0), Handler)) as port:
            mailbox.port = port
            yield mailbox


@contextmanager
def _running(server: socketserver.TCPServer) -> Iterator[int]:
    # Asked often whether it is to end: the tests do not wait half a second for that.
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()
    thread.join()
