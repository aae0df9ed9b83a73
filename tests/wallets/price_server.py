"""A server that answers `/prices/current/…` as DefiLlama's does."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True)
class PriceServer:
    """Knows some coins, by the name they are asked by. `raw` is said instead, if set."""

    url: str = ""
    coins: dict[str, Any] = field(default_factory=dict)
    raw: tuple[int, str] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, str]:
        """Status and body."""
        names = path.rpartition("/")[2].split(",")
        self.asked.append(names)
        if self.raw is not None:
            return self.raw
        known = {name: self.coins[name] for name in names if name in self.coins}
        # Numbers go out as they stand in the text, digit for digit.
        return 200, json.dumps({"coins": known}, default=str)


@contextmanager
def serve_prices() -> Iterator[PriceServer]:
    """A server of its own, for the length of the block."""
    server = PriceServer()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_port}"
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()


def _handler(server: PriceServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = server.answer(self.path)
            self.send_response(status)
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_args: object) -> None:
            """Nothing on standard error."""

    return Handler
