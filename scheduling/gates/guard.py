"""Every signature of a run asks the gates; registered with the guards of floor 1."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef

from scheduling.gates.counting import count_holds, sentence_of
from scheduling.gates.finishing import only_brings_in
from scheduling.gates.registry import Refusal, Subject, ask, run_of
from scheduling.models import Run, Step
from scheduling.steps import WAITED
from wallets.models import NonceLane, SignedRequest, Transaction
from wallets.transactions import guards
from wallets.transactions.drains import is_safe_drain
from wallets.transactions.guards import ALLOWED, Answer, Verdict, Verdicts
from wallets.transactions.limits import Limits, read_limits
from wallets.transactions.states import HoldReason
from wallets.transactions.states import TransactionState as S


def register() -> None:
    """Have every signature ask."""
    guards.register_with_limits("gates", check_gates)
    guards.register_for_requests("gates", check_gates_of_request)


def check_gates(transactions: Sequence[Transaction], limits: Limits | None) -> Verdicts:
    """Hold what any gate holds. Only runs are asked about, and no drain to a safe address is."""
    verdicts = {row.pk: ALLOWED for row in transactions}
    asked = [row for row in transactions if run_of(row.origin) and not is_safe_drain(row)]
    steps = _steps_of(asked)
    rows = [row for row in asked if row.pk in steps]
    if not rows:
        return verdicts
    limits = limits or read_limits(rows[0].lane)
    subjects = [_subject(row, steps[row.pk], limits) for row in rows]
    held = [one for one in zip(rows, ask(subjects), strict=True) if one[1]]
    # What was reserved for a signer elsewhere waits as it is; it is no new hold at every look.
    waiting = (S.QUEUED, S.HELD)
    count_holds(*((told, _held_for(row)) for row, told in held if row.state in waiting))
    return verdicts | {row.pk: _hold(refusals) for row, refusals in held}


def check_gates_of_request(request: SignedRequest) -> Verdict:
    """As for a transaction; what it gives away its own kind has judged."""
    number = run_of(request.origin)
    run = _run(number) if number else None
    if run is None:
        return ALLOWED
    network = request.network or run.task.network
    lane = NonceLane(wallet=request.wallet, network=network)
    row = Transaction(
        lane=lane,
        network=network,
        origin=request.origin,
        protocol=request.protocol,
        action=run.task.action,
        to=request.wallet.address,
        value=0,
        data=b"",
    )
    (refusals,) = ask([Subject(row, run.task, read_limits(lane), signs=True)])
    if not refusals:
        return ALLOWED
    count_holds((refusals, request.detail))
    return Verdict(Answer.HOLD, sentence_of(refusals), HoldReason.GATE)


def _steps_of(rows: Sequence[Transaction]) -> dict[int, Step]:
    """The steps that asked for them, with what they are about, and whether their run has waited."""
    if not rows:
        return {}
    waited = Step.objects.filter(
        run=OuterRef("run"), kind=Step.Kind.WAIT, state__in=WAITED, index__lt=OuterRef("index")
    )
    found = Step.objects.filter(transaction__in=[row.pk for row in rows])
    found = found.annotate(has_waited=Exists(waited))
    related = ("run__task__protocol", "run__task__network")
    return {step.transaction_id or 0: step for step in found.select_related(*related)}


def _subject(row: Transaction, step: Step, limits: Limits) -> Subject:
    has_waited: bool = getattr(step, "has_waited", False)
    finishes = has_waited and only_brings_in(row, limits)
    return Subject(row, step.run.task, limits, finishes=finishes, signs=True)


def _held_for(row: Transaction) -> str:
    return row.detail if row.state == S.HELD else ""


def _hold(refusals: list[Refusal]) -> Verdict:
    return Verdict(Answer.HOLD, sentence_of(refusals), HoldReason.GATE)


def _run(number: int) -> Run | None:
    return Run.objects.select_related("task__protocol", "task__network").filter(pk=number).first()
