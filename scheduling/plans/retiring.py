"""Retiring a wallet: everything leaves it, zero is seen on chain, and it is archived.

Each call does what can be done now and says what is waited for; called again it goes on from what
the rows and the chains tell, so nothing is lost when it is interrupted.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from scheduling.models import Plan
from scheduling.plan_states import OPEN_PLAN, PlanState
from scheduling.plans.emptying import Computed, everything_of
from scheduling.plans.making import Maker, make_plan
from scheduling.plans.obstacles import Finding, findings, pending
from scheduling.plans.services import approve_plan, cancel_plan, is_stale, run_plan
from scheduling.services import take_off_tasks
from wallets.models import Network, Transaction, Wallet
from wallets.recipients import is_safe
from wallets.transactions.operator import NotPossible
from wallets.transitions import recorded
from wallets.verification import WALLET_HISTORY


@dataclass(slots=True)
class Report:
    """How far the retirement is."""

    wallet: Wallet
    sentence: str
    plan: Plan | None = None
    findings: list[Finding] = field(default_factory=list)
    computed: Computed | None = None
    is_over: bool = False


def look_at(
    *, wallet: Wallet, to: str, acknowledged: Collection[str], also: Sequence[Finding] = ()
) -> Report:
    """What retiring it would meet and move; nothing is changed. `also` is what only others know."""
    _require_may_retire(wallet, to)
    found = [*findings(wallet), *also]
    computed = _computed(wallet, to)
    said = [*pending(wallet), *(one.sentence for one in _open(found, acknowledged))]
    said += [one.sentence for one in computed.unknown if one.key not in acknowledged]
    sentence = "; ".join(said) or f"{len(computed.payments)} payments would empty it"
    return Report(wallet, sentence, findings=found, computed=computed)


def retire_wallet(
    *,
    wallet: Wallet,
    to: str,
    maker: Maker,
    acknowledged: Collection[str] = (),
    also: Sequence[Finding] = (),
) -> Report:
    """Go on with retiring it as far as possible now; NotPossible says what stands in the way."""
    if wallet.status == Wallet.Status.RETIRED:
        return Report(wallet, f"{wallet.label} is retired", is_over=True)
    _require_may_retire(wallet, to)
    plan = _drain_under_way(wallet)
    if plan is not None and not _given_up(plan, maker):
        return _go_on(wallet, plan, to, maker)
    if reasons := pending(wallet):
        raise NotPossible(f"{wallet.label} cannot be retired yet: {'; '.join(reasons[:5])}")
    found = [*findings(wallet), *also]
    if left := _open(found, acknowledged):
        raise NotPossible(_unacknowledged(wallet, left))
    computed = _computed(wallet, to)
    _require_known(computed, acknowledged)
    take_off_tasks(wallet=wallet, actor=maker.actor, reason="it is being retired")
    if computed.payments:
        return _drain(wallet, computed, to, maker, found)
    return _archive(wallet, to, maker, found)


def _go_on(wallet: Wallet, plan: Plan, to: str, maker: Maker) -> Report:
    if plan.state == PlanState.APPROVED:
        plan = run_plan(plan=plan, maker=maker)
    elif plan.state == PlanState.DRAFT and _needs_nobody(plan):
        plan = run_plan(plan=_approved(plan, maker), maker=maker)
    sentence = (
        f"{plan} waits for its approval: plans approve {plan.pk}"
        if plan.state == PlanState.DRAFT
        else f"{plan} is {plan.state}; ask again when it is done"
    )
    return Report(wallet, sentence, plan)


def _approved(plan: Plan, maker: Maker) -> Plan:
    """What is refused is made anew once that is put right: it does not stay in the way."""
    try:
        return approve_plan(plan=plan, maker=maker)
    except NotPossible as error:
        cancel_plan(plan=plan, maker=maker, reason=f"refused: {error}")
        raise


def _drain(
    wallet: Wallet, computed: Computed, to: str, maker: Maker, found: list[Finding]
) -> Report:
    plan = make_plan(
        kind=Plan.Kind.DRAIN,
        title=f"retire {wallet.label}",
        payments=computed.payments,
        maker=maker,
        balances_at=computed.read_at,
    )
    report = _go_on(wallet, plan, to, maker)
    report.findings, report.computed = found, computed
    return report


def _archive(wallet: Wallet, to: str, maker: Maker, found: list[Finding]) -> Report:
    """Nothing above dust is left, as the chains said a moment ago."""
    reason = f"everything went to {to}; what is left is dust"
    with transaction.atomic():
        row = Wallet.objects.select_for_update().get(pk=wallet.pk)
        if reasons := pending(row):
            raise NotPossible(f"{row.label} cannot be retired yet: {reasons[0]}")
        if row.status != wallet.status:
            raise NotPossible(f"{row.label} was changed meanwhile; look at it and ask again")
        retired = Wallet.Status.RETIRED
        Wallet.objects.filter(pk=row.pk).update(status=retired, status_reason=reason[:300])
        recorded(WALLET_HISTORY, row.pk, row.status, retired, actor=maker.actor, reason=reason)
    wallet.refresh_from_db()
    return Report(wallet, f"{wallet.label} is retired: {reason}", findings=found, is_over=True)


def _computed(wallet: Wallet, to: str) -> Computed:
    networks = Network.objects.filter(enabled=True).order_by("chain_id")
    return everything_of(
        wallets=[wallet], networks=networks, to=to, purpose=f"retire {wallet.label}"
    )


def _require_may_retire(wallet: Wallet, to: str) -> None:
    if wallet.status != Wallet.Status.VERIFIED:
        raise NotPossible(f"{wallet.label} is {wallet.status}; only verified wallets sign")
    if wallet.safe_address:
        raise NotPossible(f"{wallet.label} is a listed safe address; take it off that list first")
    if to == wallet.address:
        raise NotPossible(f"{wallet.label} would pay itself; name another recipient")


def _drain_under_way(wallet: Wallet) -> Plan | None:
    """The plan that empties it, made by an earlier call."""
    rows = Plan.objects.filter(
        kind=Plan.Kind.DRAIN, state__in=OPEN_PLAN, lines__wallet=wallet
    ).exclude(urgency=Transaction.Urgency.FAST)
    return rows.order_by("-pk").first()


def _given_up(plan: Plan, maker: Maker) -> bool:
    """One that was left so long that its balances say nothing any more is made anew."""
    if plan.state == PlanState.RUNNING or not is_stale(plan):
        return False
    cancel_plan(plan=plan, maker=maker, reason="its balances are old; it is made anew")
    return True


def _needs_nobody(plan: Plan) -> bool:
    return all(
        is_safe(line.recipient, line.token.network)
        for line in plan.lines.select_related("token__network")
    )


def _open(found: Sequence[Finding], acknowledged: Collection[str]) -> list[Finding]:
    return [one for one in found if one.blocks and one.key not in acknowledged]


def _unacknowledged(wallet: Wallet, left: Sequence[Finding]) -> str:
    told = "; ".join(f"{one.sentence} (--acknowledge {one.key})" for one in left[:5])
    more = f" and {len(left) - 5} more" if len(left) > 5 else ""
    return f"{wallet.label} would leave something behind: {told}{more}"


def _require_known(computed: Computed, acknowledged: Collection[str]) -> None:
    """A network that does not answer may be left out by name; a balance is never guessed."""
    left = [one for one in computed.unknown if one.key not in acknowledged]
    if left:
        told = "; ".join(f"{one.sentence} (--acknowledge {one.key})" for one in left[:5])
        raise NotPossible(f"nothing is guessed: {told}")
