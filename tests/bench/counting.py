"""An HTTP proxy in front of a node that counts requests and the JSON-RPC calls inside them."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from airdrops_site.devnet.ports import free_port


@dataclass(slots=True)
class Counts:
    """HTTP requests, and JSON-RPC calls by method."""

    requests: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, body: bytes) -> None:
        """One request."""
        asked = json.loads(body)
        calls = asked if isinstance(asked, list) else [asked]
        with self.lock:
            self.requests += 1
            self.calls.update(call["method"] for call in calls)


@contextmanager
def counting_proxy(target: str) -> Iterator[tuple[str, Counts]]:
    """The proxy's URL, and what went through it so far."""
    counts = Counts()
    upstream = httpx.Client(timeout=30, trust_env=False)

    class Forward(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            counts.note(body)
            answer = upstream.post(
                target, content=body, headers={"Content-Type": "application/json"}
            ).content
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Forward)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", counts
    finally:
        server.shutdown()
        upstream.close()
