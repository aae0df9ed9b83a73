"""Whatever order the chain's events and the books' passes come in, the ledger ends as the facts."""

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import booking
from analytics.ledger import book_transaction
from analytics.models import LedgerEntry
from scheduling.models import Step
from tests.analytics.told import (
    FEE,
    USDC,
    Ground,
    confirm,
    finalise,
    into,
    out,
    reorganise,
    settle,
)
from wallets.models import Receipt, Transaction

pytestmark = [pytest.mark.django_db, pytest.mark.db]

EVENTS = st.sampled_from(
    ["block 1", "block 2", "revert in block 3", "reorganise", "settle", "finalise", "book", "pass"]
)
Fact = tuple[int, str, int, str]


@dataclass
class Story:
    """One transaction, what happened to it, and what the books should say of it then."""

    ground: Ground
    row: Transaction
    step: Step

    @classmethod
    def begin(cls) -> "Story":
        ground = Ground.lay()
        row = ground.transaction(value=5)
        return cls(ground, row, ground.step(row))

    def happen(self, event: str) -> None:
        """The event, where the transaction's state lets it happen."""
        match event.split(), self.row.state:
            case ["block", number], "broadcast":
                confirm(self.row, int(number))
            case ["revert", *_, number], "broadcast":
                confirm(self.row, int(number), outcome="reverted")
            case ["reorganise"], "confirmed":
                reorganise(self.row)
            case ["settle"], "confirmed" | "final" if self.row.outcome == "succeeded":
                settle(self.step, *self.moved())
            case ["finalise"], "confirmed":
                finalise(self.row)
            case ["book"], _:
                book_transaction(transaction_id=self.row.pk)
            case ["pass"], _:
                booking.book_ledger()

    def moved(self) -> tuple:  # type: ignore[type-arg]
        """What the canonical block moved: another block, another price."""
        got = 100 + Receipt.objects.get(transaction=self.row, canonical=True).block_number
        return (out(5, to=self.ground.other.address), into(got, USDC))

    def facts(self) -> Counter[Fact]:
        """Wallet, kind, amount and status of what happened, by the rows that the chain wrote."""
        receipt = Receipt.objects.filter(transaction=self.row, canonical=True).first()
        if receipt is None:
            return Counter()
        status = "final" if self.row.state == "final" else "provisional"
        found: Counter[Fact] = Counter([(self.ground.wallet.pk, "fee", FEE, status)])
        if self.row.outcome == "succeeded" and self.step.settled_receipt == receipt:
            found[self.ground.wallet.pk, "out", 5, status] += 1
            found[self.ground.other.pk, "in", 5, status] += 1
            found[self.ground.wallet.pk, "in", 100 + receipt.block_number, status] += 1
        return found

    def booked(self) -> Counter[Fact]:
        """The same, as the books say it."""
        valid = LedgerEntry.objects.filter(transaction=self.row).exclude(status="reversed")
        return Counter(valid.values_list("wallet_id", "kind", "amount", "status"))


@settings(max_examples=60, deadline=None)
@given(st.lists(EVENTS, max_size=14))
def test_the_ledger_ends_as_the_facts(events: list[str]) -> None:
    story = Story.begin()
    for event in events:
        story.happen(event)
    booking.book_ledger()
    assert story.booked() == story.facts()


@settings(max_examples=20, deadline=None)
@given(st.lists(EVENTS, max_size=14))
def test_entries_are_never_forgotten(events: list[str]) -> None:
    story = Story.begin()
    seen: set[int] = set()
    for event in events:
        story.happen(event)
        kept = set(LedgerEntry.objects.filter(transaction=story.row).values_list("pk", flat=True))
        assert seen <= kept
        seen = kept
