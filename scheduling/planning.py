"""What a run is to do: its adapter's plan, and the allowances that plan gives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils import timezone
from eth_typing import ChecksumAddress

from protocols.actions import Call, Context, PlanError, PlannedStep
from protocols.context import build_context
from protocols.params import BadParameters, read_params
from protocols.registry import UnknownAction, get_action
from scheduling.models import Run
from wallets.chain.client import NetworkClient
from wallets.transactions.allowances import AllowanceCall, read_allowance_call

# Why there is no plan; one sentence each.
NO_PLAN = (PlanError, BadParameters, UnknownAction)


@dataclass(frozen=True, slots=True)
class GivenAllowance:
    """An allowance for the plan's own use, and the place of the call that uses it last."""

    token: ChecksumAddress
    spender: ChecksumAddress
    amount: int
    last_use: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan's calls, and what must not change until they are done."""

    calls: tuple[Call, ...]
    summary: str
    relies_on: tuple[str, ...]

    @property
    def given(self) -> list[GivenAllowance]:
        """The allowances given for later calls; one that is the plan's very purpose stays."""
        return list(_given(self.calls))


def make_plan(run: Run) -> Planned:
    """Ask the run's action what to do now; raises one of NO_PLAN, or ChainError."""
    task = run.task
    action = get_action(task.protocol.slug, task.action)
    plan = action.plan(context_of(run), read_params(action.Params, run.params))
    if not plan.steps:
        raise PlanError("the action planned nothing to do")
    calls = tuple(_only_call(step) for step in plan.steps)
    approved = (call.name for call in map(allowance_of, calls) if call)
    names = tuple(dict.fromkeys((*plan.relies_on, *approved)))
    return Planned(calls, plan.summary[:300], names)


def context_of(run: Run) -> Context:
    """What the run's action may look at."""
    task = run.task
    return build_context(
        network=task.network,
        wallet=run.wallet,
        protocol=task.protocol.slug,
        client=NetworkClient(task.network),
        now=timezone.now(),
    )


def allowance_of(call: Call) -> AllowanceCall | None:
    """What the call allows; read from its bytes, not from what its adapter says of it."""
    return read_allowance_call(call.to, call.data)


def last_use(calls: Sequence[Call], spender: str) -> int | None:
    """The place of the call that uses the spender's allowance last; None for approvals only.

    A call of the spender itself; where there is none, somebody else has the spender take it, and
    the last call is the safe answer.
    """
    uses = [place for place, call in enumerate(calls) if allowance_of(call) is None]
    direct = [place for place in uses if calls[place].to == spender]
    return max(direct or uses, default=None)


def _given(calls: Sequence[Call]) -> Iterator[GivenAllowance]:
    found = {}
    for place, call in enumerate(calls):
        set_to = allowance_of(call)
        if set_to and set_to.amount:
            found[set_to.name] = (place, set_to)
    for place, set_to in found.values():
        used = last_use(calls, set_to.spender)
        if used is not None and used > place:
            yield GivenAllowance(set_to.token, set_to.spender, set_to.amount, used)


def _only_call(step: PlannedStep) -> Call:
    if not isinstance(step, Call):
        raise PlanError(f"{step.label}: this version runs calls only, no waits or messages yet")
    return step
