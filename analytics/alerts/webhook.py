"""Our own webhook: JSON over https, signed, to no address inside our own network.

`X-Airdrops-Signature` is `sha256=` and the HMAC-SHA256, in hex, of the timestamp in
`X-Airdrops-Timestamp` (seconds since 1970), a full stop, and the body. `X-Airdrops-Delivery` is
the same at every try, so that a receiver can leave out what it has had.
"""

import hashlib
import hmac
import ipaddress
import json
import socket
import ssl
import threading
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings

from analytics.alerts.channels import Channel
from analytics.alerts.messages import NotSent, Outgoing

SECONDS = 10.0


def send(channel: Channel, message: Outgoing, *, seconds: float = SECONDS) -> None:
    """POST it once, within so many seconds in all; a redirect is a refusal. NotSent."""
    parts = urlsplit(channel.url)
    host, secure = parts.hostname or "", parts.scheme.lower() == "hooks"
    port = parts.port or (443 if secure else 80)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    secret = query.pop("secret", "")
    target = (parts.path or "/") + (f"?{urlencode(query)}" if query else "")
    body = _body(message)
    headers = {
        "Host": parts.netloc.rpartition("@")[2],
        "Content-Type": "application/json",
        "User-Agent": "airdrops",
        "X-Airdrops-Delivery": message.delivery,
        **signed(secret, body, int(time.time())),
    }
    pinned = _Pinned(host, port, secure=secure, seconds=seconds)
    status = _post(pinned, target, body, headers)
    if not 200 <= status < 300:
        raise NotSent(f"http_{status}")


def signed(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The headers that show who has sent the body, and when."""
    content = f"{timestamp}.".encode() + body
    digest = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
    return {"X-Airdrops-Timestamp": str(timestamp), "X-Airdrops-Signature": f"sha256={digest}"}


def _body(message: Outgoing) -> bytes:
    facts = {
        "delivery": message.delivery,
        "kind": message.kind,
        "severity": message.severity,
        "title": message.title,
        "text": message.text,
        "rule": message.rule,
        "subject": message.subject,
        "alert": message.alert,
        "written_at": message.written_at.isoformat(),
    }
    return json.dumps(facts).encode()


def _post(connection: HTTPConnection, target: str, body: bytes, headers: dict[str, str]) -> int:
    try:
        connection.request("POST", target, body, headers)
        return connection.getresponse().status
    except TimeoutError:
        raise NotSent("timeout") from None
    except (OSError, HTTPException, ValueError) as error:
        raise NotSent(type(error).__name__) from None
    finally:
        connection.close()


class _Pinned(HTTPConnection):
    """Connects to the address that was looked at: a name may lead elsewhere a moment later."""

    def __init__(self, host: str, port: int, *, secure: bool, seconds: float) -> None:
        super().__init__(host, port, timeout=seconds)
        self._secure, self._seconds = secure, seconds
        self._end: tuple[threading.Timer, socket.socket] | None = None

    def connect(self) -> None:
        """To an allowed address of the host."""
        address = _address(self.host, self.port), self.port
        plain = socket.create_connection(address, self._seconds)
        # A time-out is for each byte: one that drips its answer would be listened to for ever.
        same = plain.dup()
        timer = threading.Timer(self._seconds, _hang_up, [same])
        timer.daemon = True
        self._end = timer, same
        timer.start()
        if not self._secure:
            self.sock = plain
            return
        context = ssl.create_default_context()
        self.sock = context.wrap_socket(plain, server_hostname=self.host)

    def close(self) -> None:
        """Nobody needs to hang up any more."""
        if self._end is not None:
            timer, same = self._end
            timer.cancel()
            same.close()
        super().close()


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _address(host: str, port: int) -> str:
    """The first address of the host, once all of them are allowed."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if not addresses or not all(map(_is_allowed, addresses)):
        raise NotSent("private_address")
    return addresses[0]


def _is_allowed(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None) or address
    if mapped.is_loopback:
        return settings.DEBUG or settings.CHAIN_ACCESS == "devnet"
    return bool(mapped.is_global and not mapped.is_multicast)
