"""Which wallets, network and blocks were asked for."""

from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.answers import BadInput
from airdrops_site.tx.known import require_network, require_wallet
from wallets.balances import watched_wallets
from wallets.models import Network, Wallet


def add_arguments(parser: CommandParser) -> None:
    """A network, and wallets by their label or a tag."""
    parser.add_argument("--network", default="", help="by its slug")
    parser.add_argument("--wallet", default="", help="only this one, by its label")
    parser.add_argument("--tag", default="", help="only wallets that have it")


def network_of(options: dict[str, Any]) -> Network:
    """The one that was named; BadInput without."""
    if not options["network"]:
        known = ", ".join(Network.objects.values_list("slug", flat=True))
        raise BadInput(f"write --network and one of {known or 'none that is known'}")
    require_network(options["network"])
    return Network.objects.get(slug=options["network"])


def wallets_of(options: dict[str, Any]) -> list[Wallet]:
    """Those that were named; all that are not retired without."""
    require_wallet(options["wallet"])
    label, tag = options["wallet"], options["tag"]
    rows = Wallet.objects.filter(label=label) if label else watched_wallets()
    found = list((rows.filter(tags__name=tag) if tag else rows).order_by("pk"))
    if not found:
        mark = f"has the tag {tag}" if tag else "is there"
        raise BadInput(f"no wallet {mark}; `wallets list` shows them")
    return found
