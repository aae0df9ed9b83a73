"""When one person's word is enough for a plan, and when a second one is asked."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.utils import timezone

from scheduling.models import Plan, PlanLine
from scheduling.plan_states import LineState
from scheduling.plans.calls import as_transaction
from wallets.amounts import show_amount
from wallets.models import Limit, Token, Transaction
from wallets.recipients import safe_among
from wallets.transactions.limits import amount_text, read_limits

# What one person moved alone within this time counts together: small plans in a row add up.
COUNTED_TOGETHER = timedelta(hours=24)


def reasons_for_second(plan: Plan, lines: Sequence[PlanLine]) -> list[str]:
    """Why a second person has to approve it, a sentence for each token; empty if none has to.

    What goes to a listed safe address needs nobody: that list is two persons' consent.
    """
    counted = without_safe(lines)
    totals, before = _totals(counted), _alone_before(plan)
    examples = {line.token_id: line for line in counted}
    found = (_reason(examples[pk], totals[pk], before[pk]) for pk in totals)
    return [sentence for sentence in found if sentence]


def allowed_alone(row: Transaction, token: str) -> int:
    """The most of a token that one person may send; 0 where no limit says so."""
    return min(read_limits(row.lane).amounts(row, Limit.Kind.SECOND_PERSON, token), default=0)


def _reason(line: PlanLine, total: int, before: int) -> str:
    row = as_transaction(line)
    limit = allowed_alone(row, line.token.address)
    if total + before <= limit:
        return ""
    shown = _shown(line.token, total)
    if before:
        shown += f", and {_shown(line.token, before)} within a day before it"
    if not limit:
        return f"{shown}: no limit says how much of it one person may move"
    return f"{shown}: more than the {amount_text(row, line.token.address, limit)} of one person"


def without_safe(lines: Sequence[PlanLine]) -> list[PlanLine]:
    """Those that go to no listed safe address."""
    found: list[PlanLine] = []
    for network in {line.token.network for line in lines}:
        here = [line for line in lines if line.token.network_id == network.pk]
        safe = safe_among({line.recipient for line in here}, network)
        found += [line for line in here if line.recipient not in safe]
    return found


def _alone_before(plan: Plan) -> Counter[int]:
    """What the same person has moved of each token on their own word alone."""
    since = timezone.now() - COUNTED_TOGETHER
    rows = PlanLine.objects.filter(
        plan__created_by=plan.created_by_id,
        plan__approved_by=plan.created_by_id,
        plan__approved_at__gte=since,
    )
    rows = rows.exclude(plan=plan.pk).exclude(state__in=(LineState.CANCELLED, LineState.FAILED))
    if plan.created_by_id is None:
        return Counter()
    return _totals(without_safe(list(rows.select_related("token__network"))))


def _totals(lines: Iterable[PlanLine]) -> Counter[int]:
    totals: Counter[int] = Counter()
    for line in lines:
        totals[line.token_id] += line.amount
    return totals


def _shown(token: Token, amount: int) -> str:
    return f"{show_amount(amount, token.decimals, token.symbol)} on {token.network.slug}"
