"""Why books and chain differ, block by block: each difference with its cause, if one is found."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from analytics.books.beside import Beside, Line
from analytics.books.searching import Jump, cell_of, find_jumps
from analytics.chain_history.reading import UNTRACED, Reader, Way
from analytics.chain_history.scope import Found, scope_of
from analytics.models import ChainTransfer, LedgerEntry, Unbooked
from analytics.selectors import valid_entries
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError
from wallets.models import Attempt, Receipt


class Cause(StrEnum):
    """What it was; the words are shown."""

    UNKNOWN = "the balance could not be read"
    OWN = "a transaction of ours that is not wholly booked"
    TRANSFER = "a transfer that was not booked"
    INSIDE = "native coin that a contract paid inside a transaction"
    FEE = "the fee of a transaction that was signed elsewhere"
    REBASE = "the token changes balances by itself, without transfers"
    OPENING = "it was there before the books began: `ledger open` enters it"
    UNEXPLAINED = "nothing in the block explains it"


@dataclass(frozen=True, slots=True)
class Finding:
    """A part of a line's difference (base units, signed; None is unknown) and what it is."""

    line: Line
    cause: Cause
    amount: int | None
    block: int | None = None
    hash: str = ""
    detail: str = ""


@dataclass(slots=True)
class Explanation:
    """What was found of a network, and the rows of the chain that would put it right."""

    findings: list[Finding] = field(default_factory=list)
    told: Found = field(default_factory=Found)
    transactions: list[int] = field(default_factory=list)


def explain(*, beside: Beside, client: NetworkClient) -> Explanation:
    """Look for the cause of every difference. Asks the chain; writes nothing."""
    found = Explanation()
    known = [line for line in beside.different if line.chain is not None]
    for line in beside.different:
        if line.chain is None:
            found.findings.append(Finding(line, Cause.UNKNOWN, None, detail=beside.problem))
    if beside.block is None or not known:
        return found
    search = find_jumps(client, known, beside.block.number)
    if search.problem:
        found.findings += [
            Finding(line, _cause_without_past(line), line.difference, detail=search.problem)
            for line in known
        ]
        return found
    scope = scope_of(
        beside.network, {line.wallet.pk: line.wallet for line in beside.lines}.values()
    )
    # The blocks were found by old states: there are some.
    _explain_jumps(search.jumps, Reader(client, scope, Way.OLD_STATES), found)
    _gather(found, search.endless)
    return found


def _cause_without_past(line: Line) -> Cause:
    rows = valid_entries().filter(wallet=line.wallet, token=line.token)
    return Cause.UNEXPLAINED if rows.exists() else Cause.OPENING


def _explain_jumps(jumps: Sequence[Jump], reader: Reader, found: Explanation) -> None:
    by_block: dict[int, list[Jump]] = {}
    for jump in jumps:
        by_block.setdefault(jump.block, []).append(jump)
    for number, there in sorted(by_block.items()):
        try:
            told = reader.read(number, number)
        except ChainError as error:
            found.findings += [
                Finding(one.line, Cause.UNEXPLAINED, one.amount, number, detail=str(error)[:200])
                for one in there
            ]
            continue
        found.told.add(told)
        for jump in there:
            found.findings += _explain_jump(jump, told, found)


def _explain_jump(jump: Jump, told: Found, found: Explanation) -> Iterator[Finding]:
    """The movements of the block that the books do not have, then what is left of the jump."""
    left = jump.amount
    booked = Counter(_signed(one) for one in _entries(jump))
    for amount, cause, tx_hash in _movements(jump, told):
        if booked[amount]:
            booked[amount] -= 1
            continue
        attempt = Attempt.objects.filter(hash=tx_hash).first()
        detail = ""
        if attempt is not None:
            cause = Cause.OWN if cause is not Cause.INSIDE else cause
            found.transactions.append(attempt.transaction_id)
            unbooked = Unbooked.objects.filter(transaction=attempt.transaction_id).first()
            detail = unbooked.reason if unbooked else ""
        left -= amount
        yield Finding(jump.line, cause, amount, jump.block, tx_hash, detail)
    if left:
        yield _rest(jump, left, told)


def _rest(jump: Jump, left: int, told: Found) -> Finding:
    line, detail = jump.line, ""
    entries = valid_entries().filter(wallet=line.wallet, token=line.token)
    first = entries.order_by("block_number").first()
    # An opening stands for all that was before: where there is one it is the first.
    is_before = first is None or jump.block < (first.block_number or 0)
    if is_before and left > 0:
        return Finding(line, Cause.OPENING, left, jump.block)
    if not line.token.is_native:
        return Finding(line, Cause.REBASE, left, jump.block)
    if told.problem == UNTRACED:
        detail = "the node offers no traces: what contracts paid inside cannot be seen"
    return Finding(line, Cause.UNEXPLAINED, left, jump.block, detail=detail)


def _movements(jump: Jump, told: Found) -> Iterator[tuple[int, Cause, str]]:
    line = jump.line
    for one in told.transfers:
        if (one.wallet_id, one.token_address) == (line.wallet.pk, line.token.address):
            sign = 1 if one.direction == ChainTransfer.Direction.IN else -1
            inside = one.place < ChainTransfer.VALUE_PLACE
            yield sign * one.amount, Cause.INSIDE if inside else Cause.TRANSFER, one.hash
    if line.token.is_native:
        for sent in told.transactions:
            if sent.wallet_id == line.wallet.pk and sent.fee:
                yield -sent.fee, Cause.FEE, sent.hash


def _entries(jump: Jump) -> list[LedgerEntry]:
    rows = valid_entries().filter(wallet=jump.line.wallet, token=jump.line.token)
    return list(rows.filter(block_number=jump.block))


def _signed(entry: LedgerEntry) -> int:
    return entry.amount if entry.kind == LedgerEntry.Kind.IN else -entry.amount


def _gather(found: Explanation, endless: frozenset[tuple[int, int]]) -> None:
    """One finding for a balance that comes apart all the time and everywhere by itself."""
    for cell in endless:
        own = [one for one in found.findings if cell_of(one.line) == cell]
        if own and all(one.cause is Cause.REBASE for one in own):
            line = own[0].line
            found.findings = [one for one in found.findings if cell_of(one.line) != cell]
            found.findings.append(Finding(line, Cause.REBASE, line.difference))


def receipts_unbooked(network_id: int, until: int) -> int:
    """Receipts up to a block that the books cannot take yet."""
    waiting = Unbooked.objects.filter(transaction__network=network_id).values("transaction")
    rows = Receipt.objects.filter(transaction__in=waiting, canonical=True)
    return rows.filter(block_number__lte=until).count()
