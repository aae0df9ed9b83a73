"""A run as the worker that looks at it has claimed it."""

from django.db.models import QuerySet

from scheduling.models import Run


def as_claimed(run: Run) -> QuerySet[Run]:
    """The run, unless somebody has asked since that it be looked at: that must not be put off.

    An approval or the end of what it waits for may come while a worker finds that it has not.
    """
    return Run.objects.filter(pk=run.pk, wake_at=run.wake_at)
