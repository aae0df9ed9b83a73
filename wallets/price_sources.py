"""Which price sources this installation asks."""

from django.conf import settings

from wallets.models import PriceFeed
from wallets.price_feeds import ChainlinkSource
from wallets.price_http import HttpSource
from wallets.prices import Source


def configured_sources() -> list[Source]:
    """Chainlink where feeds are registered, the price server where one is set."""
    found: list[Source] = []
    if PriceFeed.objects.filter(enabled=True, network__enabled=True).exists():
        found.append(ChainlinkSource())
    if settings.PRICE_URL:
        found.append(HttpSource(settings.PRICE_URL))
    return found
