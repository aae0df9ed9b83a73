"""Reports that were kept."""

# mypy: disable-error-code="no-untyped-call"

from datetime import timedelta

from factory.declarations import LazyAttribute, Sequence
from factory.django import DjangoModelFactory

from analytics.models import Report
from analytics.reports.document import Document, Fact, Section
from tests.factories.values import NOON


class ReportFactory(DjangoModelFactory[Report]):
    """Of a day on which a hundred dollars were there."""

    class Meta:
        model = Report

    class Params:
        told = LazyAttribute(
            lambda one: Document(
                one.kind, "A report", one.start, one.end, one.made_at, "", (_value(),)
            )
        )

    kind = Report.Kind.DAILY
    start = Sequence(lambda n: NOON.replace(hour=0) + timedelta(days=n))
    end = LazyAttribute(lambda one: one.start + timedelta(days=1))
    made_at = LazyAttribute(lambda one: one.end + timedelta(minutes=30))
    digest = LazyAttribute(lambda one: one.told.digest)
    document = LazyAttribute(lambda one: one.told.as_json())


def _value() -> Section:
    return Section("worth", "Value", (Fact("value", "Value", "100.00", "USD"),))
