"""What in an address may be a key, and addresses without it."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlsplit

# Shorter pieces of a path are words (`v3`, `rpc`), and too short to be a key.
_SEGMENT_LENGTH = 8
_SHORTEST_SECRET = 4
# What is hidden wherever it turns up must be long enough to be nothing else.
_SHORTEST_HIDDEN = 8
# Providers that name a host after the customer's endpoint: its first label is nobody's business.
_PERSONAL = (".quiknode.pro", ".p2pify.com")
_HEX = re.compile(r"[0-9a-f]+", re.IGNORECASE)
_hidden: set[str] = set()


def mask_url(url: str) -> str:
    """The URL without user, password, path, query and keys in its host: fit for pages and logs."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        # `https://user:pass/word@host`: what is what cannot be told, so nothing is shown.
        return "(an address that cannot be read)"
    host = mask_host(parts.hostname or "?")
    return f"{parts.scheme}://{host}{port}" + ("/…" if parts.path.strip("/") else "")


def mask_host(host: str) -> str:
    """The host with an ellipsis for every label that may be a key."""
    secret = _secret_labels(host)
    return ".".join("…" if label in secret else label for label in host.split("."))


def secrets_of(url: str) -> tuple[str, ...]:
    """The parts of a filled-in URL that may be credentials, the longest first."""
    parts = urlsplit(url)
    userinfo = parts.netloc.rpartition("@")[0]
    segments = [part for part in parts.path.split("/") if len(part) >= _SEGMENT_LENGTH]
    values = [value for _, value in parse_qsl(parts.query)]
    found = {url, userinfo, *userinfo.split(":"), *segments, parts.query, *values}
    found |= {unquote(piece) for piece in found}
    # As it was written: `hostname` is in small letters.
    host = parts.netloc.rpartition("@")[2]
    found |= _secret_labels(host) | _secret_labels(host.lower())
    kept = {piece for piece in found if len(piece) >= _SHORTEST_SECRET}
    return tuple(sorted(kept, key=len, reverse=True))


def looks_secret(text: str) -> bool:
    """Whether a piece of an address is a key rather than words: long, or letters and digits."""
    pieces = re.split(r"[-_.]", text)
    whole = "".join(pieces)
    digits = sum(letter.isdigit() for letter in whole)
    return (
        any(_is_random(piece) for piece in pieces)
        or (len(whole) >= 16 and digits > 0 and bool(_HEX.fullmatch(whole)))
        or (len(whole) >= 24 and digits >= 4)
    )


def remember(secrets: Iterable[str]) -> None:
    """Hide these from now on in whatever this process logs."""
    _hidden.update(secret for secret in secrets if len(secret) >= _SHORTEST_HIDDEN)


def hide(text: str) -> str:
    """The text without anything that was remembered."""
    for secret in sorted(_hidden, key=len, reverse=True):
        text = text.replace(secret, "…")
    return text


def _secret_labels(host: str) -> set[str]:
    name = host.partition(":")[0] if host.count(":") < 2 else ""  # no label of an IPv6 address
    first, *others = name.split(".")
    labels = [first, *others[:-1]]
    found = {label for label in labels if "${" not in label and looks_secret(label)}
    return found | {first} if name.lower().endswith(_PERSONAL) and "${" not in first else found


def _is_random(piece: str) -> bool:
    digits = sum(letter.isdigit() for letter in piece)
    return (
        len(piece) >= 20
        or (len(piece) >= 10 and 2 <= digits < len(piece))
        or (len(piece) >= 12 and _entropy(piece) >= 3.5)
    )


def _entropy(text: str) -> float:
    """Bits a letter."""
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)
