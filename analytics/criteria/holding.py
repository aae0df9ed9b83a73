"""How much of a token has to be there, and how long, for a balance that a rule asks for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from analytics.criteria import ranges
from analytics.criteria.metric_models import TransferMetric
from analytics.criteria.metrics.asking import Asking
from analytics.criteria.metrics.functions import DAY
from analytics.criteria.metrics.transfers import measure_transfers
from analytics.criteria.ranges import Range

# Where nothing says how long is left; for half the time it takes twice as much.
HORIZON_DAYS = Decimal(30)
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Time:
    """Days until what counts ends, and how many went by of those that count.

    `projected`: an evaluation counts what is there as if it stayed to the end. `assumed`: nothing
    says how long is left.
    """

    left: Decimal
    gone: Decimal = ZERO
    projected: bool = False
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Needed:
    """Tokens to be brought; `days` to keep all that is there then, None where it is one moment."""

    amount: Decimal
    days: Decimal | None
    at_most: bool = False


def time_of(kind: TransferMetric, asking: Asking, snapshot: datetime | None) -> Time | None:
    """How long is left for the metric; None where it is over. `snapshot` is the campaign's."""
    end, now = asking.until("", kind), asking.now
    fixed = asking.rules.snapshot is not None
    if kind.until is not None and kind.until <= now:
        return None
    if not fixed:
        ends = [one for one in (kind.until, snapshot) if one is not None and one > now]
        end = min(ends) if ends else now
    gone = _days(kind.since, now) if kind.since else ZERO
    left = _days(now, end)
    if left > 0:
        return Time(left, gone, projected=fixed)
    return None if fixed else Time(HORIZON_DAYS, gone, assumed=True)


def needed(
    kind: TransferMetric, time: Time, missing: Decimal, wanted: Decimal, held: Range
) -> Needed:
    """To bring what is missing (tokens, or tokens times days), with what is held staying there."""
    if kind.measure == "balance":
        return Needed(missing, None)
    total = missing
    if kind.measure == "average":
        # Over a time that goes on, the average wanted has to be reached for that too.
        over = time.gone + time.left if time.projected else time.gone
        total = missing * over + (ZERO if time.projected else wanted * time.left)
    amount = total / time.left
    if time.projected:
        return Needed(amount, time.left)
    low, high = held
    return Needed(max(amount - low, ZERO), time.left, at_most=low != high)


def held_of(asking: Asking, kinds: Iterable[TransferMetric]) -> dict[tuple[str, str, int], Range]:
    """Balances now, by network, token and wallet; two or three questions for each token."""
    found: dict[tuple[str, str, int], Range] = {}
    for network, token, decimals in dict.fromkeys(
        (kind.network, kind.token, kind.decimals) for kind in kinds
    ):
        plain = TransferMetric(
            of="transfers", measure="balance", network=network, token=token, decimals=decimals
        )
        for wallet, told in measure_transfers(asking, ("", "held"), plain).items():
            found[network, token, wallet] = told["", "held"]
    return found


def held_by(found: dict[tuple[str, str, int], Range], kind: TransferMetric, wallet: int) -> Range:
    """What the wallet has; nothing where nothing ever came."""
    return found.get((kind.network, kind.token, wallet), ranges.NO)


def _days(start: datetime, end: datetime) -> Decimal:
    return max(Decimal(int((end - start).total_seconds())), ZERO) / DAY
