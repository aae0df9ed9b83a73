"""Endpoints, networks, gas."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import QuerySet

from analytics.alerts.facts import Fact, Look
from wallets.clock import clock_skews
from wallets.gas import USUAL_OVER, networks_with_gas, usual_price
from wallets.models import GasReading, Network, RpcEndpoint

# What was heard so long ago says nothing of now.
_FRESH = timedelta(minutes=5)
_BLOCKS = 10
_GAS_FRESH = timedelta(hours=2)


def slow_endpoints(look: Look) -> Iterator[Fact]:
    """The last answer took longer than so many milliseconds."""
    rows = _endpoints().filter(latency_ms__gt=look.threshold, answered_at__gte=look.now - _FRESH)
    for row in rows:
        seconds = (row.latency_ms or 0) / 1000
        yield Fact(str(row), f"{row} answers in {seconds:.1f} s")


def silent_endpoints(look: Look) -> Iterator[Fact]:
    """So many exchanges in a row were without an answer."""
    for row in _endpoints().filter(consecutive_errors__gte=look.threshold):
        told = f"{row} gave no answer {row.consecutive_errors} times in a row"
        yield Fact(str(row), told)


def open_breakers(look: Look) -> Iterator[Fact]:
    """Those that are not asked for a while."""
    for row in _endpoints().filter(open_until__gt=look.now):
        told = f"{row} is not asked until {row.open_until:%H:%M:%S} UTC, after too many errors"
        yield Fact(str(row), told)


def silent_networks(look: Look) -> Iterator[Fact]:
    """Networks none of whose endpoints has answered for so many seconds."""
    rows = Network.objects.filter(enabled=True).prefetch_related("endpoints")
    for network in rows:
        usable = [row for row in network.endpoints.all() if row.enabled and row.can_read]
        answers = [row.answered_at for row in usable if row.answered_at is not None]
        if not usable:
            yield Fact(network.slug, f"{network.slug} has no enabled endpoint to read from")
        elif not answers:
            yield Fact(network.slug, f"no endpoint of {network.slug} has ever answered")
        elif (silent := look.now - max(answers)) > timedelta(seconds=look.threshold):
            told = f"no endpoint of {network.slug} has answered for {silent.total_seconds():.0f} s"
            yield Fact(network.slug, told)


def clock_skew(look: Look) -> Iterator[Fact]:
    """Our clock and a network's newest block differ by more than so many seconds.

    A block that is old may be of a slow network; one from our future cannot be explained so.
    """
    skews = clock_skews(look.now)
    slow = dict(Network.objects.filter(slug__in=skews).values_list("slug", "block_seconds"))
    for slug, skew in sorted(skews.items()):
        seconds = skew.total_seconds()
        if -seconds > look.threshold or seconds > max(look.threshold, _BLOCKS * slow[slug]):
            where = "behind" if seconds < 0 else "ahead of"
            yield Fact(
                slug, f"this machine's clock is {abs(seconds):.0f} s {where} {slug}'s blocks"
            )


def gas_spikes(look: Look) -> Iterator[Fact]:
    """Gas costs more than so many percent of the week's median; without a history it is unknown."""
    readings: dict[int, list[GasReading]] = {}
    wanted = GasReading.objects.filter(
        network__in=networks_with_gas(), hour__gte=look.now - USUAL_OVER
    )
    for row in wanted.select_related("network").order_by("network", "hour"):
        readings.setdefault(row.network_id, []).append(row)
    for *earlier, newest in readings.values():
        if not earlier or newest.at < look.now - _GAS_FRESH:
            continue
        usual = usual_price(earlier)
        if usual and newest.price * 100 > usual * look.threshold:
            percent = newest.price * 100 // usual
            slug = newest.network.slug
            yield Fact(slug, f"gas on {slug} costs {percent} % of what is usual this week")


def _endpoints() -> QuerySet[RpcEndpoint]:
    enabled = RpcEndpoint.objects.filter(enabled=True, network__enabled=True)
    return enabled.select_related("network")
