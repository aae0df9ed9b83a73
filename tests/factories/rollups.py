"""Sums of hours, and how far they were made."""

# mypy: disable-error-code="no-untyped-call"

from datetime import timedelta

from factory.declarations import Iterator, Sequence
from factory.django import DjangoModelFactory

from analytics.models import Rollup, RollupDirt, RollupMark
from analytics.models.rollups import Metric
from tests.factories.values import NOON


class RollupFactory(DjangoModelFactory[Rollup]):
    """An hour of gas, after the one before."""

    class Meta:
        model = Rollup

    metric = Metric.GAS
    period = Rollup.Period.HOUR
    starts_at = Sequence(lambda n: NOON + timedelta(hours=n))
    count = 1
    total = 10**9


class RollupMarkFactory(DjangoModelFactory[RollupMark]):
    """A metric that is added up until noon."""

    class Meta:
        model = RollupMark
        django_get_or_create = ("metric",)

    metric = Iterator(Metric.values)
    done_until = NOON


class RollupDirtFactory(DjangoModelFactory[RollupDirt]):
    """An hour of the ledger that has changed."""

    class Meta:
        model = RollupDirt

    metric = Metric.FLOWS
    hour = Sequence(lambda n: NOON + timedelta(hours=n))
