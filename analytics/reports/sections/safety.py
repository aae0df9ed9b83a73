"""What gates held back, what limits left, and how risky it was."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.db.models import Sum

from analytics.reports.ask import TOLD, Ask
from analytics.reports.document import Fact, Section, Table
from analytics.reports.numbers import count, percent
from scheduling.models import GateCount, RiskLevel, RiskReading
from scheduling.risk import OLDEST
from wallets.amounts import SumAmount
from wallets.models import Limit, SpendReservation
from wallets.transactions.limits import in_force

LEVELS = tuple(RiskLevel.values)
NO_READING = "the risk was not worked out then"


def gates_section(ask: Ask) -> Section:
    """How often each gate began to hold something, and how much of the limits was taken."""
    rows = GateCount.objects.filter(day__gte=ask.start.date(), day__lte=_last_day(ask))
    found = rows.order_by("gate").values_list("gate").annotate(n=Sum("count"))
    told = tuple((gate, str(n)) for gate, n in found)
    total = sum(int(n) for _, n in told)
    table = Table("gates", "Refusals by gate", ("Gate", "Times"), told)
    facts = (count("refusals", "Refusals", total),)
    return Section("gates", "Gates and limits", facts, (table, _limits(ask)))


def _last_day(ask: Ask) -> date:
    return (ask.until - timedelta(microseconds=1)).date()


def _limits(ask: Ask) -> Table:
    """The fullest day or hour of each limit, the most used first."""
    limits = {one.pk: one for one in in_force(Limit.objects.filter(enabled=True))}
    fullest = sorted(_fullest(ask, limits), reverse=True)
    columns = ("Limit", "For", "Fullest", "Used %")
    rows = tuple(
        (str(limits[pk]), share or "all together", when, percent(used, limits[pk].amount))
        for _, pk, share, when, used in fullest[:TOLD]
    )
    return Table("limits", "Limits taken most", columns, rows, len(fullest[TOLD:]))


type Use = tuple[int, int, str, str, int]


def _fullest(ask: Ask, limits: dict[int, Limit]) -> Iterator[Use]:
    """Of each limit: how full in basis points, its number, whose share, when, how much."""
    taken = SpendReservation.objects.filter(
        limit__in=limits, day__gte=ask.start.date(), day__lte=_last_day(ask), released_at=None
    )
    sums = taken.order_by().values_list("limit", "share", "day", "hour")
    best: dict[int, Use] = {}
    for pk, share, day, hour, used in sums.annotate(total=SumAmount("amount")).iterator():
        when = f"{day}" if hour is None else f"{day} {hour:02}:00"
        full = used * 10_000 // limits[pk].amount if limits[pk].amount else 0
        best[pk] = max(best.get(pk, (-1, pk, "", "", 0)), (full, pk, share, when, used))
    yield from best.values()


def risk_section(ask: Ask) -> Section:
    """How long each level stood, which was the highest, and why."""
    before = RiskReading.objects.filter(at__lt=ask.start, at__gte=ask.start - OLDEST)
    first = before.order_by("-at").values_list("at", "level")[:1]
    inside = RiskReading.objects.filter(at__gte=ask.start, at__lt=ask.until)
    found = [*first, *inside.order_by("at", "id").values_list("at", "level")]
    stood, last = _stood(found, ask), found[-1][1] if found else ""
    highest = max((level for _, level in found), key=LEVELS.index, default="")
    rows = [(str(RiskLevel(one).label), _hours(stood[one])) for one in LEVELS if one in stood]
    if unknown := ask.until - ask.start - sum(stood.values(), timedelta()):
        rows.append(("Unknown", _hours(unknown)))
    return Section(
        "risk",
        "Risk",
        (_level("highest", "Highest level", highest), _level("last", "Last level", last)),
        (Table("levels", "How long each level stood", ("Level", "Hours"), tuple(rows)),),
        notes=_reasons(ask, highest),
    )


def _stood(found: list[tuple[datetime, str]], ask: Ask) -> dict[str, timedelta]:
    """Each level stands from its reading to the next one, as long as one says something."""
    stood: dict[str, timedelta] = defaultdict(timedelta)
    for (at, level), (next_at, _) in pairwise([*found, (ask.until, "")]):
        begun, ended = max(at, ask.start), min(next_at, at + OLDEST)
        stood[level] += max(ended - begun, timedelta())
    return stood


def _hours(span: timedelta) -> str:
    tenths = (span // timedelta(minutes=6)) if span else 0
    return f"{tenths // 10}.{tenths % 10}"


def _level(key: str, label: str, level: str) -> Fact:
    return Fact(key, label, str(RiskLevel(level).label) if level else "", "", NO_READING)


def _reasons(ask: Ask, level: str) -> tuple[str, ...]:
    if level in ("", RiskLevel.LOW):
        return ()
    rows = RiskReading.objects.filter(level=level, at__gte=ask.start, at__lt=ask.until)
    newest = rows.order_by("-at", "-id").first()
    return tuple(newest.reasons[:5]) if newest else ()
