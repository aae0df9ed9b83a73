"""Proposing a rebalance: moves, what they cost and bring; nothing is asked of a wallet yet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from analytics.allocation.approving import OPERATE, digest_of_moves
from analytics.allocation.benefits import benefit_cents
from analytics.allocation.computing import RESERVE, Computed, compute, keep, kept_run, lines_of
from analytics.allocation.costs import Priced, PricedLeg, Pricing, params_of
from analytics.allocation.moves import Draft, NoRoute, drafts_of
from analytics.allocation.shifts import Shift, after, shifts_of
from analytics.allocation.states import REBALANCE, RebalanceState
from analytics.allocation.stock import Stock
from analytics.allocation.values import WHOLE, CannotAllocate
from analytics.models import AllocationPolicy, AllocationRun, Rebalance, RebalanceEvent
from protocols.previews import ClientOf
from scheduling.approvals.reasons import above, read_person_limits
from scheduling.gates.figures import dollars
from scheduling.plans.making import Maker
from wallets.address_book import require_right
from wallets.amounts import show_amount
from wallets.chain.client import NetworkClient
from wallets.transitions import born, move

# Quotes and prices are as old then as somebody may still approve.
HOLDS = timedelta(hours=1)
S = RebalanceState


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would be kept as a rebalance; `refused` says why it is not worth it."""

    priced: tuple[Priced, ...]
    without_route: tuple[str, ...]
    cost_cents: int
    benefit_cents: int | None
    second_person: tuple[str, ...]
    refused: str


def propose(
    *,
    policy: AllocationPolicy,
    maker: Maker,
    client_of: ClientOf = NetworkClient,
    now: datetime | None = None,
    tell: Callable[[str], None] = lambda _line: None,
) -> Rebalance:
    """Compute anew, price the moves and keep them, as proposed or as refused.

    CannotAllocate where there is no target, nothing to move, or one is under way.
    """
    if maker.person is not None:
        require_right(maker.person, OPERATE)
    moment = now or timezone.now()
    _require_none_under_way(policy)
    run, found = kept_run(policy, moment)
    if found is None:
        raise CannotAllocate(run.problem)
    return _keep(run, weigh(found, moment, client_of, tell), maker, moment)


def try_out(
    *,
    policy: AllocationPolicy,
    client_of: ClientOf = NetworkClient,
    now: datetime | None = None,
    tell: Callable[[str], None] = lambda _line: None,
) -> Rebalance:
    """The same, and nothing is kept."""
    moment = now or timezone.now()
    _require_none_under_way(policy)
    found = compute(policy, moment)
    run = keep(found, moment, save=False)
    return _as_row(run, weigh(found, moment, client_of, tell), None, moment)


def weigh(
    found: Computed, now: datetime, client_of: ClientOf, tell: Callable[[str], None]
) -> Proposal:
    """The moves with their prices, and whether they are worth it."""
    lines, policy = lines_of(found), found.policy
    most = found.holdings.total_cents * policy.max_turnover_bps // WHOLE
    shifts = shifts_of(lines, least=policy.min_trade_cents, most=most)
    if not shifts:
        least = dollars(policy.min_trade_cents)
        raise CannotAllocate(f"everything is within {least} of its target; nothing to do")
    priced, without = _price(found, shifts, now, client_of, tell)
    cost = sum(one.cost_cents for one in priced)
    benefit = _benefit(found, lines, priced)
    second = _second_person(priced)
    refused = _refusal(found, priced, without, cost, benefit)
    return Proposal(tuple(priced), tuple(without), cost, benefit, tuple(second), refused)


def _price(
    found: Computed,
    shifts: Sequence[Shift],
    now: datetime,
    client_of: ClientOf,
    tell: Callable[[str], None],
) -> tuple[list[Priced], list[str]]:
    stock = Stock.read(now)
    pricing = Pricing(found.policy, stock, client_of)
    priced: list[Priced] = []
    without: list[str] = []
    for draft in drafts_of(found, shifts, stock):
        if isinstance(draft, NoRoute):
            without.append(f"{dollars(draft.cents)} from {draft.sentence}")
            continue
        tell(f"asking {draft.source.network} what {_words(found, draft)} costs")
        try:
            priced.append(pricing.price(draft))
        except CannotAllocate as error:
            without.append(f"{_words(found, draft)} needs a route: {error}")
    return priced, without


