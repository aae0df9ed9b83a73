"""The gates: asked before a run begins, and again inside every signing transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from scheduling.models import Task
from wallets.models import Transaction
from wallets.transactions.limits import Limits


@dataclass(frozen=True, slots=True)
class Subject:
    """A transaction that is about to be signed, or that a run's plan is about to ask for.

    The latter is not saved. `task` is the run's; None where no run asks for it. `limits` are those
    that may cover it, read once for all that are asked about together.
    """

    row: Transaction
    task: Task | None
    limits: Limits
    # Whether it gives nothing away and ends what its run has begun across a bridge: what is only
    # about risk does not keep it from finishing.
    finishes: bool = False
    # Whether it is about to be signed, not only planned.
    signs: bool = False

    @property
    def run_id(self) -> int | None:
        """The run that asks for it."""
        return run_of(self.row.origin)

    @property
    def is_approved(self) -> bool:
        """Whether it is a line of a plan, which persons have approved payment by payment."""
        return self.task is not None and self.task.plan_id is not None


class Gate(Protocol):
    """A check; it reads the database, never the network."""

    @property
    def name(self) -> str:
        """What history and metrics call it."""
        ...

    def check(self, subjects: Sequence[Subject]) -> Sequence[str]:
        """A sentence for each of the subjects, in their order; empty where it may go on.

        Asked about what one lane signs together, so that it reads once. What is not known holds.
        """
        ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """The gate that holds a subject, and its sentence for the operator."""

    gate: str
    sentence: str


RUN = "run:"


def run_of(origin: str) -> int | None:
    """The number of the run that a transaction or request says it is for."""
    number = origin.removeprefix(RUN)
    return int(number) if origin.startswith(RUN) and number.isdecimal() else None


_gates: dict[str, Gate] = {}


def register(gate: Gate) -> None:
    """Add a gate; the same name replaces."""
    _gates[gate.name] = gate


def registered() -> tuple[Gate, ...]:
    """All gates, in the order in which they are asked."""
    return tuple(_gates.values())


def ask(subjects: Sequence[Subject]) -> list[list[Refusal]]:
    """For each subject every gate that holds it; none where it may go on."""
    found: list[list[Refusal]] = [[] for _ in subjects]
    for gate in _gates.values():
        for refusals, sentence in zip(found, gate.check(subjects), strict=True):
            if sentence:
                refusals.append(Refusal(gate.name, sentence))
    return found
