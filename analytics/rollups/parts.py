"""Where everything was at the end of each day."""

from collections.abc import Iterator
from datetime import datetime

from analytics.models import EquityPoint
from analytics.rollups.numbers import DAY, NATIVE, Buckets, Key, Numbers, day_of


def read_parts(start: datetime, end: datetime) -> Buckets:
    """Of the last point of each day: US cents by protocol, network, token and wallet."""
    found: Buckets = {}
    day = day_of(start)
    while day < end:
        points = EquityPoint.objects.filter(at__gte=day, at__lt=day + DAY)
        point = points.order_by("-at", "-id").first()
        for key, cents in _parts(point) if point else ():
            unknown = int(point is not None and point.cents is None)
            at = point.at if point else None
            found[day, key] = Numbers(1, unknown, cents, cents, cents, cents, cents, at, at)
        day += DAY
    return found


def _parts(point: EquityPoint) -> Iterator[tuple[Key, int]]:
    for slug, cents in point.parts.get("places", {}).items():
        yield Key(protocol=slug, subject="protocol"), cents
    for slug, cents in point.parts.get("networks", {}).items():
        yield Key(network=slug, subject="network"), cents
    for scope, cents in point.parts.get("tokens", {}).items():
        network, _, address = scope.partition(":")
        yield Key(network=network, token=address or NATIVE, subject="token"), cents
    for address, cents in point.parts.get("wallets", {}).items():
        yield Key(wallet=address, subject="wallet"), cents
