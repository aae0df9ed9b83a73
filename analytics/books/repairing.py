"""Putting the books right: by the chain's own word where it has one, else by a person's."""

from collections.abc import Sequence

from analytics.books.beside import Beside, Line
from analytics.books.explaining import Cause, Explanation, Finding
from analytics.books.reading import book_everything
from analytics.books.told import book_told
from analytics.chain_history.storing import store
from analytics.ledger import book_transactions
from analytics.models import LedgerEntry
from wallets.chain.client import Block

REBASED = "the token changed the balance by itself, without a transfer"


def repair(*, beside: Beside, found: Explanation, actor: str) -> int:
    """Book what was found on the chain; how many entries changed.

    What no transaction explains stays as it is: `adjust`.
    """
    if beside.block is None:
        return 0
    changed, _ = book_transactions(found.transactions)
    # As history is kept: what is there already under another place is not there twice.
    store(beside.network, found.told)
    hashes = {one.hash for one in found.told.transactions}
    hashes |= {one.hash for one in found.told.transfers}
    changed += book_told((beside.network.pk, one) for one in hashes)
    changed += book_everything(beside.network.pk)
    rebased = [one for one in found.findings if one.cause is Cause.REBASE]
    _enter_rebases(rebased, beside.block, actor)
    return changed + len(rebased)


def _enter_rebases(found: Sequence[Finding], block: Block, actor: str) -> None:
    LedgerEntry.objects.bulk_create(
        _entry(
            one.line,
            one.amount or 0,
            block=one.block if one.block is not None else block.number,
            at=block,
            account=LedgerEntry.Account.INCOME,
            reason=REBASED,
            actor=actor,
        )
        for one in found
    )


def adjust(*, line: Line, block: Block, reason: str, actor: str) -> LedgerEntry:
    """Set a line right by a person's word; ValueError if it is equal or unknown."""
    if not line.difference:
        raise ValueError(f"{line.token} of {line.wallet} does not differ, or is not known")
    account = LedgerEntry.Account.ADJUSTMENT
    entry = _entry(
        line,
        line.difference,
        block=block.number,
        at=block,
        account=account,
        reason=reason,
        actor=actor,
    )
    entry.save()
    return entry


def _entry(
    line: Line, amount: int, *, block: int, at: Block, account: str, reason: str, actor: str
) -> LedgerEntry:
    kind = LedgerEntry.Kind.IN if amount > 0 else LedgerEntry.Kind.OUT
    return LedgerEntry(
        wallet=line.wallet,
        token=line.token,
        kind=kind,
        amount=abs(amount),
        account=account,
        block_number=block,
        occurred_at=at.at,
        reason=reason,
        booked_by=actor,
        ordinal=1,
        status=LedgerEntry.Status.FINAL,
    )
