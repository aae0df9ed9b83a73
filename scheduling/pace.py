"""How soon what had to wait is looked at again."""

from datetime import datetime, timedelta

from django.utils import timezone

LOOK_AGAIN = timedelta(seconds=10)
LONGEST = timedelta(minutes=5)


def patience(since: datetime) -> timedelta:
    """A quarter of the time it has waited, within bounds.

    Thousands that are held together do not keep the workers busy.
    """
    return min(max((timezone.now() - since) / 4, LOOK_AGAIN), LONGEST)
