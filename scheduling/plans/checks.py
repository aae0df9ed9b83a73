"""What stands in the way of a line as our rows tell it now; the chain is not asked."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from protocols.guards import check_protocols
from scheduling.models import Plan, PlanLine
from scheduling.plan_states import OPEN_LINE, LineState, PlanState
from scheduling.plans.calls import as_transaction
from wallets.models import AddressBookEntry, Wallet
from wallets.transactions.guards import Answer
from wallets.transactions.policy import PolicyRefusal, check_policy
from wallets.transactions.stop import stop_reason

# A payment that was made so lately and comes again is more likely a slip than meant.
_LATELY = timedelta(hours=24)
_UNDER_WAY = (PlanState.APPROVED, PlanState.RUNNING)


def refusals(line: PlanLine) -> Iterator[str]:
    """Why it would be refused at its signature: the same policy that is asked then."""
    if line.wallet.status != Wallet.Status.VERIFIED:
        yield f"{line.wallet.label} is {line.wallet.status}; only verified wallets sign"
    row = as_transaction(line)
    try:
        check_policy(row)
    except PolicyRefusal as error:
        yield str(error)
    verdict = check_protocols([row])[row.pk]
    if verdict.answer is not Answer.ALLOW:
        yield verdict.sentence


def holds(line: PlanLine) -> Iterator[str]:
    """What would keep it waiting."""
    if reason := stop_reason(as_transaction(line)):
        yield reason


def rivals(plan: Plan, lines: Sequence[PlanLine]) -> Iterator[str]:
    """Lines of other plans that pay the same: the same may have been made twice."""
    keys = {(line.wallet_id, line.token_id, line.recipient): line for line in lines}
    for other in _others(plan, lines):
        line = keys.get((other.wallet_id, other.token_id, other.recipient))
        if line is None:
            continue
        what = (
            f"plan {other.plan_id} sends {other.token.symbol} from {other.wallet.label} to "
            f"{other.recipient}"
        )
        if other.state in OPEN_LINE:
            yield f"{what} already; finish or cancel it first"
        elif plan.balances_at and other.state_changed_at >= plan.balances_at:
            yield f"{what} since the balances were read; make this one anew"
        elif other.purpose == line.purpose and other.amount == line.amount and not plan.balances_at:
            yield f"{what} within a day, as much and for the same; name another purpose if it is"


def _others(plan: Plan, lines: Sequence[PlanLine]) -> QuerySet[PlanLine]:
    """Open lines of plans under way, and what was done lately, of the same wallets and tokens."""
    lately = timezone.now() - _LATELY
    under_way = Q(state__in=OPEN_LINE, plan__state__in=_UNDER_WAY)
    done = Q(state=LineState.DONE, state_changed_at__gte=lately)
    rows = PlanLine.objects.filter(
        under_way | done,
        wallet__in={line.wallet_id for line in lines},
        token__in={line.token_id for line in lines},
    )
    return rows.exclude(plan=plan.pk).select_related("wallet", "token__network").order_by("pk")


def recipient_name(line: PlanLine) -> str:
    """Whose address it is, as our rows tell it now."""
    wallet = Wallet.objects.filter(address=line.recipient).first()
    if wallet is not None:
        return f"{wallet.label} ({'safe address' if wallet.safe_address else 'our wallet'})"
    here = Q(network=None) | Q(network=line.token.network_id)
    entries = AddressBookEntry.objects.filter(here, address=line.recipient)
    entry = entries.exclude(status=AddressBookEntry.Status.REMOVED).first()
    if entry is None:
        return "unknown"
    return f"{entry.label} ({'safe address' if entry.is_safe else 'address book'}, {entry.status})"
