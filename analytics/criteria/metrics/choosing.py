"""Which transactions a metric counts: those that surely belong, and those that may."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q

from analytics.criteria.metric_models import Choice, TransactionMetric
from analytics.criteria.metrics.asking import Asking

A_WEEK = timedelta(days=7)
# What our adapters call moving value to another network.
BRIDGES = ("scroll", "zksync", "layerzero", "stargate", "arbitrum", "optimism")
BRIDGING = ("deposit", "deposit-token", "withdraw", "withdraw-token", "bridge", "send")
PAID = ("fees", "fees_usd")


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that count for certain, and those that may where a fact about them is missing."""

    certain: Q
    possible: Q

    @property
    def sure(self) -> bool:
        """Whether there is no difference."""
        return self.certain == self.possible


def rows_of(asking: Asking, moment: str, metric: TransactionMetric) -> Rows:
    """Of a metric at a moment."""
    base = asking.in_time(moment, metric, metric.networks)
    for network, start in metric.first_days.items():
        if network in asking.networks:
            week = Q(block_at__gte=start, block_at__lt=start + A_WEEK)
            base &= ~Q(network_id=asking.networks[network]) | week
    return chosen(base, metric, failed=metric.failed or metric.measure in PAID)


def chosen(base: Q, choice: Choice, *, failed: bool) -> Rows:
    """Those of the rows that a choice leaves."""
    base &= _said(choice)
    if not failed:
        base &= Q(succeeded=True)
    certain, possible = base, base
    for name in ("app", "to_contract"):
        if getattr(choice, name):
            certain &= Q(**{name: True})
            possible &= Q(**{name: True}) | Q(**{f"{name}__isnull": True})
    return Rows(certain, possible)


def _said(choice: Choice) -> Q:
    found = Q()
    for field, among in (
        ("protocol", choice.protocols),
        ("action", choice.actions),
        ("recipient", choice.recipients),
        ("selector", choice.selectors),
    ):
        if among:
            found &= Q(**{f"{field}__in": among})
    for field, apart in (
        ("recipient", choice.not_recipients),
        ("selector", choice.not_selectors),
    ):
        if apart:
            found &= ~Q(**{f"{field}__in": apart})
    if choice.bridge:
        ours = Q(protocol__in=BRIDGES, action__in=BRIDGING)
        found &= Q(bridged_cents__isnull=False) | ours
    return found
