"""Which wallets and networks a verb is about, and what costs were typed."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.answers import BadInput
from airdrops_site.tx.known import require_network, require_wallet
from wallets.balances import networks_with_balances
from wallets.models import Network, Token, Wallet


def add_scope(parser: CommandParser) -> None:
    """The options that narrow it down."""
    parser.add_argument("--wallet", default="", help="only of this one, by its label")
    parser.add_argument("--network", default="", help="only on this one, by its slug")


def add_place(parser: CommandParser) -> None:
    """One wallet on one network."""
    parser.add_argument("--wallet", required=True, help="its label")
    parser.add_argument("--network", required=True, help="its slug")


def wallets_of(options: dict[str, Any]) -> list[Wallet]:
    """Every wallet, retired ones too: their books must be right as well."""
    require_wallet(options["wallet"])
    rows = Wallet.objects.order_by("label")
    return list(rows.filter(label=options["wallet"]) if options["wallet"] else rows)


def networks_of(options: dict[str, Any]) -> list[Network]:
    """Those that may be asked."""
    require_network(options["network"])
    rows = networks_with_balances().order_by("slug")
    found = list(rows.filter(slug=options["network"]) if options["network"] else rows)
    if options["network"] and not found:
        raise BadInput(
            f"{options['network']} cannot be asked: it is disabled, or has no read endpoint, "
            "token or wallet"
        )
    return found


def place_of(options: dict[str, Any]) -> tuple[Wallet, Network]:
    """The wallet and the network."""
    (network,) = networks_of(options)
    (wallet,) = wallets_of(options)
    return wallet, network


def token_named(network: Network, name: str) -> Token:
    """By its symbol or its address; BadInput if there is none or more than one."""
    rows = Token.objects.filter(network=network)
    by_address = rows.filter(address__iexact=name) if name.startswith("0x") else rows.none()
    found = list(by_address or rows.filter(symbol__iexact=name))
    if len(found) != 1:
        known = ", ".join(sorted(rows.values_list("symbol", flat=True))) or "none"
        many = "more than one token" if found else "no token"
        raise BadInput(f"there is {many} {name} on {network.slug}; known are {known}")
    return found[0]


def costs_of(network: Network, written: Iterable[str]) -> dict[int, int]:
    """`SYMBOL=DOLLARS` as US cents by token."""
    found: dict[int, int] = {}
    for one in written:
        name, is_there, dollars = one.partition("=")
        try:
            cents = Decimal(dollars) * 100
        except InvalidOperation:
            cents = Decimal("NaN")
        if not is_there or not cents.is_finite() or cents < 0 or cents != int(cents):
            raise BadInput(f"--cost {one} is not TOKEN=DOLLARS, such as ETH=1250.50")
        found[token_named(network, name).pk] = int(cents)
    return found
