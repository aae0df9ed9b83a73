"""The checks of what is under way and of what waits for a person."""

from typing import Any

from airdrops_site.health.component import Component, Severity, show_time
from airdrops_site.health.survey import Survey
from protocols.selectors import changed_deployments
from scheduling.allowances import needing_operator
from scheduling.approvals.asking import waiting_approvals
from scheduling.models import Breaker, Run
from scheduling.risk import is_raised, latest_reading
from scheduling.states import BreakerState, RunState
from wallets.minimums import balances_under_minimum, count_unknown_minimums
from wallets.models import EmergencyStop, Installation, NonceLane, SignedRequest, Transaction
from wallets.selectors import pending_transactions, stuck_transactions
from wallets.transactions.states import RequestState as R
from wallets.transactions.states import TransactionState as S


def look_at_transactions(survey: Survey) -> Component:
    """`pending` has a nonce and is in no block; `stuck` has been so for too long.

    `wallets.selectors` says how long that is.
    """
    pending = pending_transactions().count()
    stuck = stuck_transactions(survey.now).count()
    public = {"pending": pending, "stuck": stuck}
    if not stuck:
        return Component(public)
    problem = (
        f"{stuck} transactions have had a nonce for long and are in no block; nothing is lost, "
        "look at their fees and at the network."
    )
    return Component(public, Severity.DEGRADED, problems=(problem,))


def look_at_risk(_survey: Survey) -> Component:
    """Whether signing is forbidden anywhere, and how much waits for a person.

    `stopped` as soon as any emergency stop is engaged or the installation is paused. `alerts` is
    the sum of `open_facts`.
    """
    facts = open_facts()
    stopped = facts["engaged_stops"] or facts["paused_installation"]
    stops = [
        {
            "scope": row.scope_value or "everything",
            "mode": row.mode,
            "reason": row.reason,
            "since": show_time(row.changed_at),
        }
        for row in EmergencyStop.objects.filter(engaged=True)
    ]
    return Component(
        {"status": "stopped" if stopped else "active", "alerts": sum(facts.values())},
        Severity.DEGRADED if any(facts.values()) else Severity.HEALTHY,
        {"open": facts, "stops": stops, "risk": _risk()},
        tuple(_WORDS[name].format(count) for name, count in facts.items() if count),
    )


def _risk() -> dict[str, Any]:
    """The level as it was last worked out, for who may see details."""
    reading = latest_reading()
    if reading is None:
        return {"level": None, "reasons": [], "at": None}
    return {"level": reading.level, "reasons": reading.reasons, "at": show_time(reading.at)}


def open_facts() -> dict[str, int]:
    """What only a person can end, by kind; a stuck transaction is not here, it can heal by itself.

    Engaged emergency stops, a paused installation, paused lanes, transactions, signed requests and
    runs that need an operator, allowances that could not be taken back, balances below their
    minimum or not known though they have one, contracts that have changed on chain, circuit
    breakers that are not closed, runs that wait for a second person, and a risk level of high or
    critical.
    """
    return {
        "engaged_stops": EmergencyStop.objects.filter(engaged=True).count(),
        "paused_installation": Installation.objects.filter(paused=True).count(),
        "paused_lanes": NonceLane.objects.filter(paused=True).count(),
        "transactions_needing_operator": Transaction.objects.filter(state=S.NEEDS_OPERATOR).count(),
        "requests_needing_operator": SignedRequest.objects.filter(state=R.NEEDS_OPERATOR).count(),
        "balances_under_minimum": balances_under_minimum().count(),
        "minimum_balances_unknown": count_unknown_minimums(),
        "runs_needing_operator": Run.objects.filter(state=RunState.NEEDS_OPERATOR).count(),
        "allowances_needing_operator": needing_operator().count(),
        "changed_contracts": changed_deployments().count(),
        "breakers_not_closed": Breaker.objects.exclude(state=BreakerState.CLOSED).count(),
        "approvals_waiting": waiting_approvals().count(),
        "risk_raised": int(is_raised()),
    }


_WORDS = {
    "engaged_stops": (
        "Emergency stops engaged: {}; `manage.py emergency status` shows them, and `manage.py "
        "emergency resume` lifts one when it is safe."
    ),
    "paused_installation": "The installation is paused: nothing is signed until it is resumed.",
    "paused_lanes": "Nonce lanes paused: {}; each says why in the console.",
    "transactions_needing_operator": (
        "Transactions that need an operator: {}; `manage.py tx list --state needs_operator`."
    ),
    "requests_needing_operator": (
        "Signed requests that need an operator: {}; each says why in the console."
    ),
    "balances_under_minimum": (
        "Balances below their minimum: {}; `manage.py wallets balances --under-minimum` shows them."
    ),
    "minimum_balances_unknown": (
        "Balances that have a minimum and are not known: {}; `manage.py wallets balances "
        "--refresh` says why."
    ),
    "runs_needing_operator": (
        "Runs that need an operator: {}; `manage.py runs list --state needs_operator`."
    ),
    "allowances_needing_operator": (
        "Allowances that could not be taken back: {}; see Run allowances in the console."
    ),
    "changed_contracts": (
        "Contracts that have changed on chain and are disabled: {}; `manage.py deployments list "
        "--changed` says which."
    ),
    "breakers_not_closed": (
        "Protocols with an open circuit breaker, which begin nothing: {}; `manage.py breaker list` "
        "says why."
    ),
    "approvals_waiting": "Runs that wait for a second person: {}; `manage.py approvals list`.",
    "risk_raised": "The risk level is high or critical; `manage.py risk show` says why.",
}
