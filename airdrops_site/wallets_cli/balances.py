"""`wallets balances`: what wallets hold, as last read or as read now."""

from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from airdrops_site.answers import BadInput, table
from airdrops_site.wallets_cli.verbs import Options, Said, Verb
from wallets.amounts import show_amount
from wallets.balances import networks_with_balances, take_snapshot, watched_wallets
from wallets.chain.client import NetworkClient
from wallets.holdings import Held, holdings
from wallets.minimums import balances_under_minimum
from wallets.models import Network, Price, Wallet
from wallets.prices import known_prices, plain, worth

HELP = "what wallets hold, at which block; what is not known is shown as unknown"


def add_arguments(parser: CommandParser) -> None:
    """Which wallets and networks, and whether to ask the chains first."""
    parser.add_argument("--network", default="", help="only this one, by its slug")
    parser.add_argument("--wallet", default="", help="only this one, by its label")
    parser.add_argument("--tag", default="", help="only wallets that have it")
    parser.add_argument("--group", default="", help="only wallets in it")
    parser.add_argument("--refresh", action="store_true", help="read them from the chains first")
    parser.add_argument("--under-minimum", action="store_true", help="only those below a minimum")
    parser.add_argument("--nonzero", action="store_true", help="leave out what is zero")


def run(options: Options) -> Said:
    """The balances asked for; one that was never read is there too, as unknown."""
    wallets, networks = _wallets(options), _networks(options["network"])
    if options["refresh"]:
        for network in _askable(networks):
            take_snapshot(network=network, client=NetworkClient(network), wallets=wallets)
    found = holdings(wallets=wallets, networks=networks)
    if options["under_minimum"]:
        low = set(balances_under_minimum().values_list("wallet", "token"))
        found = [one for one in found if (one.wallet.pk, one.token.pk) in low]
    if options["nonzero"]:
        found = [one for one in found if one.amount != 0]
    prices = known_prices({one.token for one in found})
    rows = [_row(one, prices.get(one.token.pk)) for one in found]
    facts = [_facts(one, prices.get(one.token.pk)) for one in found]
    columns = ("Wallet", "Network", "Balance", "Worth", "At block", "Read")
    return Said(facts, [table("Balances", columns, rows)])


def _wallets(options: Options) -> QuerySet[Wallet]:
    label, tag, group = (options[name] for name in ("wallet", "tag", "group"))
    # One that is named by its label is shown also when it is retired.
    found = Wallet.objects.filter(label=label) if label else watched_wallets()
    if label and not found:
        raise BadInput(f"there is no wallet {label}; check its label")
    if tag:
        found = _some(found.filter(tags__name=tag), f"tag {tag}")
    return _some(found.filter(group__name=group), f"group {group}") if group else found


def _some(found: QuerySet[Wallet], mark: str) -> QuerySet[Wallet]:
    if not found:
        raise BadInput(f"no such wallet has the {mark}; `wallets list` shows what they have")
    return found


def _networks(slug: str) -> QuerySet[Network]:
    if not slug:
        return Network.objects.filter(enabled=True)
    found = Network.objects.filter(slug=slug)
    if not found:
        known = ", ".join(Network.objects.values_list("slug", flat=True))
        raise BadInput(f"there is no network {slug}; known are {known or 'none'}")
    return found


def _askable(networks: QuerySet[Network]) -> QuerySet[Network]:
    """What may not or cannot be asked is not asked; unless it is the one that was named."""
    return networks if len(networks) == 1 else networks & networks_with_balances()


def _row(held: Held, price: Price | None) -> tuple[str, ...]:
    if held.amount is None:
        balance = f"unknown {held.token.symbol}"
    else:
        balance = show_amount(held.amount, held.token.decimals, held.token.symbol)
    block = str(held.block_number) if held.block_number is not None else "–"
    usd = worth(held.amount, held.token, price)
    value = "unknown" if usd is None else f"{usd:,.2f} USD"
    return held.wallet.label, held.token.network.slug, balance, value, block, _age(held)


def _age(held: Held) -> str:
    if held.read_at is None:
        return "never"
    return f"{(timezone.now() - held.read_at).total_seconds():.0f} s ago"


def _facts(held: Held, price: Price | None) -> dict[str, Any]:
    known = held.amount is not None
    usd = worth(held.amount, held.token, price)
    return {
        "wallet": held.wallet.label,
        "address": held.wallet.address,
        "network": held.token.network.slug,
        "token": held.token.symbol,
        "token_address": held.token.address,
        "decimals": held.token.decimals,
        # Text: most readers of JSON round numbers of this size.
        "amount": str(held.amount) if known else None,
        "usd": plain(usd) if usd is not None else None,
        "price_source": price.source if price else None,
        "price_at": price.at.isoformat() if price else None,
        "block": held.block_number,
        "block_at": held.block_at.isoformat() if held.block_at else None,
        "read_at": held.read_at.isoformat() if held.read_at else None,
    }


VERBS = (Verb("balances", HELP, add_arguments, run),)
