"""What a token's contract says of itself, asked for many tokens at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.exceptions import DecodingError
from eth_typing import ChecksumAddress

from wallets.chain.client import ChainError, NetworkClient, hex_bytes
from wallets.chain.codec import CODEC
from wallets.chain.errors import RpcError
from wallets.chain.rpc import Request

DECIMALS, SYMBOL, NAME = "0x313ce567", "0x95d89b41", "0x06fdde03"
# What fits into an amount.
MOST_DECIMALS = 77


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What stands at an address; None for what the contract does not say."""

    has_code: bool
    decimals: int | None
    symbol: str | None
    name: str | None


def read_token_facts(
    client: NetworkClient, addresses: Sequence[ChecksumAddress]
) -> list[TokenFacts]:
    """The facts of each address, in order, from two endpoints where there are two.

    ChainError where they differ or nobody answers: a refusal is what a contract does not say.
    """
    requests: list[Request] = [one for address in addresses for one in _questions(address)]
    answers = client.agree(requests)
    return [_facts(*answers[start : start + 4]) for start in range(0, len(answers), 4)]


def _questions(address: ChecksumAddress) -> list[Request]:
    calls: list[Request] = [
        ("eth_call", [{"to": address, "data": selector}, "latest"])
        for selector in (DECIMALS, SYMBOL, NAME)
    ]
    return [("eth_getCode", [address, "latest"]), *calls]


def _facts(code: Any, decimals: Any, symbol: Any, name: Any) -> TokenFacts:
    return TokenFacts(
        bool(_answer(code)),
        _number(_answer(decimals)),
        _text(_answer(symbol)),
        _text(_answer(name)),
    )


def _answer(found: Any) -> bytes:
    if isinstance(found, RpcError):
        return b""
    if isinstance(found, ChainError):
        raise found
    return hex_bytes(found)


def _number(data: bytes) -> int | None:
    value = int.from_bytes(data)
    return value if len(data) == 32 and value <= MOST_DECIMALS else None


def _text(data: bytes) -> str | None:
    """A string; or 32 bytes, as MKR and other early tokens answer."""
    try:
        if len(data) == 32:
            return data.rstrip(b"\0").decode() or None
        (text,) = CODEC.decode(["string"], data)
    except (DecodingError, UnicodeDecodeError, OverflowError):
        return None
    return str(text) or None
