"""A real HTTP proxy in front of a node that lies, loses, refuses and hangs up, by a seeded plan."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from airdrops_site.devnet.ports import free_port
from tests.faults.draws import Dice

SEND = "eth_sendRawTransaction"
COUNT = "eth_getTransactionCount"
RECEIPT = "eth_getTransactionReceipt"
Answer = list[dict[str, Any]]


# fault -> the method it needs in the request ("" for any)
FAULTS = {
    "silent": "",  # never reaches the node
    "answer_lost": "",  # reaches the node; the connection ends before the answer
    "rate_limited": "",  # for no time at all
    "rate_limited_long": "",  # says nothing of a time: clients rest as long as they think fit
    "html": "",
    "wrong_chain": "eth_chainId",
    "stale_count": COUNT,
    "empty_receipt": RECEIPT,
    "accepted_then_silent": SEND,
    "accepted_then_dropped": SEND,
    "already_known": SEND,  # taken, and answered with an error
    "underpriced": SEND,  # not taken
    "half_unanswered": SEND,  # all are taken, the answer leaves out every second
    "half_taken": SEND,  # the second half never reaches the node, and is refused
}
_WITHOUT_NODE = {"silent", "rate_limited", "rate_limited_long", "html"}
_WITHOUT_ANSWER = {"answer_lost", "accepted_then_silent"}


@dataclass(slots=True)
class Plan:
    """How often which fault comes; every request draws once."""

    dice: Dice
    chance: float = 0.0
    faults: tuple[str, ...] = tuple(FAULTS)
    injected: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def draw(self, methods: set[str]) -> str:
        """The fault of a request that calls these methods; empty for none."""
        random = self.dice.throw()
        if random.random() >= self.chance:
            return ""
        # What only some requests can suffer would be rare beside what all can.
        fitting = [name for name in self.faults if FAULTS[name] in methods] * 3
        fitting += [name for name in self.faults if not FAULTS[name]]
        fault = random.choice(fitting) if fitting else ""
        with self.lock:
            self.injected.update([fault] if fault else [])
        return fault


@contextmanager
def faulty_proxy(target: str, plan: Plan) -> Iterator[str]:
    """The URL of a proxy in front of `target`."""
    server = ThreadingHTTPServer(("127.0.0.1", free_port()), _handler(target, plan))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _handler(target: str, plan: Plan) -> type[BaseHTTPRequestHandler]:
    upstream = httpx.Client(timeout=30, trust_env=False, verify=False)

    def ask(calls: list[dict[str, Any]]) -> Answer:
        found = upstream.post(target, json=calls).json()
        return found if isinstance(found, list) else [found]

    class Asked(Faulty):
        def answer(self, asked: Any) -> None:
            calls = asked if isinstance(asked, list) else [asked]
            fault = plan.draw({call["method"] for call in calls})
            if fault in _WITHOUT_NODE:
                return self.refuse(fault)
            answers = _distort(fault, calls, ask)
            if fault in _WITHOUT_ANSWER:
                return self.hang_up()
            value = answers if isinstance(asked, list) else answers[0]
            return self.say(200, json.dumps(value).encode())

    return Asked


class Faulty(BaseHTTPRequestHandler):
    """An HTTP server that may answer anything, or nothing."""

    protocol_version = "HTTP/1.1"
    # Head and body are two packets: Nagle's algorithm would hold the second back for 40 ms.
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """One request."""
        self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def answer(self, asked: Any) -> None:
        """Say something."""
        raise NotImplementedError

    def refuse(self, fault: str) -> None:
        """Without the node ever hearing of it."""
        if fault == "silent":
            return self.hang_up()
        if fault == "html":
            return self.say(200, b"<html>Bad gateway</html>")
        headers = {"Retry-After": "0"} if fault == "rate_limited" else {}
        return self.say(429, b"slow down", headers)

    def hang_up(self) -> None:
        """The connection ends without an answer."""
        self.close_connection = True
        self.connection.close()

    def say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """A whole answer."""
        self.send_response(status)
        usual = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        for name, value in {**usual, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


def _distort(
    fault: str, calls: list[dict[str, Any]], ask: Callable[[list[dict[str, Any]]], Answer]
) -> Answer:
    if fault == "underpriced":
        return [_refused(call, "replacement transaction underpriced") for call in calls]
    if fault == "half_taken":
        half = len(calls) // 2
        refused = [_refused(call, "too many requests") for call in calls[half:]]
        return (ask(calls[:half]) if half else []) + refused
    answers = ask(calls)
    if fault == "half_unanswered":
        return answers[::2] if len(answers) > 1 else answers
    if fault == "accepted_then_dropped":
        for answer in answers:
            if isinstance(answer.get("result"), str):
                drop = {"jsonrpc": "2.0", "id": 0, "method": "anvil_dropTransaction"}
                ask([{**drop, "params": [answer["result"]]}])
    if fault == "already_known":
        return [_refused(call, "already known") for call in calls]
    by_id = {call["id"]: call["method"] for call in calls}
    return [_lie(fault, by_id.get(answer.get("id"), ""), answer) for answer in answers]


def _lie(fault: str, method: str, answer: dict[str, Any]) -> dict[str, Any]:
    if fault == "wrong_chain" and method == "eth_chainId":
        return {**answer, "result": "0x1"}
    if fault == "empty_receipt" and method == RECEIPT:
        return {**answer, "result": None}
    if fault == "stale_count" and method == COUNT:
        return {**answer, "result": hex(max(0, int(answer["result"], 16) - 1))}
    return answer


def _refused(call: dict[str, Any], text: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32000, "message": text}}
