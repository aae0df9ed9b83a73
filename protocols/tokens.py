"""Tokens met in logs: registered with what their contracts say of themselves."""

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from protocols.actions import ChainReader, PlanError
from wallets.addresses import ZERO_ADDRESS, parse_address
from wallets.models import Network, Token

_SYMBOL = bytes.fromhex("95d89b41")
_DECIMALS = bytes.fromhex("313ce567")


def ensure_token(*, network: Network, address: str, chain: ChainReader) -> Token:
    """The token at an address (empty: the native coin), made from chain if not known yet.

    A token met this way is not enabled: airdropped junk must not become something we trade.
    """
    known = Token.objects.filter(network=network, address=address).first()
    if known is not None:
        return known
    if not address:
        return Token.objects.create(network=network, address="", symbol="ETH", decimals=18)
    fields = {"symbol": _symbol(address, chain), "decimals": _decimals(address, chain)}
    token, _ = Token.objects.get_or_create(
        network=network, address=address, defaults={**fields, "enabled": False}
    )
    return token


def _symbol(address: str, chain: ChainReader) -> str:
    try:
        raw = chain.call(parse_address(address), _SYMBOL, sender=ZERO_ADDRESS)
        found = str(decode(["string"], raw)[0])
    except (PlanError, DecodingError, UnicodeDecodeError):
        found = ""
    clean = "".join(letter for letter in found if letter.isalnum())[:32]
    return clean or address[:10]


def _decimals(address: str, chain: ChainReader) -> int:
    try:
        raw = chain.call(parse_address(address), _DECIMALS, sender=ZERO_ADDRESS)
        return min(int(decode(["uint8"], raw)[0]), 77)
    except (PlanError, DecodingError):
        return 0
