"""How often each gate began to hold something: counted when a hold begins, not at every look."""

import re
from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from scheduling.gates.registry import Refusal
from scheduling.models import GateCount
from wallets import tallies

REFUSALS = "gate_refusals"
# A gate never refuses for good: what it holds may go on once it lets it.
HOLD = "hold"
_FIGURES = re.compile(r"\d+")


def sentence_of(refusals: Sequence[Refusal]) -> str:
    """What the operator reads: every gate's sentence."""
    return "; ".join(one.sentence for one in refusals)


def count_holds(*held: tuple[Sequence[Refusal], str]) -> None:
    """Count gates that hold something they did not hold before, by its refusals and sentence then.

    For /metrics in this database transaction, by day once it is committed. Figures in a sentence
    move while the hold stays the same: words alone are compared.
    """
    gates = [gate for refusals, before in held for gate in _new(refusals, before)]
    if gates:
        counts = Counter(tallies.key(REFUSALS, {"gate": gate, "answer": HOLD}) for gate in gates)
        tallies.add_all(counts)
        # Not within the signing transaction: all lanes would wait for these rows.
        transaction.on_commit(lambda: _add(gates))


def _new(refusals: Sequence[Refusal], before: str) -> list[str]:
    known = _words(before)
    return [one.gate for one in refusals if _words(one.sentence) not in known]


def _words(sentence: str) -> str:
    return _FIGURES.sub("", sentence)


def _add(gates: Sequence[str]) -> None:
    today = timezone.now().date()
    for gate in gates:
        row, _ = GateCount.objects.get_or_create(gate=gate, day=today)
        GateCount.objects.filter(pk=row.pk).update(count=F("count") + 1)
