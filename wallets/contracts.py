"""Addresses that are contracts of ours: never a wallet. Higher floors register theirs."""

from collections.abc import Callable, Iterator, Sequence

from wallets.addresses import ZERO_ADDRESS
from wallets.models import Token

# Address and what it is, for those of the asked addresses that are known.
Provider = Callable[[Sequence[str]], Iterator[tuple[str, str]]]
_providers: dict[str, Provider] = {}


def register(name: str, provider: Provider) -> None:
    """Make a floor's contracts known; registering twice is the same as once."""
    _providers[name] = provider


def known_contracts(addresses: Sequence[str]) -> dict[str, str]:
    """What is known of these addresses that makes them no wallets."""
    found: dict[str, str] = {ZERO_ADDRESS: "the zero address, which nobody has the key of"}
    for provider in (_tokens, *_providers.values()):
        found |= dict(provider(addresses))
    return {address: found[address] for address in addresses if address in found}


def refuse_contract(address: str) -> str:
    """Why the address can be no wallet; empty if it may."""
    what = known_contracts([address]).get(address, "")
    return f"{address} is {what}" if what else ""


def _tokens(addresses: Sequence[str]) -> Iterator[tuple[str, str]]:
    for token in Token.objects.filter(address__in=addresses).select_related("network"):
        yield token.address, f"the token {token}"
