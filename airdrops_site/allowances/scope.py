"""Which wallets, tokens and spenders are meant by what was typed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from airdrops_site.scripted import BadInput
from wallets.addresses import AddressError, parse_address
from wallets.allowances import known_spenders
from wallets.models import Allowance, Network, Token, Wallet

Options = dict[str, Any]
FILTERS = ("wallet", "network", "token", "spender")


@dataclass(frozen=True, slots=True)
class Scope:
    """What to ask one network about."""

    network: Network
    wallets: list[Wallet]
    tokens: list[Token]
    spenders: list[str]


def scopes(options: Options) -> Iterator[Scope]:
    """For each network: what was named there, or else all that may matter."""
    spender = _spender(options["spender"])
    wallets, tokens = list(_wallets(options["wallet"])), _tokens(options["token"])
    for network in _networks(options["network"]):
        here = list(tokens.filter(network=network))
        spenders = [spender] if spender else _known(network)
        yield Scope(network, wallets, here, spenders)


def rows(options: Options) -> QuerySet[Allowance]:
    """The allowances we know of that the filters name."""
    found = Allowance.objects.filter(
        wallet__in=_named_wallets(options["wallet"]),
        token__in=_tokens(options["token"], known_only=True),
        token__network__in=_networks(options["network"], known_only=True),
    )
    spender = _spender(options["spender"])
    found = found.filter(spender=spender) if spender else found
    related = found.select_related("wallet", "token__network", "revocation")
    return related.order_by("wallet__label", "token__symbol", "spender")


def _known(network: Network) -> list[str]:
    found = Allowance.objects.filter(token__network=network).values_list("spender", flat=True)
    return sorted({*known_spenders(network), *found})


def _wallets(label: str) -> QuerySet[Wallet]:
    """The one of that label; without one, those that sign."""
    named = _named_wallets(label)
    signing = Q(status=Wallet.Status.VERIFIED) & ~Q(signer_kind=Wallet.SignerKind.WATCH_ONLY)
    return named if label else named.filter(signing)


def _named_wallets(label: str) -> QuerySet[Wallet]:
    found = Wallet.objects.filter(label=label) if label else Wallet.objects.all()
    return _some(found, label, f"there is no wallet {label}; write its label")


def _networks(slug: str, *, known_only: bool = False) -> QuerySet[Network]:
    every = Network.objects.all() if known_only else Network.objects.filter(enabled=True)
    wanted = Network.objects.filter(slug=slug) if slug else every
    return _some(wanted, slug, f"there is no network {slug}; write its slug")


def _tokens(text: str, *, known_only: bool = False) -> QuerySet[Token]:
    """Of that symbol or address; without one, the enabled ones, or all that are known."""
    every = Token.objects.exclude(address="")
    if not text:
        return every if known_only else every.filter(enabled=True)
    wanted = Q(address=_address(text)) if text.startswith("0x") else Q(symbol__iexact=text)
    return _some(every.filter(wanted), text, f"there is no token {text}; add it under Tokens")


def _spender(text: str) -> str:
    return _address(text) if text else ""


def _address(text: str) -> str:
    try:
        return parse_address(text)
    except AddressError as error:
        raise BadInput(str(error)) from error


def _some[Found: QuerySet[Any]](found: Found, text: str, complaint: str) -> Found:
    if text and not found.exists():
        raise BadInput(complaint)
    return found
