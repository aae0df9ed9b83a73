"""Which positions are read: of wallets that have run, or are about to run, with a protocol."""

from django.db.models import Exists, OuterRef
from django.utils import timezone

from protocols.models import PositionReading
from scheduling.models import Run
from scheduling.states import UNFINISHED_RUN, RunState


def positions_changed(run: Run) -> None:
    """A run is over: have read what it may have changed. Safe inside any transaction."""
    where = {
        "wallet_id": run.wallet_id,
        "network_id": run.task.network_id,
        "protocol_id": run.task.protocol_id,
    }
    now = timezone.now()
    if not PositionReading.objects.filter(**where).update(look_at=now, changed_at=now):
        new = PositionReading(**where, look_at=now, changed_at=now)
        PositionReading.objects.bulk_create([new], ignore_conflicts=True)


def watch_new_positions() -> int:
    """Have read, for the first time, what unfinished runs are about; how many that are."""
    known = PositionReading.objects.filter(
        wallet=OuterRef("wallet"),
        network=OuterRef("task__network"),
        protocol=OuterRef("task__protocol"),
    )
    unfinished = Run.objects.filter(state__in=(*UNFINISHED_RUN, RunState.NEEDS_OPERATOR))
    new = unfinished.filter(~Exists(known)).order_by()
    places = set(new.values_list("wallet_id", "task__network_id", "task__protocol_id").distinct())
    now = timezone.now()
    PositionReading.objects.bulk_create(
        (
            PositionReading(wallet_id=wallet, network_id=network, protocol_id=protocol, look_at=now)
            for wallet, network, protocol in places
        ),
        batch_size=200,
        ignore_conflicts=True,
    )
    return len(places)
