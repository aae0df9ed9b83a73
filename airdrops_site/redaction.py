"""Takes what could be a secret out of log events."""

import re
from collections.abc import Mapping
from typing import Any

from wallets.chain.masking import hide, mask_host

# A key, or anything long that may hold one: signed bytes, a keystore's ciphertext, calldata.
_HEX32 = re.compile(r"(0x)?[0-9a-fA-F]{64,}")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_BYTES = re.compile(r"""\bb(['"])(?:\\.|(?!\1)[^\\]){8,}\1""")
_URL = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*)://([^\s/?#'\"]*)([/?#][^\s'\"]*)?")
_WORDS = "secret|passphrase|password|passwd|mnemonic|seed|token|credential|authorization|cookie"
_SECRET_NAMES = re.compile(rf"(?i)key|{_WORDS}|signature|(?<![a-z])raw")
# `password=x`, `"api_key": "x"`: named like a secret inside a text, a repr or a traceback.
_ASSIGNED = re.compile(
    rf"""(?ix)( \b[\w-]*(?:{_WORDS}|\w[_-]?key)[\w-]* ['"]? (?: \s*[:=]\s*b?(?=['"]) | = ) )
    (?: (['"]) (?:\\.|(?!\2)[^\\])* \2 | [^\s'",;&)}}\]]+ )"""
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}")
# 32-byte hex is a key as often as it is a hash; only fields known to be hashes pass.
_PUBLIC_NAMES = frozenset(
    {"tx_hash", "tx_hashes", "block_hash", "hash", "idempotency_key", "policy_digest"}
)
# Wider than an address and than any sum of money: an integer like that is a key.
_WIDEST_INTEGER = 200


def redact_event(_logger: Any, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """A structlog processor: the same event without keys, RPC credentials or 32-byte hex."""
    return {
        name: value if name.startswith("_") else _redact(name, value)
        for name, value in event.items()
    }


def redact_text(text: str) -> str:
    """The text with keys, credentials, keys in a URL's host and everything after it masked."""
    text = _URL.sub(_mask_url, hide(text))
    text = _ASSIGNED.sub(r"\1[redacted]", text)
    text = _BEARER.sub(r"\1 [redacted]", text)
    return _HEX32.sub("[32 bytes]", _BYTES.sub("[bytes]", text))


def _redact(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {redact_text(str(key)): _redact(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact(name, item) for item in value]
    if name in _PUBLIC_NAMES:
        return value if isinstance(value, str) and _HASH.fullmatch(value) else _plain(value)
    if _SECRET_NAMES.search(name) and not _is_small(value):
        return "[redacted]"
    return _plain(value)


def _plain(value: Any) -> Any:
    """A single value; what is no text and no number is shown as its redacted repr."""
    if _is_small(value):
        return value
    if isinstance(value, int):
        return "[32 bytes]"
    if isinstance(value, bytes | bytearray | memoryview):
        return "[bytes]"
    return redact_text(value if isinstance(value, str) else str(value))


def _is_small(value: Any) -> bool:
    """Nothing, a truth value, or a number too small to be a key."""
    if isinstance(value, int):
        return value.bit_length() <= _WIDEST_INTEGER
    return value is None or isinstance(value, float)


def _mask_url(match: re.Match[str]) -> str:
    host, colon, port = match[2].rpartition("@")[2].partition(":")
    # An IPv6 address begins with a bracket, and holds no key.
    return f"{match[1]}://{mask_host(host)}{colon}{port}" + (
        "/…" if (match[3] or "/") != "/" else ""
    )
