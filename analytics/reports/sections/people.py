"""What waits for a person at the moment the report is made."""

from collections.abc import Iterator

from analytics.models import Unbooked
from analytics.reports.ask import TOLD, Ask
from analytics.reports.document import Fact, Section, Table
from analytics.reports.numbers import count
from protocols.selectors import changed_deployments
from scheduling.allowances import needing_operator
from scheduling.approvals.asking import waiting_approvals
from scheduling.models import Breaker, Run
from scheduling.pauses import standing_pauses
from scheduling.states import BreakerState, RunState
from wallets.amounts import show_amount
from wallets.minimums import balances_under_minimum, count_unknown_minimums
from wallets.models import EmergencyStop, NonceLane, SignedRequest, Transaction
from wallets.transactions.states import RequestState
from wallets.transactions.states import TransactionState as S


def people_section(_ask: Ask) -> Section:
    """How much of each kind, and the approvals one by one."""
    waiting = waiting_approvals().select_related("run__task", "run__wallet").order_by("expires_at")
    approvals = list(waiting[: TOLD + 1])
    facts = (count("approvals", "Approvals waiting", waiting.count()), *_facts())
    rows = tuple(
        (
            str(one.pk),
            one.run.task.name,
            one.run.wallet.label,
            "; ".join(one.reasons),
            f"{one.expires_at:%Y-%m-%d %H:%M}",
        )
        for one in approvals[:TOLD]
    )
    columns = ("Approval", "Task", "Wallet", "Why", "Until (UTC)")
    table = Table("approvals", "Approvals waiting", columns, rows, int(facts[0].value) - len(rows))
    return Section("people", "Needs a person now", facts, (table,), notes=tuple(standing_pauses()))


def _facts() -> Iterator[Fact]:
    needed = (
        ("transactions", "Transactions", Transaction.objects.filter(state=S.NEEDS_OPERATOR)),
        (
            "requests",
            "Signed requests",
            SignedRequest.objects.filter(state=RequestState.NEEDS_OPERATOR),
        ),
        ("runs", "Runs", Run.objects.filter(state=RunState.NEEDS_OPERATOR)),
        ("allowances", "Allowances not taken back", needing_operator()),
        ("stops", "Emergency stops", EmergencyStop.objects.filter(engaged=True)),
        ("lanes", "Paused lanes", NonceLane.objects.filter(paused=True)),
        ("breakers", "Open breakers", Breaker.objects.exclude(state=BreakerState.CLOSED)),
        ("deployments", "Contracts changed on chain", changed_deployments()),
        ("unbooked", "Transactions not booked", Unbooked.objects.all()),
    )
    for key, label, rows in needed:
        yield count(key, label, rows.count())


def minimums_section(_ask: Ask) -> Section:
    """Balances below what somebody wants them to be, as they are now."""
    under = balances_under_minimum()
    rows = list(
        under.select_related("wallet", "token__network").order_by("wallet__label", "token")[:TOLD]
    )
    total = under.count()
    told = tuple(
        (one.wallet.label, str(one.token), show_amount(one.amount or 0, one.token.decimals))
        for one in rows
    )
    columns = ("Wallet", "Token", "Has")
    facts = (
        count("under", "Below their minimum", total),
        count("unknown", "Not known", count_unknown_minimums()),
    )
    table = Table("under", "Wallets below their minimum", columns, told, total - len(told))
    return Section("minimums", "Minimum balances", facts, (table,))
