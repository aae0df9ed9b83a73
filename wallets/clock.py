"""This machine's clock beside the blocks of live chains, as balances were last read."""

from datetime import datetime, timedelta

from django.db.models import Max

from wallets.models import BalanceSnapshot, Network

# Older readings say what the clock was then.
COUNTS_FOR = timedelta(minutes=15)


def clock_skews(now: datetime) -> dict[str, timedelta]:
    """By network: our clock less the newest block's time; networks not read lately are missing.

    A devnet's blocks have a time of their own.
    """
    read = BalanceSnapshot.objects.filter(taken_at__gte=now - COUNTS_FOR).order_by()
    live = read.exclude(network__kind=Network.Kind.DEVNET).filter(network__enabled=True)
    newest = live.values_list("network__slug").annotate(
        taken=Max("taken_at"), block=Max("block_at")
    )
    return {slug: taken - block for slug, taken, block in newest}
