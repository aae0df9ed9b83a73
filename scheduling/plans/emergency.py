"""Emptying wallets in trouble to a listed safe address, at once and at any hour."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from scheduling.models import Plan, PlanLine
from scheduling.plan_states import OPEN_LINE, PlanState
from scheduling.plans.checks import refusals_of
from scheduling.plans.emptying import everything_of
from scheduling.plans.making import Maker, Payment, line_of, make_plan
from scheduling.plans.services import approve_plan, run_plan
from wallets.models import AddressBookEntry, Network, Transaction, Wallet
from wallets.recipients import is_safe
from wallets.transactions.operator import NotPossible


@dataclass(slots=True)
class Drained:
    """What was set going, and what nobody knows enough about to move."""

    plan: Plan | None = None
    payments: list[Payment] = field(default_factory=list)
    under_way: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def only_safe_address() -> str:
    """The listed safe address where there is one and no other, or NotPossible."""
    entries = AddressBookEntry.objects.filter(is_safe=True, status="confirmed")
    wallets = Wallet.objects.filter(safe_address=True)
    known = {*entries.values_list("address", flat=True), *wallets.values_list("address", flat=True)}
    if len(known) != 1:
        raise NotPossible(
            f"{len(known) or 'no'} safe addresses are listed; say which with --to, or list one: "
            "addresses add LABEL ADDRESS --safe, and have it confirmed"
        )
    return known.pop()


def drain_wallets(
    *, wallets: Sequence[Wallet], to: str, maker: Maker, dry_run: bool = False
) -> Drained:
    """Send all they hold to the safe address, fast; pressed twice it drains once.

    Neither tasks nor their stops matter to it. What is unknown, and what policy or a limit would
    refuse, is named and left: it keeps nothing else from leaving.
    """
    networks = [one for one in _networks() if is_safe(to, one)]
    if not networks:
        raise NotPossible(f"{to} is no listed safe address on any network")
    found = everything_of(wallets=wallets, networks=networks, to=to, purpose="emergency drain")
    done = Drained(unknown=[one.sentence for one in found.unknown])
    left = (one for one in _networks() if one not in networks)
    done.unknown += [f"{to} is no listed safe address on {one.slug}" for one in left]
    for payment in found.payments:
        open_line, what = _open_line(payment), f"{payment.token} of {payment.wallet}"
        if open_line is not None:
            done.under_way.append(f"{open_line} sends {what}")
        elif reason := _refusal(payment):
            done.refused.append(f"{what}: {reason}")
        else:
            done.payments.append(payment)
    if done.payments and not dry_run:
        done.plan = _set_going(done.payments, wallets, maker)
    return done


def _set_going(payments: Sequence[Payment], wallets: Sequence[Wallet], maker: Maker) -> Plan:
    plan = make_plan(
        kind=Plan.Kind.DRAIN,
        title=f"drain {', '.join(wallet.label for wallet in wallets)}",
        payments=payments,
        maker=maker,
        urgency=Transaction.Urgency.FAST,
    )
    return run_plan(plan=approve_plan(plan=plan, maker=maker), maker=maker)


def _refusal(payment: Payment) -> str:
    """Why it would never be signed as things stand."""
    plan = Plan(kind=Plan.Kind.DRAIN, urgency=Transaction.Urgency.FAST)
    (reasons,) = refusals_of([line_of(plan, 1, payment)]).values()
    return "; ".join(reasons)


def _networks() -> QuerySet[Network]:
    return Network.objects.filter(enabled=True).order_by("chain_id")


def _open_line(payment: Payment) -> PlanLine | None:
    """A line that drains the same already."""
    rows = PlanLine.objects.filter(
        wallet=payment.wallet,
        token=payment.token,
        recipient=payment.recipient,
        state__in=OPEN_LINE,
        plan__state__in=(PlanState.APPROVED, PlanState.RUNNING),
    )
    return rows.first()
