"""What a dollar of volume costs in fees, by our own past volume of the same sort."""

from collections.abc import Iterable
from decimal import Decimal, localcontext

from django.db.models import Sum
from django.utils import timezone

from analytics.criteria import ranges
from analytics.criteria.fees import LOOK_BACK, Fee, Pricer, Way
from analytics.models import ChainTransaction
from wallets.amounts import SumAmount, to_decimal

VOLUMES = {"volume": "volume_cents", "bridged": "bridged_cents"}
type Volumes = dict[tuple[Way, str], Fee]


def fees_of_volume(ways: set[Way], measures: Iterable[str], pricer: Pricer) -> Volumes:
    """Of what is known of the last months, at the prices of then; a way without any is left out."""
    found: Volumes = {}
    if not ways:
        return found
    lately = ChainTransaction.objects.filter(
        network__in={network for _, _, network in ways},
        action__in={action for _, action, _ in ways},
        block_at__gte=timezone.now() - LOOK_BACK,
        succeeded=True,
        fee__isnull=False,
        fee_cents__isnull=False,
    ).order_by()
    for measure in measures:
        field = VOLUMES[measure]
        rows = lately.filter(**{f"{field}__gt": 0}).values_list("protocol", "action", "network")
        for *way, wei, cents, volume in rows.annotate(
            wei=SumAmount("fee"), cents=Sum("fee_cents"), volume=Sum(field)
        ):
            key = (way[0], way[1], way[2])
            found[key, measure] = _each(key[2], wei, cents, volume, pricer)
    return found


def _each(network: int, wei: int, cents: int, volume: int, pricer: Pricer) -> Fee:
    """For one dollar of it."""
    coin = pricer.coins.get(network)
    dollars = Decimal(volume).scaleb(-2)
    with localcontext(prec=ranges.PRECISION):
        coins = {} if coin is None else {coin.symbol: to_decimal(wei, coin.decimals) / dollars}
        each = Decimal(cents) / Decimal(volume)
    return Fee(coins, each, f"what ${dollars:,.2f} of own volume cost then")
