"""No more slippage than a limit says."""

from collections.abc import Sequence

from scheduling.gates.registry import Subject
from wallets.limit_units import in_words
from wallets.models import Limit
from wallets.transactions.expectations import Expectations


class SlippageGate:
    """Holds a call that would accept less of its quote than `max_slippage` allows."""

    name = "slippage"

    def check(self, subjects: Sequence[Subject]) -> list[str]:
        """A sentence for each that accepts too little, or quotes and does not say how much."""
        return [_sentence(one) for one in subjects]


def _sentence(subject: Subject) -> str:
    limits = subject.limits.among(subject.row, (Limit.Kind.MAX_SLIPPAGE,), ())
    if not limits:
        return ""
    promised = Expectations.model_validate(subject.row.expectations)
    if promised.quoted_out is None and not promised.quoted_outs:
        return ""
    strictest = min(limits, key=lambda limit: limit.amount)
    most = in_words(strictest, strictest.amount)
    if promised.slippage_bps is None:
        return f"its quote has no slippage, so it is not known to be within the {most} allowed"
    if promised.slippage_bps <= strictest.amount:
        return ""
    asked = in_words(strictest, promised.slippage_bps)
    return f"it accepts {asked} of slippage, the limit for {_scope(strictest)} is {most}"


def _scope(limit: Limit) -> str:
    return limit.scope_value or "everything"
