"""What became of an allowance that a run gave, as our own rows tell: given, used, set anew."""

from dataclasses import dataclass

from django.db.models import Max, QuerySet

from scheduling.models import RunAllowance
from wallets.models import Allowance, Receipt, Transaction
from wallets.transactions.allowances import (
    REVOKE,
    SELECTOR,
    AllowanceCall,
    allowance_name,
    read_allowance_call,
)
from wallets.transactions.states import ENDED, Outcome, is_decided


@dataclass(frozen=True, slots=True)
class Use:
    """The transactions that decide about one RunAllowance."""

    row: RunAllowance
    # Of the run's steps up to the last that uses it.
    steps: tuple[Transaction, ...]
    # The last one that was to take it back, whoever asked.
    revocations: tuple[Transaction, ...]

    @property
    def name(self) -> str:
        """What plans call the allowance."""
        return allowance_name(self.row.token, self.row.spender)

    @property
    def given(self) -> list[Transaction]:
        """Those that allowed something, or may still: what never was given is somebody else's."""
        calls = ((one, self._call(one)) for one in self.steps)
        return [one for one, call in calls if call and call.amount and not _came_to_nothing(one)]

    @property
    def undecided(self) -> Transaction | None:
        """The first of which it is not known what became of it."""
        every = (*self.steps, *self.revocations)
        return next((one for one in every if not is_decided(one.state, one.outcome)), None)

    @property
    def is_final(self) -> bool:
        """Whether no reorganisation can change it any more."""
        return all(one.state in ENDED for one in (*self.steps, *self.revocations))

    def set_anew(self) -> Transaction | None:
        """The last transaction behind these that sets the same allowance.

        Nonces are the order in which the chain does things, whatever a reorganisation brings back.
        """
        last = max(self.given, key=lambda one: one.nonce or 0)
        behind = Transaction.objects.filter(lane=last.lane_id, nonce__gt=last.nonce or 0)
        same = behind.filter(to=self.row.token, selector=SELECTOR).exclude(action=REVOKE)
        found = (one for one in same.order_by("-nonce") if self._call(one))
        return next((one for one in found if not _came_to_nothing(one)), None)

    def newest_block(self) -> int:
        """The block of the latest of them: what is read before it says nothing."""
        every = (*self.steps, *self.revocations)
        receipts = Receipt.objects.filter(transaction__in=every, canonical=True)
        return receipts.aggregate(newest=Max("block_number"))["newest"] or 0

    def _call(self, one: Transaction) -> AllowanceCall | None:
        call = read_allowance_call(one.to, bytes(one.data))
        return call if call and call.name == self.name else None


def look_up(row: RunAllowance) -> Use:
    """The facts about the allowance, as they are now."""
    steps = Transaction.objects.filter(step__run=row.run_id, step__index__lte=row.last_use.index)
    revocations = Transaction.objects.filter(allowance__in=_rows(row))
    return Use(row, tuple(steps.order_by("pk")), tuple(revocations))


def _rows(row: RunAllowance) -> QuerySet[Allowance]:
    return Allowance.objects.filter(
        wallet=row.run.wallet_id,
        token__network=row.run.task.network_id,
        token__address=row.token,
        spender=row.spender,
        through="",
    )


def _came_to_nothing(one: Transaction) -> bool:
    return one.state in ENDED and one.outcome != Outcome.SUCCEEDED
