"""What was done to keep the system."""

# mypy: disable-error-code="no-untyped-call"

from datetime import timedelta

from factory.declarations import LazyAttribute
from factory.django import DjangoModelFactory

from airdrops_site.models import Operation
from tests.factories.values import NOON


class OperationFactory(DjangoModelFactory[Operation]):
    """A backup that was made."""

    class Meta:
        model = Operation

    kind = Operation.Kind.BACKUP
    outcome = Operation.Outcome.SUCCEEDED
    started_at = NOON
    ended_at = LazyAttribute(lambda one: one.started_at + timedelta(minutes=1))
    by = "ada"
    host = "here"
    pid = 1
    summary = "Written."
