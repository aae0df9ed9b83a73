"""What a run of a task would do now: its plan, its calls, its fees, and what would hold it.

Nothing is recorded as an intent; the chain is only asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from protocols.context import NetworkReader
from protocols.preview_words import Names, facts_of, lines_of
from protocols.previews import ClientOf, Preview, preview_action
from protocols.registry import get_action
from scheduling.approvals.reasons import above, read_person_limits, standing_reasons
from scheduling.beginning import hold_reason
from scheduling.expressions.readings import work_out
from scheduling.gates.registry import Refusal, Subject, ask
from scheduling.models import Occurrence, Run, Task
from scheduling.pauses import pause_reason
from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient
from wallets.models import Wallet
from wallets.transactions.limits import read_limits
from wallets.transactions.stop import read_stops


@dataclass(frozen=True, slots=True)
class DryRun:
    """A preview, and what stands between it and the chain."""

    preview: Preview
    # What its expressions come to now, a sentence each.
    shares: tuple[str, ...]
    # Why its run would not begin now; empty where it would.
    held: str
    # What holds each call, by the number of its step.
    refusals: Mapping[int, tuple[Refusal, ...]]
    # Why a second person would be asked, a sentence each.
    approval: tuple[str, ...]

    @property
    def would_go(self) -> bool:
        """Whether a run would begin now, and all of it be signed as far as can be said."""
        found = self.preview
        clear = not (self.held or self.preview.problems or any(self.refusals.values()))
        return clear and found.is_allowed and not found.reverts


def dry_run(
    *,
    task: Task,
    wallet: Wallet,
    params: Mapping[str, Any],
    client_of: ClientOf = NetworkClient,
) -> DryRun:
    """Plan as a run of the wallet would, and ask gates, pauses, stops and dependencies.

    Raises what planning raises: PlanError (BadParameters), UnknownAction, ChainError.
    """
    action = get_action(task.protocol.slug, task.action)
    typed, readings = work_out(
        action.Params,
        params,
        network=task.network,
        wallet=parse_address(wallet.address),
        chain=NetworkReader(client_of(task.network)),
    )
    found = preview_action(
        protocol=task.protocol.slug,
        action=task.action,
        network=task.network,
        wallet=wallet,
        params=typed,
        client_of=client_of,
    )
    run = _as_run(task, wallet, typed)
    return DryRun(
        found,
        shares=tuple(f"{one['expression']} is {one['amount']} now" for one in readings.values()),
        held=pause_reason(run) or hold_reason(run),
        refusals=_refusals(task, found),
        approval=tuple(_approval(run, found)),
    )


def _as_run(task: Task, wallet: Wallet, params: Mapping[str, Any]) -> Run:
    """Not saved: for asking what would hold it."""
    occurrence = Occurrence(task=task, wallet=wallet, due_at=timezone.now())
    return Run(occurrence=occurrence, task=task, wallet=wallet, params=dict(params))


def _refusals(task: Task, found: Preview) -> dict[int, tuple[Refusal, ...]]:
    """Of the stops and of every gate, asked about all calls together."""
    limits = {call.network.pk: read_limits(call.row.lane) for call in found.calls}
    subjects = [Subject(call.row, task, limits[call.network.pk]) for call in found.calls]
    stops = read_stops()
    held: dict[int, tuple[Refusal, ...]] = {}
    for call, refusals in zip(found.calls, ask(subjects), strict=True):
        reason = stops.reason(call.row)
        stopped = [Refusal("stop", reason)] if reason else []
        held[call.number] = (*stopped, *refusals)
    return held


def _approval(run: Run, found: Preview) -> list[str]:
    if run.task.plan_id is not None:
        return []
    reasons, limits = standing_reasons(run), read_person_limits()
    if limits.rows:
        reasons += above([call.row for call in found.calls], limits)
    return list(dict.fromkeys(reasons))


def words_of(found: DryRun, names: Names) -> Iterator[str]:
    """The whole of it, as a person reads it."""
    *told, last = lines_of(found.preview, names)
    yield from found.shares
    yield from told
    if found.held:
        yield f"It would be held: {found.held}"
    refused = [(number, one) for number, held in found.refusals.items() for one in held]
    yield from (f"Gate {one.gate} holds step {number}: {one.sentence}" for number, one in refused)
    if found.preview.calls and not refused:
        yield "Gates: none holds it."
    yield from (f"A second person would be asked: {one}." for one in found.approval)
    yield last


def values_of(found: DryRun, names: Names) -> dict[str, Any]:
    """The same for programs."""
    return {
        **facts_of(found.preview, names),
        "shares": list(found.shares),
        "held": found.held,
        "gates": [
            {"step": number, "gate": one.gate, "sentence": one.sentence}
            for number, held in found.refusals.items()
            for one in held
        ],
        "approval": list(found.approval),
        "would_go": found.would_go,
    }
