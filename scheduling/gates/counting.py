"""How often each gate began to hold something: counted when a hold begins, not at every look."""

import re
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from scheduling.gates.registry import Refusal
from scheduling.models import GateCount
from wallets import tallies

REFUSALS = "gate_refusals"
_FIGURES = re.compile(r"\d+")


def sentence_of(refusals: Sequence[Refusal]) -> str:
    """What the operator reads: every gate's sentence."""
    return "; ".join(one.sentence for one in refusals)


def count_holds(refusals: Sequence[Refusal], before: str) -> None:
    """Count the gates that did not hold it `before`: for /metrics with the hold, by day after it.

    Figures in a sentence move while the hold stays the same: words alone are compared.
    """
    known = _words(before)
    gates = [one.gate for one in refusals if _words(one.sentence) not in known]
    tallies.add_all({tallies.key(REFUSALS, {"gate": gate, "answer": "hold"}): 1 for gate in gates})
    if gates:
        # Not within the signing transaction: all lanes would wait for these rows.
        transaction.on_commit(lambda: _add(gates))


def _words(sentence: str) -> str:
    return _FIGURES.sub("", sentence)


def _add(gates: Sequence[str]) -> None:
    today = timezone.now().date()
    for gate in gates:
        row, _ = GateCount.objects.get_or_create(gate=gate, day=today)
        GateCount.objects.filter(pk=row.pk).update(count=F("count") + 1)
