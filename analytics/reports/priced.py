"""What entries of the books were worth when they happened: summed in SQL, priced in slots.

Prices are read at the starts of five minutes of the clock, so that all entries of one slot have
one price: the database adds them up, and what is left to price does not grow with the books. Only
where somebody gave a price of another moment are a slot's entries priced one by one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import batched, chain
from typing import Any

from django.db.models import F, Func, IntegerField, Q, QuerySet

from analytics.models import LedgerEntry
from wallets.amounts import DIGITS, SumAmount
from wallets.models import Token
from wallets.price_history import OLDEST, SPACING, History
from wallets.prices import worth_at

_SLOT = int(SPACING.total_seconds())
AT_ONCE = 500

type Places = set[tuple[int, int]]


class Slot(Func):
    """Which stretch of so many seconds of UTC a moment lies in, counted from 1970."""

    output_field = IntegerField()

    def __init__(self, expression: Any, seconds: int = _SLOT) -> None:
        super().__init__(expression, seconds=seconds)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """By the epoch."""
        template = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s) / %(seconds)s)::bigint"
        return self.as_sql(compiler, connection, template=template, **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Whole seconds, divided as whole numbers."""
        template = "(CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) / %(seconds)s)"
        return self.as_sql(compiler, connection, template=template, **extra)


def slot_start(slot: int, seconds: int = _SLOT) -> datetime:
    """When it begins."""
    return datetime.fromtimestamp(slot * seconds, UTC)


@dataclass(slots=True)
class Worth:
    """Amounts in base units by token, their sum in US dollars, and what has no price."""

    amounts: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    by_token: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    known: Decimal = Decimal(0)
    # The first moment of each token without a price.
    unpriced: dict[int, datetime] = field(default_factory=dict)

    @property
    def dollars(self) -> Decimal | None:
        """None where a part is unknown."""
        return None if self.unpriced else self.known

    def add(self, token: Token, amount: int, value: Decimal | None, at: datetime) -> None:
        """One sum of a slot."""
        self.amounts[token.pk] += amount
        if value is None:
            self.unpriced[token.pk] = min(at, self.unpriced.get(token.pk, at))
            return
        self.known += value
        self.by_token[token.pk] += value

    def problem(self, tokens: dict[int, Token]) -> str:
        """Which prices are missing, a word on the first of them."""
        if not self.unpriced:
            return ""
        token, at = min(self.unpriced.items(), key=lambda pair: pair[1])
        return no_price(tokens[token], at)


@dataclass(frozen=True, slots=True)
class Priced:
    """Worth by key, all of it, and the tokens it is of."""

    by: dict[tuple[Any, ...], Worth]
    total: Worth
    tokens: dict[int, Token]

    def problems(self) -> Iterator[str]:
        """A sentence for each token without a price."""
        for token, at in sorted(self.total.unpriced.items(), key=lambda pair: pair[1]):
            yield no_price(self.tokens[token], at)


def no_price(token: Token, at: datetime) -> str:
    """The sentence about a price that nobody has."""
    return f"the price of {token} at {at:%Y-%m-%d %H:%M} UTC was not stored"


def priced(rows: QuerySet[LedgerEntry], *by: str) -> Priced:
    """Sums of the rows by these fields; four questions however many rows there are."""
    slots = rows.annotate(slot=Slot(F("occurred_at"))).order_by()
    grouped = slots.values_list("token", "slot", *by).annotate(total=SumAmount("amount"))
    found = list(grouped)
    tokens = _tokens(line[0] for line in found)
    result: dict[tuple[Any, ...], Worth] = defaultdict(Worth)
    total = Worth()
    if not found:
        return Priced(result, total, tokens)
    places = [line[1] for line in found]
    history = History(tokens, slot_start(min(places)), _end(max(places)))
    split = _split(history, tokens)
    whole = ((*line[:2], _end(line[1]), *line[2:]) for line in found if line[:2] not in split)
    with localcontext(prec=2 * DIGITS):
        for token_id, slot, at, *keys, amount in chain(whole, _single(slots, by, found, split)):
            token = tokens[token_id]
            value = worth_at(amount, token, history.at(token_id, at))
            for one in (result[tuple(keys)], total):
                one.add(token, amount, value, slot_start(slot))
    return Priced(result, total, tokens)


def _split(history: History, tokens: Iterable[int]) -> Places:
    """Tokens and slots within which the price changes, by one that a person gave, or ends."""
    moments = ((token, at) for token in tokens for at in history.moments(token))
    return {
        (token, int(moment.timestamp()) // _SLOT)
        for token, at in moments
        if at.timestamp() % _SLOT
        for moment in (at, at + OLDEST)
    }


def _single(
    slots: QuerySet[LedgerEntry], by: Sequence[str], found: Sequence[Any], split: Places
) -> Iterator[Any]:
    """The entries of those slots one by one, at their own moments."""
    wanted = {line[:2] for line in found} & split
    if not wanted:
        return
    rows = slots.filter(token__in={token for token, _ in wanted})
    fields = ("token", "slot", "occurred_at", *by, "amount")
    for places in batched(sorted({slot for _, slot in wanted}), AT_ONCE):
        inside = rows.filter(Q(slot__in=places)).values_list(*fields)
        yield from (line for line in inside.iterator() if line[:2] in wanted)


def _end(slot: int) -> datetime:
    return slot_start(slot + 1) - timedelta(microseconds=1)


def _tokens(keys: Iterable[int]) -> dict[int, Token]:
    rows = Token.objects.filter(pk__in=set(keys)).select_related("network")
    return {row.pk: row for row in rows}
