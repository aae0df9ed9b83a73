"""What was done to keep the system."""

# mypy: disable-error-code="no-untyped-call"

import uuid
from datetime import timedelta

from factory.declarations import LazyAttribute, LazyFunction
from factory.django import DjangoModelFactory

from airdrops_site.models import Operation, Restore
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


class RestoreFactory(DjangoModelFactory[Restore]):
    """A backup of noon, restored an hour later and resumed."""

    class Meta:
        model = Restore

    state = Restore.State.RESUMED
    source = "/backups/noon.tar"
    backup_made_at = NOON
    restored_at = LazyAttribute(lambda one: one.backup_made_at + timedelta(hours=1))
    by = "ada"
    previous_installation = LazyFunction(uuid.uuid4)
    installation = LazyFunction(uuid.uuid4)
    resumed_at = LazyAttribute(lambda one: one.restored_at + timedelta(minutes=5))
    resumed_by = "ada"
