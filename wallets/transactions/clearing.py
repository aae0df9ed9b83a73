"""After a stop, by a person's order: end what is not signed, ask a cancel for what is not mined."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wallets.models import Attempt, ScopeKind, SignedRequest, Transaction
from wallets.requests.services import cancel_request
from wallets.transactions.drains import is_safe_drain
from wallets.transactions.operator import NotPossible, cancel_transaction
from wallets.transactions.replacing import is_replaceable, newest_attempt
from wallets.transactions.states import PENDING, RequestState, Wish
from wallets.transactions.states import TransactionState as S
from wallets.transactions.stop import Stops, read_stops
from wallets.transitions import LostRace

_UNSIGNED = (S.QUEUED, S.HELD)


class Fate(StrEnum):
    """What the order does to one of them."""

    ENDS = "ends"
    ASKED = "asked"
    WAITS = "waits"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Cleared:
    """One transaction or request, and what becomes of it."""

    row: Transaction | SignedRequest
    fate: Fate
    sentence: str

    @property
    def subject(self) -> str:
        """What it is called."""
        kind = "transaction" if isinstance(self.row, Transaction) else "request"
        return f"{kind} {self.row.pk}"


def clear_pending(
    *, scope_kind: str, scope_value: str, actor: str, reason: str, dry_run: bool = False
) -> list[Cleared]:
    """Cancel what is unmined in the scope, one by one; what cannot be is named and left."""
    stops, done = read_stops(), []
    for found in _found(scope_kind, scope_value, stops):
        acts = found.fate is not Fate.LEFT and not dry_run
        done.append(_cancel(found, actor, reason) if acts else found)
    return done


def _found(kind: str, value: str, stops: Stops) -> Iterator[Cleared]:
    unmined = Transaction.objects.filter(state__in=(*_UNSIGNED, *PENDING))
    rows = unmined.filter(**_scope(kind, value, wallet="lane__wallet"))
    for row in rows.select_related("lane__wallet", "network").order_by("pk").iterator():
        yield _fate(row, stops)
    unsent = SignedRequest.objects.filter(state__in=(RequestState.PREPARED, RequestState.SIGNED))
    for request in unsent.filter(**_scope(kind, value, wallet="wallet")).order_by("pk"):
        yield Cleared(request, Fate.ENDS, "ends: it has not left")


def _scope(kind: str, value: str, *, wallet: str) -> dict[str, Any]:
    match kind:
        case ScopeKind.EVERYTHING:
            return {}
        case ScopeKind.WALLET:
            return {f"{wallet}__label": value}
        case ScopeKind.NETWORK:
            return {"network__slug": value}
        case ScopeKind.PROTOCOL:
            return {"protocol": value}
    raise NotPossible(f"nothing is stopped by {kind}; name a wallet, a protocol or a network")


def _fate(row: Transaction, stops: Stops) -> Cleared:
    if row.action == Attempt.Kind.FILLER:
        return Cleared(row, Fate.LEFT, "stays: it does nothing but free a nonce")
    if is_safe_drain(row):
        return Cleared(row, Fate.LEFT, "stays: it drains to a listed safe address")
    if row.state in _UNSIGNED:
        return Cleared(row, Fate.ENDS, "ends: nothing of it is signed")
    if row.state == S.RESERVED:
        return Cleared(row, Fate.ENDS, "ends: the signer's answer is dropped, its nonce is filled")
    return _fate_of_signed(row, stops)


def _fate_of_signed(row: Transaction, stops: Stops) -> Cleared:
    if row.wish == Wish.CANCEL:
        return _asked(row, stops, "its cancel is asked for already")
    if not is_replaceable(row, newest_attempt(row)):
        told = f"stays: {row.network.name} has no mempool in which it could be replaced"
        return Cleared(row, Fate.LEFT, told)
    return _asked(row, stops, f"a cancel at its nonce {row.nonce} is asked for")


def _asked(row: Transaction, stops: Stops, told: str) -> Cleared:
    """A wish; whether it may be signed now is the stop's word."""
    if reason := stops.reason(row, Attempt.Kind.CANCEL):
        more = "it is signed once the stop spares cancels (--mode all-but-cancels) or is lifted"
        return Cleared(row, Fate.WAITS, f"{told}, and waits: {reason}; {more}")
    return Cleared(row, Fate.ASKED, f"{told}; until one of the two is in a block either may win")


def _cancel(found: Cleared, actor: str, reason: str) -> Cleared:
    try:
        if isinstance(found.row, SignedRequest):
            cancel_request(request_id=found.row.pk, actor=actor, reason=reason)
        elif found.row.wish != Wish.CANCEL:
            cancel_transaction(transaction_id=found.row.pk, actor=actor, reason=reason)
    except (NotPossible, LostRace) as error:
        return Cleared(found.row, Fate.LEFT, str(error))
    return found
