"""What was sent and run, and how that ended."""

from collections import defaultdict

from django.db.models import Count

from analytics.models import LedgerEntry
from analytics.reports.ask import TOLD, Ask
from analytics.reports.document import Chart, ChartKind, Fact, Section, Table
from analytics.reports.numbers import count, percent
from scheduling.models import Run
from scheduling.states import FINISHED_RUN, RunState
from wallets.models import Transaction
from wallets.transactions.states import ENDED_UNSENT, Outcome
from wallets.transactions.states import TransactionState as S

NO_BLOCK = ENDED_UNSENT
NOTHING_SENT = "no transaction came into a block"
ENDED = (*FINISHED_RUN, RunState.NEEDS_OPERATOR)


def transactions_section(ask: Ask) -> Section:
    """Those that came into a block then, as the books have them, and those that never will."""
    # Each has exactly one fee in the books, so its outcome is counted once.
    fees = ask.entries().filter(kind=LedgerEntry.Kind.FEE, transaction__isnull=False)
    names = ("transaction__network__slug", "transaction__protocol", "transaction__outcome")
    found = list(fees.values_list(*names).annotate(n=Count("pk")))
    outcomes: dict[str, int] = defaultdict(int)
    for *_, outcome, n in found:
        outcomes[outcome] += n
    return Section(
        "transactions",
        "Transactions",
        (*_rates(outcomes), *_without_block(ask)),
        (_places(found),),
        (_bars("transactions_by_outcome", "Transactions by outcome", outcomes),),
    )


def _rates(outcomes: dict[str, int]) -> list[Fact]:
    done, total = outcomes[Outcome.SUCCEEDED], sum(outcomes.values())
    share = percent(done, total)
    return [
        count("mined", "In blocks", total),
        count("succeeded", "Succeeded", done),
        Fact("success_rate", "Success rate", share, "%", "" if share else NOTHING_SENT),
    ]


def _without_block(ask: Ask) -> list[Fact]:
    rows = Transaction.objects.filter(
        state__in=NO_BLOCK, state_changed_at__gte=ask.start, state_changed_at__lt=ask.until
    )
    found = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
    return [count(state, str(S(state).label), found.get(state, 0)) for state in NO_BLOCK]


def _places(found: list[tuple[str, str, str, int]]) -> Table:
    sums: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for network, protocol, outcome, n in found:
        sums[network, protocol][outcome] += n
    rows = [
        (network, protocol, *_counts(by), percent(by[Outcome.SUCCEEDED], sum(by.values())))
        for (network, protocol), by in sums.items()
    ]
    rows.sort()
    columns = ("Network", "Protocol", *(str(one.label) for one in Outcome), "Success rate %")
    title = "Transactions by network and protocol"
    return Table("places", title, columns, tuple(rows[:TOLD]), len(rows[TOLD:]))


def _counts(by: dict[str, int]) -> list[str]:
    return [str(by[outcome]) for outcome in Outcome]


def _bars(key: str, title: str, counts: dict[str, int]) -> Chart:
    told = sorted(counts.items())
    labels = tuple(name or "–" for name, _ in told)
    values = tuple(str(n) for _, n in told)
    return Chart(key, ChartKind.BARS, title, "transactions", labels, values)


def runs_section(ask: Ask) -> Section:
    """Runs that ended then, by how; what failed, and why."""
    ended = Run.objects.filter(
        state__in=ENDED, state_changed_at__gte=ask.start, state_changed_at__lt=ask.until
    ).order_by()
    found = dict(ended.values_list("state").annotate(n=Count("pk")))
    facts = [count(state, str(RunState(state).label), found.get(state, 0)) for state in ENDED]
    failed = ended.filter(state__in=(RunState.FAILED, RunState.NEEDS_OPERATOR))
    why = failed.values_list("task__name", "task__protocol__slug", "detail").annotate(n=Count("pk"))
    rows = list(why.order_by("-n", "task__name", "detail")[: TOLD + 1])
    told = tuple((task, protocol, why, str(n)) for task, protocol, why, n in rows[:TOLD])
    table = Table("failures", "What failed, and why", ("Task", "Protocol", "Why", "Runs"), told)
    notes = ("More reasons than these are in the list of runs.",) if len(rows) > TOLD else ()
    return Section("runs", "Runs", tuple(facts), (table,), notes=notes)
