"""Which wallets, tokens and spenders are meant by what was typed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from eth_typing import ChecksumAddress

from airdrops_site.answers import BadInput
from wallets.addresses import AddressError, parse_address
from wallets.allowance_coverage import scope_of
from wallets.balances import watched_wallets
from wallets.models import Allowance, Network, Token, Wallet
from wallets.models.allowances import UNLIMITED

Options = dict[str, Any]
FILTERS = ("wallet", "tag", "group", "network", "token", "spender")


@dataclass(frozen=True, slots=True)
class Scope:
    """What to ask one network about."""

    network: Network
    wallets: list[Wallet]
    tokens: list[Token]
    spenders: list[ChecksumAddress]


def scopes(options: Options) -> Iterator[Scope]:
    """For each network: what was named there, or else all that may matter."""
    spender = _spender(options["spender"])
    wallets, tokens = list(_asked_wallets(options)), _tokens(options["token"])
    for network in networks(options["network"]):
        here = list(tokens.filter(network=network))
        spenders = [spender] if spender else scope_of(network).spenders
        yield Scope(network, wallets, here, spenders)


def rows(options: Options) -> QuerySet[Allowance]:
    """The allowances we know of that the filters name."""
    found = Allowance.objects.filter(
        wallet__in=_named_wallets(options),
        token__in=_tokens(options["token"], known_only=True),
        token__network__in=networks(options["network"], known_only=True),
    )
    spender = _spender(options["spender"])
    found = found.filter(spender=spender) if spender else found
    if options.get("unlimited"):
        found = found.filter(UNLIMITED)
    if options.get("unknown"):
        found = found.filter(amount=None)
    related = found.select_related("wallet", "token__network", "revocation")
    return related.order_by("wallet__label", "token__symbol", "spender", "through")


def _asked_wallets(options: Options) -> QuerySet[Wallet]:
    """Those that are named; without a name, all that are not retired."""
    named = _named_wallets(options)
    is_named = any(options[name] for name in ("wallet", "tag", "group"))
    return named if is_named else named & watched_wallets()


def _named_wallets(options: Options) -> QuerySet[Wallet]:
    found = Wallet.objects.all()
    for name, lookup in (("wallet", "label"), ("tag", "tags__name"), ("group", "group__name")):
        if text := options[name]:
            complaint = f"there is no wallet {text}; write its label"
            if name != "wallet":
                complaint = f"no wallet has the {name} {text}; `wallets list` shows them"
            found = _some(found.filter(**{lookup: text}), text, complaint)
    return found


def networks(slug: str, *, known_only: bool = False) -> QuerySet[Network]:
    """The one of that slug; without one, those that are enabled, or all that are known."""
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


def _spender(text: str) -> ChecksumAddress | None:
    return _address(text) if text else None


def _address(text: str) -> ChecksumAddress:
    try:
        return parse_address(text)
    except AddressError as error:
        raise BadInput(str(error)) from error


def _some[Found: QuerySet[Any]](found: Found, text: str, complaint: str) -> Found:
    if text and not found.exists():
        raise BadInput(complaint)
    return found
