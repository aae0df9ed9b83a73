"""What a day's and an hour's limits allow: held back when signing, settled by the chain.

Days and hours are UTC. A reservation counts when it was signed, whenever it is mined.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from wallets.amounts import SumAmount
from wallets.models import Limit, Receipt, SpendReservation, Transaction
from wallets.transactions.demands import Spend
from wallets.transactions.holds import Held
from wallets.transactions.limits import Limits, amount_text, in_force, read_limits, token_of
from wallets.transactions.policy import Permit, PolicyRefusal
from wallets.transactions.states import HoldReason, Outcome
from wallets.transactions.states import TransactionState as S

K = Limit.Kind
DAY_KINDS = (K.MAX_DAY_VALUE, K.MAX_WALLET_DAY_VALUE, K.MAX_ACTION_DAY_VALUE, K.MAX_DAY_FEES)
COUNTED_KINDS = (*DAY_KINDS, K.MAX_HOUR_VALUE)


@dataclass(frozen=True, slots=True)
class _Share:
    """Whose part of a limit, on which day, and in which of its hours where the limit is one's."""

    limit: Limit
    owner: str
    day: date
    hour: int | None = None

    @property
    def frees_at(self) -> datetime:
        """When it begins anew."""
        begins = datetime.combine(self.day, time(self.hour or 0), UTC)
        return begins + (timedelta(days=1) if self.hour is None else timedelta(hours=1))

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}" + ("" if self.hour is None else f" {self.hour:02}:00 UTC")


class Allotment:
    """What transactions that are signed together take of the day's and the hour's limits.

    Inside the signing transaction. Their limits are locked in one order and counted once, so that
    two wallets that sign at once cannot both take the last of a limit; SQLite has one writer
    anyway.
    """

    def __init__(self, limits: Limits, permits: Iterable[tuple[Transaction, Permit]]) -> None:
        self._limits = limits
        covering = [
            limit
            for row, permit in permits
            for limit in limits.among(row, COUNTED_KINDS, _leaving(permit.spends))
        ]
        self._locked = {limit.pk: limit for limit in _lock(covering)}
        self._used: dict[_Share, int] = {}
        self._taken: list[SpendReservation] = []

    def take(self, row: Transaction, permit: Permit, highest_fee: int) -> None:
        """Hold back what the transaction may spend, or raise Held or PolicyRefusal."""
        wanted = list(self._wanted(row, permit, highest_fee))
        for share, amount in wanted:
            _require_room(row, share, amount, used=self._used_of(share))
        for share, amount in wanted:
            self._used[share] += amount
            self._taken.append(
                SpendReservation(
                    transaction=row,
                    limit=share.limit,
                    day=share.day,
                    hour=share.hour,
                    share=share.owner,
                    amount=amount,
                )
            )

    def store(self) -> None:
        """Write down what was taken."""
        SpendReservation.objects.bulk_create(self._taken)

    def _wanted(
        self, row: Transaction, permit: Permit, highest_fee: int
    ) -> Iterator[tuple[_Share, int]]:
        amounts = _leaving(permit.spends)
        for found in self._limits.among(row, COUNTED_KINDS, amounts):
            # As it stands since it is locked; one that was switched off meanwhile is not there.
            limit = self._locked.get(found.pk)
            if limit is None:
                continue
            fees = limit.kind == K.MAX_DAY_FEES
            amount = highest_fee if fees else amounts[token_of(limit)]
            if amount:
                yield _share_now(row, limit), amount

    def _used_of(self, share: _Share) -> int:
        if share not in self._used:
            self._used[share] = _used(share)
        return self._used[share]


def _leaving(spends: Iterable[Spend]) -> Counter[str]:
    """What leaves our wallets, by the token's address."""
    amounts: Counter[str] = Counter()
    for spend in spends:
        amounts[spend.token] += spend.amount if spend.leaves else 0
    return amounts


