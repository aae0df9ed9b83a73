"""What each verb of `manage.py plans` asks of the services below."""

from typing import Any

from airdrops_site.answers import Answer, BadInput
from airdrops_site.people import signed_in
from airdrops_site.plans_command.lists import read_payments
from airdrops_site.plans_command.named import (
    network_of,
    plan_of,
    recipient_of,
    token_of,
    units_of,
    wallet_of,
    wallets_of,
)
from airdrops_site.plans_command.show import in_full, listed
from scheduling.models import Plan
from scheduling.plans.emptying import everything_of
from scheduling.plans.making import Maker, Payment, make_plan
from scheduling.plans.services import approve_plan, cancel_plan, retry_plan, run_plan
from wallets.balances import networks_with_balances

Options = dict[str, Any]


def show_all(options: Options) -> Answer:
    """The newest first; those of a state only, if it is named."""
    plans = Plan.objects.select_related("approved_by").order_by("-pk")
    if options["state"]:
        plans = plans.filter(state=options["state"])
    return listed(plans[: options["limit"]])


def show_one(options: Options) -> Answer:
    """One in words, with its checks and what it may cost."""
    return in_full(plan_of(options["plan"]))


def transfer(options: Options) -> Answer:
    """A plan of one payment."""
    network = network_of(options["network"])
    token = token_of(network, options["token"])
    payment = Payment(
        wallet=wallet_of(options["wallet"]),
        token=token,
        amount=units_of(options["amount"], token),
        recipient=recipient_of(options["to"], network),
        purpose=options["purpose"],
    )
    return _made(Plan.Kind.TRANSFER, [payment], options)


def from_file(options: Options) -> Answer:
    """A plan of the payments in a file."""
    return _made(Plan.Kind.TRANSFER, read_payments(options["file"]), options)


def sweep(options: Options) -> Answer:
    """A plan that brings together what many wallets hold."""
    wallets = wallets_of(options["labels"], options["tag"])
    named = options["network"]
    networks = [network_of(named)] if named else list(networks_with_balances())
    only = None
    if options["token"]:
        if not named:
            raise BadInput("name the --network of the token")
        only = [token_of(networks[0], options["token"])]
    found = everything_of(
        wallets=wallets,
        networks=networks,
        to=recipient_of(options["to"], networks[0] if named else None),
        purpose=options["purpose"],
        only=only,
    )
    if found.unknown:
        told = "; ".join(one.sentence for one in found.unknown[:5])
        raise BadInput(f"{told}; nothing is guessed, and no plan was made")
    return _made(Plan.Kind.SWEEP, found.payments, options, balances_at=found.read_at)


def approve(options: Options) -> Answer:
    """Consent to it."""
    plan = approve_plan(plan=plan_of(options["plan"]), maker=_maker(options))
    return in_full(plan, done=f"{plan} is approved; `plans run {plan.pk}` carries it out")


def run(options: Options) -> Answer:
    """Have the workers carry it out."""
    plan = run_plan(plan=plan_of(options["plan"]), maker=_maker(options))
    return in_full(plan, done=f"the workers carry {plan} out; `plans show {plan.pk}` says how far")


def retry(options: Options) -> Answer:
    """Once more what did not happen."""
    plan = plan_of(options["plan"])
    lines = retry_plan(plan=plan, maker=_maker(options))
    plan.refresh_from_db()
    return in_full(plan, done=f"{len(lines)} lines are tried again")


def cancel(options: Options) -> Answer:
    """Start nothing more of it."""
    plan = plan_of(options["plan"])
    done = cancel_plan(plan=plan, maker=_maker(options), reason=options["reason"])
    text = "is cancelled" if done.state == "cancelled" else "starts nothing more"
    return in_full(done, done=f"{done} {text}; what is signed is watched to its end")


def _maker(options: Options) -> Maker:
    return Maker.of(signed_in(options))


def _made(kind: str, payments: list[Payment], options: Options, **facts: Any) -> Answer:
    if options["dry_run"]:
        return dry(payments)
    plan = make_plan(
        kind=kind,
        title=options["title"] or options.get("purpose") or kind,
        payments=payments,
        maker=_maker(options),
        urgency=options["urgency"],
        **facts,
    )
    return in_full(plan, done=f"made {plan}; nothing moves until it is approved and run")


def dry(payments: list[Payment]) -> Answer:
    """What the lines would be; nothing was written."""
    facts = [
        {
            "from": one.wallet.label,
            "network": one.token.network.slug,
            "token": one.token.symbol,
            "base_units": str(one.amount),
            "less_the_fee": one.everything,
            "recipient": one.recipient,
            "purpose": one.purpose,
        }
        for one in payments
    ]
    lines = (
        f"{one['base_units']} base units of {one['token']} from {one['from']} to "
        f"{one['recipient']} on {one['network']}: {one['purpose']}"
        for one in facts
    )
    return Answer(facts, (*lines, f"{len(facts)} lines; nothing was written"))
