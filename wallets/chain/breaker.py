"""When an endpoint is left alone, and for how long. Kept on the row, so that all workers know."""

from datetime import datetime, timedelta

from django.utils import timezone

from wallets.models import RpcEndpoint

OPENS_AFTER = 3
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=5)
# A provider that names no pause, and the longest that is believed: a quota may be raised meanwhile.
DEFAULT_REST = 2.0
LONGEST_REST = 3600.0
# While one caller tries a half-open endpoint, the others leave it alone.
TRIAL = timedelta(seconds=10)


def pause_after(errors: int) -> timedelta | None:
    """How long to leave an endpoint alone after so many errors in a row; None: not yet."""
    if errors < OPENS_AFTER:
        return None
    doubled = FIRST_PAUSE * float(1 << min(errors - OPENS_AFTER, 16))
    return min(doubled, LONGEST_PAUSE)


def is_closed(row: RpcEndpoint, now: datetime) -> bool:
    """Whether the endpoint may be asked in the ordinary way."""
    return row.open_until is None or row.open_until <= now


def is_resting(row: RpcEndpoint, now: datetime) -> bool:
    """Whether it answers, but has asked for a pause (HTTP 429): it is not asked before that."""
    return not is_closed(row, now) and row.consecutive_errors == 0


def is_half_open(row: RpcEndpoint, now: datetime) -> bool:
    """Whether its pause is over and nobody knows yet whether it answers again."""
    return row.open_until is not None and row.open_until <= now and row.consecutive_errors > 0


def claim_trial(row: RpcEndpoint) -> bool:
    """Become the one who tries a half-open endpoint; False if another process is at it."""
    until = timezone.now() + TRIAL
    mine = RpcEndpoint.objects.filter(pk=row.pk, open_until=row.open_until)
    if not mine.update(open_until=until):
        return False
    row.open_until = until
    return True