def _benefit(
    found: Computed, lines: Sequence[dict[str, Any]], priced: Sequence[Priced]
) -> int | None:
    if found.statistics is None:
        return None
    moved = [
        Shift(one.draft.shift.source, one.draft.shift.target, one.draft.cents) for one in priced
    ]
    return benefit_cents(
        found.policy,
        found.statistics.covariance,
        before=[line["current_cents"] for line in lines],
        after=after(lines, moved),
        target_bps=found.target,
    )


def _second_person(priced: Sequence[Priced]) -> list[str]:
    """What all calls give away counts together: an amount that is split is no smaller."""
    limits = read_person_limits()
    calls = [call for one in priced for leg in one.legs for call in leg.calls]
    return list(dict.fromkeys(above(calls, limits))) if limits.rows else []


def _refusal(
    found: Computed,
    priced: Sequence[Priced],
    without: Sequence[str],
    cost: int,
    benefit: int | None,
) -> str:
    if not priced:
        return f"nothing of it can be moved: {'; '.join(without)}"
    if benefit is None:
        unknown = next((one for one in found.problems if "is unknown" in one), "")
        return unknown or "what it would bring is unknown"
    if cost >= benefit:
        days = found.policy.horizon_days
        return (
            f"it costs {dollars(cost)} and brings {dollars(benefit)} in {days} days; nothing is "
            "moved for that"
        )
    return ""


def _require_none_under_way(policy: AllocationPolicy) -> None:
    """Two at once would move the same difference twice."""
    event = RebalanceEvent.objects.filter(rebalance__policy=policy, ended_at=None).first()
    if event is not None:
        raise CannotAllocate(
            f"rebalance {event.rebalance_id} is under way; wait until its runs are over and booked"
        )
    approved = Rebalance.objects.filter(policy=policy, state=S.APPROVED).first()
    if approved is not None:
        raise CannotAllocate(f"rebalance {approved.pk} is approved; apply it or refuse it first")


def _keep(run: AllocationRun, found: Proposal, maker: Maker, now: datetime) -> Rebalance:
    """A proposal takes the place of an older one."""
    row = _as_row(run, found, maker, now)
    with transaction.atomic():
        AllocationPolicy.objects.select_for_update().get(pk=row.policy_id)
        _require_none_under_way(row.policy)
        for older in Rebalance.objects.filter(policy=row.policy, state=S.PROPOSED):
            told = "a newer one was asked for"
            move(older, S.EXPIRED, machine=REBALANCE, actor=maker.actor, reason=told, detail=told)
        row.save()
        born(row, machine=REBALANCE, actor=maker.actor, reason=row.detail or f"{run}")
    return row


def _as_row(run: AllocationRun, found: Proposal, maker: Maker | None, now: datetime) -> Rebalance:
    moves = [facts_of(one, run) for one in found.priced]
    return Rebalance(
        run=run,
        policy=run.policy,
        state=S.REFUSED if found.refused else S.PROPOSED,
        detail=found.refused[:500],
        moves=moves,
        without_route=list(found.without_route),
        cost_cents=found.cost_cents,
        benefit_cents=found.benefit_cents,
        digest=digest_of_moves(run.policy, moves),
        second_person=list(found.second_person),
        created_by_id=maker.person.pk if maker and maker.person else None,
        created_from=maker.actor[:100] if maker else "",
        expires_at=now + HOLDS,
    )


def facts_of(one: Priced, run: AllocationRun) -> dict[str, Any]:
    """A move as it is kept: exactly what its tasks will be asked."""
    slippage = run.policy.slippage_bps
    names = [line["name"] for line in run.lines]
    draft = one.draft
    return {
        "from": names[draft.shift.source],
        "to": names[draft.shift.target],
        "cents": draft.cents,
        "cost_cents": one.cost_cents,
        "legs": [_leg_facts(leg, slippage) for leg in one.legs],
    }


def _leg_facts(one: PricedLeg, slippage: int) -> dict[str, Any]:
    leg = one.leg
    total = sum(amount for _, amount in one.taken)
    return {
        "kind": leg.kind,
        "protocol": leg.protocol,
        "action": leg.action,
        "network": leg.network.slug,
        "words": f"{leg.words}: {show_amount(total, leg.token.decimals, leg.token.symbol)}",
        "fee_dollars": f"{one.fee:f}",
        "loss_dollars": f"{one.loss:f}",
        "wallets": {wallet.label: params_of(leg, amount, slippage) for wallet, amount in one.taken},
    }


def _words(found: Computed, draft: Draft) -> str:
    names = (*found.bounds.names, RESERVE)
    cents, shift = dollars(draft.cents), draft.shift
    return f"{cents} from {names[shift.source]} to {names[shift.target]}"