def reserve_fee(row: Transaction, highest_fee: int, limits: Limits, *, enforce: bool) -> None:
    """Raise what is held back for the fees of a further attempt; Held if a limit is in the way.

    What closes a nonce (cancel, filler) is counted and never kept from it: `enforce=False`.
    """
    for limit in _lock(limits.among(row, (K.MAX_DAY_FEES,), ())):
        before = row.reservations.filter(limit=limit).first()
        share = _Share(limit, "", before.day if before else _today())
        amount = max(highest_fee, before.amount if before else 0)
        if enforce:
            _require_room(row, share, amount, used=_used(share, besides=row))
        SpendReservation.objects.update_or_create(
            transaction=row,
            limit=limit,
            defaults={"day": share.day, "share": share.owner, "amount": amount},
        )


def count_mined(row: Transaction, spends: Iterable[Spend], *, fee: int, at: datetime) -> None:
    """Count what is in a block and was never held back here: a lost host of ours has spent it.

    It stays counted whatever becomes of the row: nobody here can say that it was not spent.
    """
    day, amounts = at.astimezone(UTC).date(), _leaving(spends)
    if day < _today():
        return
    for limit in _lock(read_limits(row.lane).among(row, COUNTED_KINDS, amounts)):
        amount = fee if limit.kind == K.MAX_DAY_FEES else amounts[token_of(limit)]
        hour = at.astimezone(UTC).hour if limit.kind == K.MAX_HOUR_VALUE else None
        share = {"day": day, "hour": hour, "share": _owner(row, limit)}
        if amount:
            SpendReservation.objects.update_or_create(
                transaction=row,
                limit=limit,
                defaults={**share, "amount": amount, "settled_at": timezone.now()},
            )


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
    locked = Limit.objects.filter(pk__in={limit.pk for limit in limits}, enabled=True)
    return in_force(locked.select_for_update().order_by("pk"))


def _used(share: _Share, *, besides: Transaction | None = None) -> int:
    """What others have spent or hold back of it."""
    taken = share.limit.reservations.filter(day=share.day, share=share.owner, released_at=None)
    if share.hour is not None:
        taken = taken.filter(hour=share.hour)
    if besides is not None:
        taken = taken.exclude(transaction=besides)
    total: int = taken.aggregate(total=SumAmount("amount"))["total"]
    return total


def _require_room(row: Transaction, share: _Share, amount: int, *, used: int) -> None:
    limit, token = share.limit, token_of(share.limit)
    if used + amount <= limit.amount:
        return
    shown = [amount_text(row, token, number) for number in (used, limit.amount, amount)]
    if amount > limit.amount and limit.kind != K.MAX_DAY_FEES:
        raise PolicyRefusal(f"{shown[2]} alone is above the limit “{limit}” of {shown[1]}")
    raise Held(
        HoldReason.LIMIT,
        f"the limit “{limit}” leaves too little: {shown[0]} of {shown[1]} is spent or held back "
        f"for {share}, this needs {shown[2]}; it is free again at "
        f"{share.frees_at:%Y-%m-%d %H:%M} UTC",
    )


def _owner(row: Transaction, limit: Limit) -> str:
    """Whose part of the day it is, for limits that hold for each."""
    match limit.kind:
        case K.MAX_WALLET_DAY_VALUE:
            return row.lane.wallet.address
        case K.MAX_ACTION_DAY_VALUE:
            return f"{row.protocol}.{row.action}"
    return ""


def _share_now(row: Transaction, limit: Limit) -> _Share:
    now = timezone.now().astimezone(UTC)
    hour = now.hour if limit.kind == K.MAX_HOUR_VALUE else None
    return _Share(limit, _owner(row, limit), now.date(), hour)


def _today() -> date:
    return timezone.now().date()


def _fee_paid(row: Transaction) -> int:
    receipts = Receipt.objects.filter(transaction=row, canonical=True)
    return sum(receipts.values_list("fee", flat=True))


def _settle(held: SpendReservation, spent: int) -> None:
    now = timezone.now()
    changes = {"amount": spent, "settled_at": now} if spent else {"released_at": now}
    SpendReservation.objects.filter(pk=held.pk).update(**changes)
