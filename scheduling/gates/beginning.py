"""The gates before a run begins, and before it goes on with more: asked about its planned calls."""

from protocols.actions import Call
from scheduling.breakers import claim_probe
from scheduling.following import is_under_way
from scheduling.gates.counting import count_holds, sentence_of
from scheduling.gates.finishing import only_brings_in
from scheduling.gates.registry import Refusal, Subject, ask
from scheduling.models import Run
from scheduling.planning import Planned, as_transaction
from wallets.models import Network
from wallets.transactions.drains import is_safe_drain
from wallets.transactions.limits import Limits, read_limits


def gates_hold(run: Run, planned: Planned) -> str:
    """Why the run may not begin what was planned, a sentence of each gate; empty where it may."""
    return _told(run, refusals_of(run, planned))


def probe_holds(run: Run) -> str:
    """Why a breaker that is not closed keeps the run; a half-open one lets this run through now.

    In the database transaction that begins it, when nothing else keeps it.
    """
    reason = claim_probe(run)
    return _told(run, [Refusal("breaker", reason)] if reason else [])


def _told(run: Run, refusals: list[Refusal]) -> str:
    count_holds((refusals, run.detail))
    return sentence_of(refusals)


def refusals_of(run: Run, planned: Planned) -> list[Refusal]:
    """What the gates say of the planned calls, each once. Changes nothing."""
    subjects = _subjects(run, planned)
    found = [refusal for refusals in ask(subjects) for refusal in refusals] if subjects else []
    return list(dict.fromkeys(found))


def _subjects(run: Run, planned: Planned) -> list[Subject]:
    calls = [step for step in planned.steps if isinstance(step, Call)]
    has_waited = is_under_way(run) if calls else False
    limits: dict[Network, Limits] = {}
    found = []
    for call in calls:
        row = as_transaction(run, call)
        if row.network not in limits:
            limits[row.network] = read_limits(row.lane)
        if not is_safe_drain(row):
            finishes = has_waited and only_brings_in(row, limits[row.network])
            found.append(Subject(row, run.task, limits[row.network], finishes=finishes))
    return found
