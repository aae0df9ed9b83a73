"""What a run is to do: its adapter's plans, and the allowances they give."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils import timezone
from eth_typing import ChecksumAddress

from protocols.actions import Action, Call, Context, Message, Plan, PlanError, PlannedStep, Wait
from protocols.context import build_context
from protocols.params import BadParameters, read_params
from protocols.plans import A_DAY
from protocols.registry import UnknownAction, get_action
from scheduling.expressions.readings import as_written, work_out
from scheduling.models import Run
from scheduling.states import RunState
from wallets.chain.client import NetworkClient
from wallets.models import Network, NonceLane, Transaction
from wallets.requests.kinds import find_kind
from wallets.requests.services import BadRequest, payload_as_json
from wallets.transactions.allowances import AllowanceCall, read_allowance_call

# Why there is no plan; one sentence each.
NO_PLAN = (PlanError, BadParameters, UnknownAction)
LONGEST_WAIT = 10 * 365 * A_DAY


@dataclass(frozen=True, slots=True)
class GivenAllowance:
    """An allowance for the plan's own use, and the place of the call that uses it last."""

    token: ChecksumAddress
    spender: ChecksumAddress
    amount: int
    last_use: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan's steps, and what must not change until they are done."""

    steps: tuple[PlannedStep, ...]
    summary: str
    relies_on: tuple[str, ...]

    @property
    def given(self) -> list[GivenAllowance]:
        """The allowances given for later calls; one that is the plan's very purpose stays."""
        return list(_given(self.steps))


def make_plan(run: Run) -> Planned:
    """Ask the run's action what to do now; raises one of NO_PLAN, or ChainError."""
    action, context = action_of(run), context_of(run)
    if run.state in (RunState.PENDING, RunState.HELD):
        _work_out(run, action, context)
    plan = action.plan(context, read_params(action.Params, run.params))
    if not plan.steps:
        raise PlanError("the action planned nothing to do")
    return read_plan(run, plan)


def _work_out(run: Run, action: Action, context: Context) -> None:
    """Write down what the run's expressions come to now; once it has begun that stands."""
    run.params, run.readings = work_out(
        action.Params,
        as_written(run),
        network=run.task.network,
        wallet=context.wallet,
        chain=context.chain,
    )
    if run.readings:
        same = Run.objects.filter(pk=run.pk, state=run.state, version=run.version)
        same.update(params=run.params, readings=run.readings)


def read_plan(run: Run, plan: Plan) -> Planned:
    """What an adapter planned, if it is something this program does; else PlanError."""
    for step in plan.steps:
        _require_possible(run, step)
    approved = (call.name for call in map(allowance_of, plan.steps) if call)
    names = tuple(dict.fromkeys((*plan.relies_on, *approved)))
    return Planned(plan.steps, plan.summary[:300], names)


def action_of(run: Run) -> Action:
    """The run's action, or UnknownAction."""
    return get_action(run.task.protocol.slug, run.task.action)


def context_of(run: Run, network: Network | None = None) -> Context:
    """What the run's action may look at: on its task's network, or on another."""
    chosen = network or run.task.network
    return build_context(
        network=chosen,
        wallet=run.wallet,
        protocol=run.task.protocol.slug,
        client=NetworkClient(chosen),
        now=timezone.now(),
    )


def network_of(run: Run, chain_id: int | None) -> Network:
    """The network a step is for; PlanError for one that is not enabled here."""
    own = run.task.network
    if chain_id in (None, own.chain_id):
        return own
    network = Network.objects.filter(chain_id=chain_id, enabled=True).first()
    if network is None:
        raise PlanError(f"chain {chain_id} is not known here; add and enable its network")
    return network


def as_transaction(run: Run, call: Call) -> Transaction:
    """Not saved: the call as it would be asked for, to hold it against policy and limits."""
    network = network_of(run, call.chain_id)
    return Transaction(
        lane=NonceLane(wallet=run.wallet, network=network),
        network=network,
        origin=f"run:{run.pk}",
        protocol=run.task.protocol.slug,
        action=run.task.action,
        to=call.to,
        value=call.value,
        data=call.data,
        expectations=call.expectations.as_json(),
        valid_until=call.valid_until,
    )


def _require_possible(run: Run, step: PlannedStep) -> None:
    match step:
        case Call():
            elsewhere = network_of(run, step.chain_id) != run.task.network
            if elsewhere and read_allowance_call(step.to, step.data) is not None:
                raise PlanError(f"{step.label}: allowances are given on the task's own network")
        case Wait():
            _require_patience(step)
        case Message():
            _require_request(run, step)


def _require_patience(wait: Wait) -> None:
    """What could not be written down when its turn comes would leave what is paid by then."""
    if not 1 <= wait.at_most <= LONGEST_WAIT:
        raise PlanError(f"{wait.label} may take {wait.at_most} s; a wait ends within ten years")
    if not 0 <= wait.first_look <= wait.at_most:
        raise PlanError(f"{wait.label} is first looked for after {wait.first_look} s")
    try:
        json.dumps(dict(wait.arguments), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise PlanError(f"{wait.label} has arguments that are no JSON: {error}") from error


def _require_request(run: Run, message: Message) -> None:
    protocol = run.task.protocol.slug
    if find_kind(protocol, message.kind) is None:
        raise PlanError(f"{message.label}: {protocol} has no request {message.kind} to sign here")
    if message.chain_id is not None:
        network_of(run, message.chain_id)
    try:
        payload_as_json(message.payload)
    except BadRequest as error:
        raise PlanError(f"{message.label}: {error}") from error


def allowance_of(step: PlannedStep) -> AllowanceCall | None:
    """What a call allows; read from its bytes, not from what its adapter says of it."""
    return read_allowance_call(step.to, step.data) if isinstance(step, Call) else None


def last_use(steps: Sequence[PlannedStep], spender: str) -> int | None:
    """The place of the call that uses the spender's allowance last; None for approvals only.

    A call of the spender itself; where there is none, somebody else has the spender take it, and
    the last call is the safe answer.
    """
    calls = [(place, step) for place, step in enumerate(steps) if isinstance(step, Call)]
    uses = [(place, call) for place, call in calls if allowance_of(call) is None]
    direct = [place for place, call in uses if call.to == spender]
    return max(direct or (place for place, _ in uses), default=None)


def _given(steps: Sequence[PlannedStep]) -> Iterator[GivenAllowance]:
    found = {}
    for place, step in enumerate(steps):
        set_to = allowance_of(step)
        if set_to and set_to.amount:
            found[set_to.name] = (place, set_to)
    for place, set_to in found.values():
        used = last_use(steps, set_to.spender)
        if used is not None and used > place:
            yield GivenAllowance(set_to.token, set_to.spender, set_to.amount, used)
