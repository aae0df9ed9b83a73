"""Takes what could be a secret out of log events."""

import re
from collections.abc import Mapping
from typing import Any

_HEX32 = re.compile(r"(?<![0-9a-fA-F])(0x)?[0-9a-fA-F]{64}(?![0-9a-fA-F])")
_URL_SECRET = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/'\"]+)(/[^\s'\"]*)?")
_SECRET_NAMES = re.compile(r"(?i)key|secret|passphrase|password|mnemonic|token|raw")
# 32-byte hex is a key as often as it is a hash; only fields known to be hashes pass.
_PUBLIC_NAMES = frozenset({"tx_hash", "block_hash", "hash", "idempotency_key", "policy_digest"})


def redact_event(_logger: Any, _method: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """A structlog processor: the same event without keys, RPC credentials or 32-byte hex."""
    return {name: _redact(name, value) for name, value in event.items()}


def _redact(name: str, value: Any) -> Any:
    if name in _PUBLIC_NAMES:
        return value
    if _SECRET_NAMES.search(name) and not isinstance(value, bool | int):
        return "[redacted]"
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, bytes):
        return "[bytes]"
    if isinstance(value, Mapping):
        return {inner: _redact(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redact(name, item) for item in value]
    return value


def redact_text(text: str) -> str:
    """The text with 32-byte hex strings and everything after a URL's host masked."""
    return _HEX32.sub("[32 bytes]", _URL_SECRET.sub(_mask_url, text))


def _mask_url(match: re.Match[str]) -> str:
    scheme, _, host = match[1].partition("://")
    host = host.rpartition("@")[2]
    return f"{scheme}://{host}" + ("/…" if (match[2] or "/") != "/" else "")
