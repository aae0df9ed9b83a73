"""What a day's limits allow: held back when signing, settled when the chain has decided.

Days are UTC. A reservation counts on the day it was signed, whenever it is mined.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from wallets.amounts import SumAmount
from wallets.models import Limit, Receipt, SpendReservation, Transaction
from wallets.transactions.holds import Held
from wallets.transactions.limits import Limits, amount_text, token_of
from wallets.transactions.policy import Permit, PolicyRefusal
from wallets.transactions.states import HoldReason, Outcome
from wallets.transactions.states import TransactionState as S

K = Limit.Kind
DAY_KINDS = (K.MAX_DAY_VALUE, K.MAX_WALLET_DAY_VALUE, K.MAX_ACTION_DAY_VALUE, K.MAX_DAY_FEES)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a transaction would take of one limit."""

    limit: Limit
    amount: int
    share: str
    day: date


def reserve(row: Transaction, permit: Permit, highest_fee: int, limits: Limits) -> None:
    """Hold back what the transaction may spend, or raise Held or PolicyRefusal.

    Inside the signing transaction. The limits are locked in one order, so that two wallets that
    sign at once cannot both take the last of a limit; SQLite has one writer anyway.
    """
    amounts: Counter[str] = Counter()
    for spend in permit.spends:
        amounts[spend.token] += spend.amount if spend.leaves else 0
    for limit in _lock(limits.among(row, DAY_KINDS, amounts)):
        fees = limit.kind == K.MAX_DAY_FEES
        amount = highest_fee if fees else amounts[token_of(limit)]
        if amount:
            _take(row, _Wanted(limit, amount, _share(row, limit), _today()))


def reserve_fee(row: Transaction, highest_fee: int, limits: Limits, *, enforce: bool) -> None:
    """Raise what is held back for the fees of a further attempt; Held if a limit is in the way.

    What closes a nonce (cancel, filler) is counted and never kept from it: `enforce=False`.
    """
    for limit in _lock(limits.among(row, (K.MAX_DAY_FEES,), ())):
        before = row.reservations.filter(limit=limit).first()
        day = before.day if before else _today()
        amount = max(highest_fee, before.amount if before else 0)
        _take(row, _Wanted(limit, amount, "", day), enforce=enforce)


def settle_reservations(rows: Sequence[Transaction]) -> None:
    """What ended transactions really spent stays counted; the rest is given back."""
    by_pk = {row.pk: row for row in rows}
    open_ones = SpendReservation.objects.filter(settled_at=None, released_at=None)
    for held in open_ones.filter(transaction__in=by_pk).select_related("limit").order_by("pk"):
        _settle(held, _spent(by_pk[held.transaction_id], held))


def _spent(row: Transaction, held: SpendReservation) -> int:
    if held.limit.kind == K.MAX_DAY_FEES:
        return _fee_paid(row) if row.state == S.FINAL else 0
    return held.amount if row.outcome == Outcome.SUCCEEDED else 0


def _lock(limits: list[Limit]) -> list[Limit]:
    """The limits as they stand once nobody else can change or take from them."""
    if not limits:
        return []
    locked = Limit.objects.filter(pk__in=[limit.pk for limit in limits], enabled=True)
    return list(locked.select_for_update().order_by("pk"))


def _take(row: Transaction, wanted: _Wanted, *, enforce: bool = True) -> None:
    if enforce:
        _require_room(row, wanted)
    SpendReservation.objects.update_or_create(
        transaction=row,
        limit=wanted.limit,
        defaults={"day": wanted.day, "share": wanted.share, "amount": wanted.amount},
    )


def _require_room(row: Transaction, wanted: _Wanted) -> None:
    limit, token = wanted.limit, token_of(wanted.limit)
    others = limit.reservations.filter(day=wanted.day, share=wanted.share, released_at=None)
    used = others.exclude(transaction=row).aggregate(total=SumAmount("amount"))["total"]
    if used + wanted.amount <= limit.amount:
        return
    shown = [amount_text(row, token, number) for number in (used, limit.amount, wanted.amount)]
    if wanted.amount > limit.amount and limit.kind != K.MAX_DAY_FEES:
        raise PolicyRefusal(f"{shown[2]} alone is above the limit “{limit}” of {shown[1]}")
    frees = wanted.day + timedelta(days=1)
    raise Held(
        HoldReason.LIMIT,
        f"the limit “{limit}” leaves too little: {shown[0]} of {shown[1]} is spent or held back "
        f"for {wanted.day:%Y-%m-%d}, this needs {shown[2]}; it is free again at {frees:%Y-%m-%d} "
        "00:00 UTC",
    )


def _share(row: Transaction, limit: Limit) -> str:
    """Whose part of the day it is, for limits that hold for each."""
    match limit.kind:
        case K.MAX_WALLET_DAY_VALUE:
            return row.lane.wallet.address
        case K.MAX_ACTION_DAY_VALUE:
            return f"{row.protocol}.{row.action}"
    return ""


def _today() -> date:
    return timezone.now().date()


def _fee_paid(row: Transaction) -> int:
    receipts = Receipt.objects.filter(transaction=row, canonical=True)
    return sum(receipts.values_list("fee", flat=True))


def _settle(held: SpendReservation, spent: int) -> None:
    now = timezone.now()
    changes = {"amount": spent, "settled_at": now} if spent else {"released_at": now}
    SpendReservation.objects.filter(pk=held.pk).update(**changes)
