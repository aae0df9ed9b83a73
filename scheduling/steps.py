"""Steps of runs: made from a plan, and submitted one after another."""

from datetime import datetime, timedelta
from typing import assert_never

import structlog
from django.utils import timezone

from protocols.actions import Call, Message, PlannedStep, Wait
from scheduling.models import Run, RunAllowance, Step
from scheduling.places import place_freed
from scheduling.planning import Planned, allowance_of, last_use
from scheduling.specs import kind_of, step_from_json, step_to_json
from scheduling.states import STEP, StepState
from scheduling.timeouts import times_out_at
from wallets.actors import this_worker
from wallets.models import Network
from wallets.requests.services import RequestIntent, client_id_of, prepare_request
from wallets.services import Intent, submit_transaction
from wallets.transactions.allowances import AllowanceCall
from wallets.transitions import born, move

log = structlog.get_logger(__name__)

# A wait that was begun; one that was planned, or cancelled before its turn, was not.
WAITED = (StepState.WAITING, StepState.SETTLED, StepState.FAILED)

# An allowance given once more is looked after once more, whatever became of the first.
_LOOKED_AFTER = {"clear_at": None, "tries": 0, "detail": ""}


def begin_steps(run: Run, planned: Planned) -> None:
    """Write down what was planned and submit the first of it; in the caller's transaction."""
    first = run.steps.count()
    steps = [_create(run, first + place, step) for place, step in enumerate(planned.steps)]
    for one in planned.given:
        RunAllowance.objects.update_or_create(
            run=run,
            token=one.token,
            spender=one.spender,
            defaults={
                "amount": one.amount,
                "last_use": steps[one.last_use],
                **_LOOKED_AFTER,
                "look_at": timezone.now(),
            },
        )
    _carry_on(run, planned, steps)
    submit_step(steps[0], run)


def _carry_on(run: Run, planned: Planned, steps: list[Step]) -> None:
    """What was given by earlier steps of the run is used by these now."""
    for row in run.allowances.filter(last_use__index__lt=steps[0].index):
        place = last_use(planned.steps, row.spender)
        if place is not None:
            RunAllowance.objects.filter(pk=row.pk).update(last_use=steps[place])


def _create(run: Run, index: int, planned: PlannedStep) -> Step:
    step = Step.objects.create(
        run=run,
        index=index,
        kind=kind_of(planned),
        label=planned.label[:200],
        spec=step_to_json(planned),
    )
    born(step, machine=STEP, actor=this_worker())
    return step


def planned_step(step: Step) -> PlannedStep:
    """What the step is to do, as its adapter planned it."""
    return step_from_json(step.kind, step.spec)


def submit_step(step: Step, run: Run) -> None:
    """Begin the step: record its intent, or when to look; in the caller's database transaction."""
    match planned_step(step):
        case Call() as call:
            _submit_call(step, run, call)
        case Wait() as wait:
            begin_wait(step, wait)
            _rely_no_more(run)
            place_freed(run)
        case Message() as message:
            _prepare_message(step, run, message)
        case other:
            assert_never(other)


def _rely_no_more(run: Run) -> None:
    """What no call of the plan uses any more is free for others, however long this run waits."""
    ahead = run.steps.filter(state=StepState.PLANNED).exclude(kind=Step.Kind.WAIT)
    if not ahead.exists():
        Run.objects.filter(pk=run.pk).update(relies_on=[])


def begin_wait(step: Step, wait: Wait) -> None:
    """Have workers look for what it is for."""
    now = timezone.now()
    move(
        step,
        StepState.WAITING,
        machine=STEP,
        actor=this_worker(),
        look_at=now + timedelta(seconds=wait.first_look),
        overdue_at=now + timedelta(seconds=wait.at_most),
    )


def begin_wait_again(step: Step, wait: Wait) -> None:
    """Look again at once, as often and for as long as at first."""
    now = timezone.now()
    end = now + timedelta(seconds=wait.at_most)
    same = Step.objects.filter(pk=step.pk, state=StepState.WAITING)
    same.update(look_at=now, overdue_at=end, looks=0)


def _prepare_message(step: Step, run: Run, message: Message) -> None:
    network = None if message.chain_id is None else _network(run, message.chain_id)
    request = prepare_request(
        intent=RequestIntent(
            wallet=run.wallet,
            idempotency_key=idempotency_key(step),
            origin=f"run:{run.pk}",
            protocol=run.task.protocol.slug,
            action=message.kind,
            payload=message.payload,
            network=network,
            client_id=client_id(step),
            valid_until=_earliest(message.valid_until, _signing_ends(step, run)),
        ),
        actor=this_worker(),
    )
    move(step, StepState.SUBMITTED, machine=STEP, actor=this_worker(), request=request)


def _network(run: Run, chain_id: int | None) -> Network:
    """As it was planned, whether it is still enabled or not: signing asks that again."""
    own = run.task.network
    return own if chain_id in (None, own.chain_id) else Network.objects.get(chain_id=chain_id)


def idempotency_key(step: Step) -> str:
    """What the step's intent is known by, for ever."""
    return f"run:{step.run_id}:step:{step.index}"


def client_id(step: Step) -> str:
    """Under which a venue knows the step's order, and is asked for it after a restore.

    A run's number alone may have been another run's, made after the backup that was restored.
    """
    return client_id_of(f"{idempotency_key(step)}:{step.run.created_at.isoformat()}")


def _submit_call(step: Step, run: Run, call: Call) -> None:
    row = submit_transaction(
        intent=Intent(
            wallet=run.wallet,
            network=_network(run, call.chain_id),
            idempotency_key=idempotency_key(step),
            origin=f"run:{run.pk}",
            protocol=run.task.protocol.slug,
            action=run.task.action,
            to=call.to,
            value=call.value,
            data=call.data,
            urgency=run.task.urgency,
            priority=run.priority,
            max_fee_ceiling=_lowest(run.task.max_fee_ceiling, call.max_fee_per_gas),
            valid_until=_earliest(call.valid_until, _signing_ends(step, run)),
            expectations=call.expectations,
        ),
        actor=this_worker(),
    )
    move(step, StepState.SUBMITTED, machine=STEP, actor=this_worker(), transaction=row)
    log.info("step_submitted", step=step.index, transaction=row.pk, origin=row.origin)


def sets_allowance(step: Step) -> AllowanceCall | None:
    """The allowance the step sets; None for any other step."""
    return allowance_of(planned_step(step))


def window_end(run: Run) -> datetime | None:
    """Until when the run may sign, as its task says; None without an end."""
    seconds = run.task.window_seconds
    return None if seconds is None else run.occurrence.due_at + timedelta(seconds=seconds)


def _signing_ends(step: Step, run: Run) -> datetime | None:
    """The end of the task's window, or of the run's time.

    What follows a wait finishes what was begun, however late the window makes that.
    """
    before = run.steps.filter(kind=Step.Kind.WAIT, index__lt=step.index)
    waited = before.filter(state__in=WAITED).exists()
    return _earliest(None if waited else window_end(run), times_out_at(run))


def _lowest(*ceilings: int | None) -> int | None:
    return min((one for one in ceilings if one is not None), default=None)


def _earliest(*ends: datetime | None) -> datetime | None:
    return min((end for end in ends if end), default=None)
