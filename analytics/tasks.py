"""What the workers run on this floor."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from analytics import booking, history, roi_readings
from analytics.basis import jobs as profit_jobs
from analytics.books import reading
from analytics.campaigns import watching
from analytics.chain_history import live
from analytics.equity import latest_point, record_point
from analytics.rollups.running import roll_up
from analytics.rollups.turns import LEASE as ROLLUPS
from analytics.rollups.turns import RollupBusy, turn
from protocols.position_readings import readings_behind
from scheduling.position_watch import watch_new_positions
from wallets import leases, wakeups
from wallets.actors import this_worker
from wallets.models import Lease

# Balances and positions read at different times would count twice what moved between: a sum waits
# for what a run has changed to be read again, but not for ever.
FIGURES, FIGURES_AGAIN, FIGURES_WAIT = "figures", timedelta(seconds=5), timedelta(minutes=10)

# Of a job's time; a day that was begun is finished, and the rest waits for the next.
ROLLUPS_SECONDS, ROLLUPS_PAUSE = 10.0, timedelta(minutes=10)


def register_wakeups() -> None:
    """Register this floor's wake-ups with the pulse."""
    booking.register()
    wakeups.register(wakeups.Periodic("told", "analytics.books.reading.book_news", reading.due))
    wakeups.register(
        wakeups.Periodic("chain_history", "analytics.chain_history.live.read_new_blocks", live.due)
    )
    wakeups.register(wakeups.Periodic("figures", "analytics.tasks.add_up_figures", _figures_due))
    profit_jobs.register()
    roi_readings.register()
    wakeups.register(wakeups.Periodic("rollups", "analytics.tasks.keep_rollups", _rollups_due))
    wakeups.register(watching.PERIODIC)


def add_up_figures() -> None:
    """Write down what all is worth; a little later while positions are still to be read again."""
    owner, pause = this_worker(), FIGURES_AGAIN
    if not leases.take(FIGURES, owner=owner, duration=history.LEASE):
        return
    try:
        watch_new_positions()
        latest = latest_point()
        waited_long = latest is None or latest.at < timezone.now() - FIGURES_WAIT
        if waited_long or not readings_behind().exists():
            record_point()
            pause = timedelta(seconds=settings.FIGURE_SECONDS)
    finally:
        leases.release(FIGURES, owner=owner, free_from=timezone.now() + pause)


def keep_rollups() -> None:
    """Add up the hours that have ended since, and again what has changed."""
    try:
        with turn(history.LEASE, ROLLUPS_PAUSE):
            roll_up(seconds=ROLLUPS_SECONDS)
    except RollupBusy:
        return


def _rollups_due() -> Iterator[str]:
    if not Lease.objects.filter(pk=ROLLUPS, expires_at__gt=timezone.now()).exists():
        yield ""


def _figures_due() -> Iterator[str]:
    busy = Lease.objects.filter(pk=FIGURES, expires_at__gt=timezone.now())
    if settings.FIGURE_SECONDS and not busy.exists():
        yield ""
