"""No signature while gas costs much more than it usually does."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from scheduling.gates.ages import too_old
from scheduling.gates.registry import Subject
from wallets.amounts import show_amount
from wallets.gas import USUAL_OVER, usual_price
from wallets.models import GasReading, Limit, Network

# A day of hours, though not in a row: with fewer nobody can say what is usual.
LEAST_HOURS = 24
FRESH = timedelta(minutes=15)
_GWEI = 9
_Prices = dict[int, list[GasReading]]


class GasSpikeGate:
    """Holds while the newest reading is above `max_gas_spike` percent of the week's median."""

    name = "gas_spike"

    def check(self, subjects: Sequence[Subject]) -> list[str]:
        """A sentence for each while gas is dear, or while it is not known whether it is."""
        limits = [one.limits.amounts(one.row, Limit.Kind.MAX_GAS_SPIKE) for one in subjects]
        limited = {one.row.network_id for one, most in zip(subjects, limits, strict=True) if most}
        prices = _prices_of(limited)
        return [
            _sentence(one, min(most), prices.get(one.row.network_id, [])) if most else ""
            for one, most in zip(subjects, limits, strict=True)
        ]


def _prices_of(networks: set[int]) -> _Prices:
    """The week's readings by network, the newest first."""
    found: _Prices = {}
    if networks:
        since = timezone.now() - USUAL_OVER
        rows = GasReading.objects.filter(network__in=networks, hour__gte=since)
        for row in rows.order_by("-hour"):
            found.setdefault(row.network_id, []).append(row)
    return found


def _sentence(subject: Subject, most: int, readings: list[GasReading]) -> str:
    network: Network = subject.row.network
    newest = readings[0] if readings else None
    what = f"the gas price of {network.name}"
    if unknown := too_old(subject, what, newest.at if newest else None, otherwise=FRESH):
        return unknown
    if newest is None or len(readings) < LEAST_HOURS:
        return (
            f"what gas usually costs on {network.name} is known for {len(readings)} hours, "
            f"{LEAST_HOURS} are needed"
        )
    usual = usual_price(readings)
    if newest.price * 100 <= usual * most:
        return ""
    shown = [show_amount(price, _GWEI, "gwei") for price in (newest.price, usual)]
    return (
        f"gas on {network.name} costs {shown[0]}, more than {most} % of the usual {shown[1]}; it "
        "waits until it is cheaper"
    )
