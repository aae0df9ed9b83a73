"""Steps of runs: made from a plan, and submitted one after another."""

from datetime import datetime, timedelta

from protocols.actions import Call
from scheduling.models import Run, RunAllowance, Step
from scheduling.planning import Planned, allowance_of, last_use
from scheduling.specs import call_from_json, call_to_json
from scheduling.states import STEP, StepState
from wallets.actors import this_worker
from wallets.services import Intent, submit_transaction
from wallets.transactions.allowances import AllowanceCall
from wallets.transitions import born, move


def begin_steps(run: Run, planned: Planned) -> None:
    """Write down what was planned and submit the first of it; in the caller's transaction."""
    first = run.steps.count()
    steps = [_create(run, first + place, call) for place, call in enumerate(planned.calls)]
    for one in planned.given:
        RunAllowance.objects.update_or_create(
            run=run,
            token=one.token,
            spender=one.spender,
            defaults={"amount": one.amount, "last_use": steps[one.last_use]},
        )
    _carry_on(run, planned, steps)
    submit_step(steps[0], run)


def _carry_on(run: Run, planned: Planned, steps: list[Step]) -> None:
    """What was given by earlier steps of the run is used by these now."""
    for row in run.allowances.filter(last_use__index__lt=steps[0].index):
        place = last_use(planned.calls, row.spender)
        if place is not None:
            RunAllowance.objects.filter(pk=row.pk).update(last_use=steps[place])


def _create(run: Run, index: int, call: Call) -> Step:
    step = Step.objects.create(
        run=run, index=index, kind=Step.Kind.CALL, label=call.label, spec=call_to_json(call)
    )
    born(step, machine=STEP, actor=this_worker())
    return step


def submit_step(step: Step, run: Run) -> None:
    """Record the step's intent; inside the caller's database transaction."""
    call = call_from_json(step.spec)
    row = submit_transaction(
        intent=Intent(
            wallet=run.wallet,
            network=run.task.network,
            idempotency_key=f"run:{run.pk}:step:{step.index}",
            origin=f"run:{run.pk}",
            protocol=run.task.protocol.slug,
            action=run.task.action,
            to=call.to,
            value=call.value,
            data=call.data,
            urgency=run.task.urgency,
            priority=run.priority,
            max_fee_ceiling=run.task.max_fee_ceiling,
            valid_until=_valid_until(run, call),
            expectations=call.expectations,
        ),
        actor=this_worker(),
    )
    move(step, StepState.SUBMITTED, machine=STEP, actor=this_worker(), transaction=row)


def sets_allowance(step: Step) -> AllowanceCall | None:
    """The allowance the step sets; None for any other step."""
    return allowance_of(call_from_json(step.spec))


def window_end(run: Run) -> datetime | None:
    """Until when the run may sign, as its task says; None without an end."""
    seconds = run.task.window_seconds
    return None if seconds is None else run.occurrence.due_at + timedelta(seconds=seconds)


def _valid_until(run: Run, call: Call) -> datetime | None:
    """When the call's own deadline or the task's window ends, whichever is first."""
    ends = (call.valid_until, window_end(run))
    return min((end for end in ends if end), default=None)
