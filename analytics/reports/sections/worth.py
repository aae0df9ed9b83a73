"""What all was worth, how that changed, and where it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, localcontext

from django.db.models import F, Max

from analytics.flows import added, beside_entries
from analytics.models import EquityPoint, LedgerEntry
from analytics.reports.ask import Ask
from analytics.reports.document import USD, Chart, ChartKind, Fact, Section
from analytics.reports.numbers import cents, dollars, from_cents
from analytics.reports.periods import DAY
from analytics.reports.priced import Slot, priced, slot_start
from wallets.amounts import DIGITS

Kind, Account = LedgerEntry.Kind, LedgerEntry.Account
# A sum that is older than this says nothing about a moment.
NEAR = timedelta(hours=1)
PLACES = (("protocols", "protocol"), ("networks", "network"), ("symbols", "token"))
MOST_BARS = 8
NEVER = "nothing was added up in the hour before"


@dataclass(frozen=True, slots=True)
class Flows:
    """What came from outside and what went there, in US dollars; None where unknown."""

    inflow: Decimal | None
    outflow: Decimal | None
    problem: str

    @property
    def net(self) -> Decimal | None:
        """What came less what went."""
        if self.inflow is None or self.outflow is None:
            return None
        with localcontext(prec=2 * DIGITS):
            return self.inflow - self.outflow


def worth_section(ask: Ask) -> Section:
    """Value, change, what came from outside, and what is left of the change without that."""
    last, first = point_before(ask.until), point_before(ask.start)
    flows = flows_of(ask)
    return Section(
        "worth",
        "Value",
        (*_values(last, first, ask), *_flow_facts(flows), _result(last, first, flows)),
        charts=(_over_time(ask), *_distribution(last)),
    )


def point_before(moment: datetime) -> EquityPoint | None:
    """What was added up last before a moment, within an hour; known or not."""
    near = EquityPoint.objects.filter(at__lte=moment, at__gt=moment - NEAR)
    return near.order_by("-at", "-id").first()


def flows_of(ask: Ask) -> Flows:
    """By the books' accounts, at the prices of the time; with what added wallets brought."""
    uncounted, others = beside_entries(ask.start, ask.until)
    rows = ask.entries().filter(account=Account.OUTSIDE, kind__in=(Kind.IN, Kind.OUT))
    found = priced(rows.exclude(pk__in=uncounted) if uncounted else rows, "kind")
    ask.note_unpriced(found.problems())
    inflow, outflow = found.by[Kind.IN,].dollars, found.by[Kind.OUT,].dollars
    problem, beside = found.total.problem(found.tokens), added(others)
    if not others:
        return Flows(inflow, outflow, problem)
    if inflow is None or outflow is None or beside.dollars is None:
        return Flows(None, None, problem or beside.problem)
    with localcontext(prec=2 * DIGITS):
        told = [one.money.dollars or Decimal(0) for one in others]
        inflow += sum((one for one in told if one > 0), Decimal(0))
        outflow -= sum((one for one in told if one < 0), Decimal(0))
    return Flows(inflow, outflow, problem)


def _values(last: EquityPoint | None, first: EquityPoint | None, ask: Ask) -> list[Fact]:
    when = "now" if ask.until == ask.now else "at the end"
    now = from_cents("value", f"Value {when}", *_known(last))
    before = from_cents("value_before", "Value at the beginning", *_known(first))
    unknown = now.problem or before.problem
    return [now, before, from_cents("change", "Change", _difference(last, first), unknown)]


def _known(point: EquityPoint | None) -> tuple[int | None, str]:
    return (None, NEVER) if point is None else (point.cents, point.problem)


def _difference(last: EquityPoint | None, first: EquityPoint | None) -> int | None:
    if last is None or first is None or last.cents is None or first.cents is None:
        return None
    return last.cents - first.cents


def _flow_facts(flows: Flows) -> list[Fact]:
    return [
        dollars("inflow", "Came from outside", flows.inflow, flows.problem),
        dollars("outflow", "Went outside", flows.outflow, flows.problem),
    ]


def _result(last: EquityPoint | None, first: EquityPoint | None, flows: Flows) -> Fact:
    """What was won or lost: the change without what came and went."""
    change, net = _difference(last, first), flows.net
    unknown = _known(last)[1] or _known(first)[1] or flows.problem
    known = None if change is None or net is None else Decimal(change) / 100 - net
    return dollars("result", "Won or lost", known, unknown)


def _over_time(ask: Ask) -> Chart:
    """The last sum of each stretch; a stretch without one, or with an unknown one, is a gap."""
    minutes = 30 if ask.period.end - ask.start <= DAY else 120
    seconds, span = minutes * 60, EquityPoint.objects.filter(at__gte=ask.start, at__lt=ask.until)
    newest = span.annotate(slot=Slot(F("at"), seconds)).order_by().values("slot")
    kept = newest.annotate(last=Max("id")).values("last")
    rows = EquityPoint.objects.filter(pk__in=kept).order_by("at").values_list("at", "cents")
    known = {int(at.timestamp()) // seconds: value for at, value in rows}
    first = int(ask.start.timestamp()) // seconds
    slots = range(first, int((ask.until.timestamp() - 1) // seconds) + 1)
    stamp = "%H:%M" if minutes == 30 else "%m-%d %H:%M"
    values = (known.get(slot) for slot in slots)
    return Chart(
        "value_over_time",
        ChartKind.LINE,
        "Value over time",
        USD,
        tuple(f"{slot_start(slot, seconds):{stamp}}" for slot in slots),
        tuple(None if value is None else cents(value) for value in values),
    )


def _distribution(last: EquityPoint | None) -> list[Chart]:
    if last is None:
        return []
    charts = []
    for name, word in PLACES:
        if told := _largest(last.parts.get(name, {})):
            labels, values = zip(*told, strict=True)
            title = f"Value by {word}"
            charts.append(Chart(f"by_{word}", ChartKind.SHARES, title, USD, labels, values))
    return charts


def _largest(parts: dict[str, int]) -> list[tuple[str, str]]:
    """The largest by name, the rest as one."""
    ordered = sorted(parts.items(), key=lambda pair: (-pair[1], pair[0]))
    told = [(name, cents(value)) for name, value in ordered[:MOST_BARS]]
    rest = sum(value for _, value in ordered[MOST_BARS:])
    return [*told, ("all others", cents(rest))] if rest else told
