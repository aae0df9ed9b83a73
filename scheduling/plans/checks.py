"""What stands in the way of a line as our rows tell it now; the chain is not asked."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from protocols.guards import check_protocols
from scheduling.models import Plan, PlanLine
from scheduling.plan_states import OPEN_LINE, LineState, PlanState
from scheduling.plans.calls import as_transaction
from wallets.models import AddressBookEntry, Transaction, Wallet
from wallets.recipients import receivers_among
from wallets.transactions.guards import Answer
from wallets.transactions.limits import Limits, read_limits
from wallets.transactions.policy import PolicyRefusal, check_policy
from wallets.transactions.stop import read_stops

# A payment that was made so lately and comes again is more likely a slip than meant.
_LATELY = timedelta(hours=24)
_UNDER_WAY = (PlanState.APPROVED, PlanState.RUNNING)


def refusals_of(lines: Sequence[PlanLine]) -> dict[int, list[str]]:
    """Why each would be refused at its signature, by index: the same policy that is asked then."""
    found: dict[int, list[str]] = {}
    limits: dict[tuple[int, int], Limits] = {}
    for network in dict.fromkeys(line.token.network for line in lines):
        here = [line for line in lines if line.token.network_id == network.pk]
        receivers = receivers_among({line.recipient for line in here}, network)
        closed = _closed(as_transaction(here[0]))
        for line in here:
            row, lane = as_transaction(line), (line.wallet_id, network.pk)
            if lane not in limits:
                limits[lane] = read_limits(row.lane)
            found[line.index] = [*_refusals(line, row, limits[lane], receivers), *closed]
    return found


def _refusals(
    line: PlanLine, row: Transaction, limits: Limits, receivers: frozenset[str]
) -> Iterator[str]:
    if line.wallet.status != Wallet.Status.VERIFIED:
        yield f"{line.wallet.label} is {line.wallet.status}; only verified wallets sign"
    try:
        check_policy(row, limits, receivers)
    except PolicyRefusal as error:
        yield str(error)


def _closed(row: Transaction) -> list[str]:
    """Whether the protocol of all lines may act on the network."""
    verdict = check_protocols([row])[row.pk]
    return [] if verdict.answer is Answer.ALLOW else [verdict.sentence]


def holds_of(lines: Sequence[PlanLine]) -> dict[int, str]:
    """What would keep each waiting, by line; empty where nothing would."""
    stops = read_stops()
    return {line.pk: stops.reason(as_transaction(line)) for line in lines}


def rivals(plan: Plan, lines: Sequence[PlanLine]) -> Iterator[str]:
    """Lines of other plans that pay the same: the same may have been made twice."""
    ours: dict[tuple[int, int, str], list[PlanLine]] = defaultdict(list)
    for line in lines:
        ours[line.wallet_id, line.token_id, line.recipient].append(line)
    for other in _others(plan, lines):
        same = ours.get((other.wallet_id, other.token_id, other.recipient))
        if not same:
            continue
        what = (
            f"plan {other.plan_id} sends {other.token.symbol} from {other.wallet.label} to "
            f"{other.recipient}"
        )
        if other.state in OPEN_LINE:
            yield f"{what} already; finish or cancel it first"
        elif plan.balances_at and other.state_changed_at >= plan.balances_at:
            yield f"{what} since the balances were read; make this one anew"
        elif plan.kind == Plan.Kind.TRANSFER and any(_is_alike(other, one) for one in same):
            yield f"{what} within a day, as much and for the same; name another purpose if it is"


def _is_alike(one: PlanLine, other: PlanLine) -> bool:
    return (one.purpose, one.amount) == (other.purpose, other.amount)


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


def recipient_names(lines: Sequence[PlanLine]) -> dict[int, str]:
    """Whose address each line pays, as our rows tell it now, by line."""
    addresses = {line.recipient for line in lines}
    wallets = {one.address: one for one in Wallet.objects.filter(address__in=addresses)}
    rows = AddressBookEntry.objects.filter(address__in=addresses)
    entries = list(rows.exclude(status=AddressBookEntry.Status.REMOVED))
    return {line.pk: _name(line, wallets.get(line.recipient), entries) for line in lines}


def _name(line: PlanLine, wallet: Wallet | None, entries: Sequence[AddressBookEntry]) -> str:
    if wallet is not None:
        return f"{wallet.label} ({'safe address' if wallet.safe_address else 'our wallet'})"
    here = (None, line.token.network_id)
    for one in entries:
        if one.address == line.recipient and one.network_id in here:
            kind = "safe address" if one.is_safe else "address book"
            return f"{one.label} ({kind}, {one.status})"
    return "unknown"
