"""Transfers as they are kept: the same one is known again by its place, or by what it is."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from analytics.models import ChainTransfer, Claim, Source
from wallets.models import Network, Token

# The order of a file's rows is no place in a transaction: these places are only numbers.
UNPLACED = 1_000_000
INSIDE = -2
TOLD = ("token_address", "counterparty", "amount", "block_number", "block_at")
Key = tuple[str, int, int, str]
Content = tuple[str, int, str, str, str, int]


def store_transfers(network: Network, rows: Sequence[ChainTransfer]) -> int:
    """Keep the transfers of some transactions; how many are new or better known."""
    hashes = {row.hash for row in rows}
    known = _Known(ChainTransfer.objects.filter(network=network, hash__in=hashes))
    traced = {_paid(row) for row in known.rows if _is_inside(row) and row.source != Source.OWN}
    # A settlement sums up what contracts paid: where a trace told each, that is what counts.
    told = [row for row in rows if not (_is_guess(row) and _paid(row) in traced)]
    left = [row for row in told if not known.has_placed(row)]
    new = [row for row in left if not known.has_alike(row)]
    known.number(new)
    known.forget_guesses(told)
    ChainTransfer.objects.bulk_create(new)
    changed = ("place", "source", "token", *TOLD)
    ChainTransfer.objects.bulk_update(known.better, changed, batch_size=100)
    _name(ChainTransfer.objects.filter(network=network, hash__in=hashes, token=None))
    return len(new) + len(known.better)


class _Known:
    """What is there of these transactions."""

    def __init__(self, rows: Iterable[ChainTransfer]) -> None:
        self.rows = list(rows)
        self.better: list[ChainTransfer] = []
        self._taken: set[int] = set()
        self._by_key = {_key(row): row for row in self.rows}
        self._by_content: dict[Content, list[ChainTransfer]] = defaultdict(list)
        for row in self.rows:
            self._by_content[_content(row)].append(row)

    def has_placed(self, row: ChainTransfer) -> bool:
        """Whether it is there at its place; what a file told otherwise is set right."""
        same = self._by_key.get(_key(row))
        if same is None:
            return False
        if _is_unplaced(row) and (same.pk in self._taken or _content(same) != _content(row)):
            return False
        self._take(same, row)
        return True

    def has_alike(self, row: ChainTransfer) -> bool:
        """Whether one of its kind is there of which no place is known, or its own is not."""
        for one in self._by_content[_content(row)]:
            if one.pk in self._taken or not (_is_unplaced(one) or _is_unplaced(row)):
                continue
            if one.place >= UNPLACED and _key(row) not in self._by_key:
                one.place = row.place
            self._take(one, row)
            return True
        return False

    def number(self, new: Iterable[ChainTransfer]) -> None:
        """Give what has no place of its own a number that is free in its transaction."""
        used = {_key(row) for row in self.rows} | {_key(row) for row in self.better}
        for row in new:
            step = 1 if row.place >= UNPLACED else -1
            while _is_unplaced(row) and _key(row) in used:
                row.place += step
            used.add(_key(row))

    def forget_guesses(self, told: Iterable[ChainTransfer]) -> None:
        """What a settlement summed up, once a trace tells each; unless the books rest on it."""
        traced = {_paid(row) for row in told if _is_inside(row) and row.source == Source.RPC}
        stale = [row.pk for row in self.rows if _is_guess(row) and _paid(row) in traced]
        left = set(stale) - self._taken
        claims = Claim.objects.filter(transfer=OuterRef("pk"))
        ChainTransfer.objects.filter(~Exists(claims), pk__in=left, entry=None).delete()

    def _take(self, kept: ChainTransfer, told: ChainTransfer) -> None:
        self._taken.add(kept.pk)
        if told.source == Source.EXPLORER:
            return
        facts = [getattr(kept, name) for name in TOLD]
        says = [getattr(told, name) for name in TOLD]
        if kept.source == Source.EXPLORER or (facts != says and not _is_inside(kept)):
            if kept.token_address != told.token_address:
                kept.token = None
            for name, value in zip(TOLD, says, strict=True):
                setattr(kept, name, value)
            kept.source = told.source if kept.source == Source.EXPLORER else kept.source
            self.better.append(kept)


def name_tokens() -> int:
    """Tie transfers to tokens that were registered after them."""
    known = _token().values("pk")[:1]
    rows = ChainTransfer.objects.filter(token=None).annotate(known=Subquery(known))
    return _name(rows.filter(~Q(known=None)))


def _name(rows: QuerySet[ChainTransfer]) -> int:
    return rows.order_by().update(token=Subquery(_token().values("pk")[:1]))


def _token() -> QuerySet[Token]:
    return Token.objects.filter(network=OuterRef("network"), address=OuterRef("token_address"))


def _is_unplaced(row: ChainTransfer) -> bool:
    return row.place >= UNPLACED or _is_inside(row)


def _is_inside(row: ChainTransfer) -> bool:
    return row.place <= INSIDE


def _is_guess(row: ChainTransfer) -> bool:
    return _is_inside(row) and row.source == Source.OWN


def _paid(row: ChainTransfer) -> tuple[str, int, str]:
    return row.hash, row.wallet_id, row.direction


def _key(row: ChainTransfer) -> Key:
    return row.hash, row.place, row.wallet_id, row.direction


def _content(row: ChainTransfer) -> Content:
    # Who exactly paid inside a transaction is told differently by each.
    other = "" if _is_inside(row) else row.counterparty
    return row.hash, row.wallet_id, row.direction, row.token_address, other, row.amount
