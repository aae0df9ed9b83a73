"""Tokens met in logs: registered with what their contracts say of themselves."""

from typing import Any

from protocols.abi import load_abi
from protocols.actions import ChainReader, PlanError
from protocols.codec import AbiError
from wallets.addresses import ZERO_ADDRESS, parse_address
from wallets.models import Network, Token

_ABI = load_abi("protocols.evm", "erc20")
# What fits into an amount.
MOST_DECIMALS = 77


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
    letters = (letter for letter in str(_ask("symbol", address, chain) or "") if letter.isalnum())
    return "".join(letters)[:32] or address[:10]


def _decimals(address: str, chain: ChainReader) -> int:
    return min(int(_ask("decimals", address, chain) or 0), MOST_DECIMALS)


def _ask(name: str, address: str, chain: ChainReader) -> Any:
    """The answer of a view function; None from a contract that has no such thing to say."""
    function = _ABI.function(name)
    try:
        answer = chain.call(parse_address(address), function.encode(), sender=ZERO_ADDRESS)
        (value,) = function.decode_result(answer)
    except (PlanError, AbiError):
        return None
    return value
