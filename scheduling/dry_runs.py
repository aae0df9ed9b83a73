"""What a run of a task would do now: its plan, its calls, its fees, and what would hold it.

Nothing is recorded as an intent; the chain is only asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from protocols.preview_words import Names, facts_of, lines_of
from protocols.previews import CallPreview, ClientOf, Preview, preview_action
from scheduling.gates.registry import Refusal, Subject, ask
from scheduling.models import Occurrence, Run, Task
from scheduling.pauses import pause_reason
from scheduling.runs import hold_reason
from wallets.chain.client import NetworkClient
from wallets.models import Limit, NonceLane, Wallet
from wallets.transactions.limits import amount_text, read_limits
from wallets.transactions.stop import read_stops


@dataclass(frozen=True, slots=True)
class DryRun:
    """A preview, and what stands between it and the chain."""

    preview: Preview
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
    found = preview_action(
        protocol=task.protocol.slug,
        action=task.action,
        network=task.network,
        wallet=wallet,
        params=params,
        client_of=client_of,
    )
    run = _as_run(task, wallet, params)
    return DryRun(
        found,
        held=pause_reason(run) or hold_reason(run),
        refusals=_refusals(task, found),
        approval=tuple(_approval(task, found)),
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


def _approval(task: Task, found: Preview) -> Iterator[str]:
    if task.needs_approval:
        yield f"{task} asks for it"
    if getattr(found.action, "needs_approval", False):
        yield f"{found.protocol}/{found.action.slug} always asks for it"
    for call in found.calls:
        yield from _above_limit(call)


def _above_limit(call: CallPreview) -> Iterator[str]:
    limits = read_limits(NonceLane(wallet=call.row.lane.wallet, network=call.network))
    for spend in call.spends:
        amounts = limits.amounts(call.row, Limit.Kind.SECOND_PERSON, spend.token)
        if amounts and spend.amount > min(amounts):
            shown, most = (
                amount_text(call.row, spend.token, one) for one in (spend.amount, min(amounts))
            )
            yield f"step {call.number} gives {shown}, and one person may {most} alone"


def words_of(found: DryRun, names: Names) -> Iterator[str]:
    """The whole of it, as a person reads it."""
    *told, last = lines_of(found.preview, names)
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
        "held": found.held,
        "gates": [
            {"step": number, "gate": one.gate, "sentence": one.sentence}
            for number, held in found.refusals.items()
            for one in held
        ],
        "approval": list(found.approval),
        "would_go": found.would_go,
    }
