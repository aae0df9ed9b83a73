"""Which configured numbers cover a transaction."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from wallets.addresses import parse_address
from wallets.amounts import show_amount
from wallets.models import Limit, LimitOverride, NonceLane, ScopeKind, Token, Transaction

NATIVE_DECIMALS = 18


@dataclass(frozen=True, slots=True)
class Limits:
    """Every enabled limit that may cover a lane's transactions, read with one question."""

    rows: tuple[Limit, ...]

    def amounts(self, row: Transaction, kind: str, token: str = "") -> list[int]:
        """The numbers of this kind that cover it: of the token's address, or native and fees."""
        return [one.amount for one in self._covering(row, token) if one.kind == kind]

    def among(self, row: Transaction, kinds: Iterable[str], tokens: Iterable[str]) -> list[Limit]:
        """The limits of these kinds that cover it or any of these tokens' addresses."""
        wanted = set(kinds)
        found = {one.pk: one for token in ("", *tokens) for one in self._covering(row, token)}
        return [one for one in found.values() if one.kind in wanted]

    def _covering(self, row: Transaction, token: str) -> list[Limit]:
        return [one for one in self.rows if _covers(one, row, token)]


def read_limits(lane: NonceLane) -> Limits:
    """The limits that may cover what the lane signs, as they stand now."""
    wide = (ScopeKind.EVERYTHING, ScopeKind.PROTOCOL, ScopeKind.ACTION, ScopeKind.CAMPAIGN)
    scopes = (
        Q(scope_kind__in=wide)
        | Q(scope_kind=ScopeKind.NETWORK, scope_value=lane.network.slug)
        | Q(scope_kind=ScopeKind.WALLET, scope_value=lane.wallet.label)
        | Q(scope_kind=ScopeKind.TOKEN, scope_value__startswith=token_scope(lane.network.slug, ""))
    )
    return Limits(tuple(in_force(Limit.objects.filter(scopes, enabled=True))))


def in_force(rows: QuerySet[Limit]) -> list[Limit]:
    """The limits with the number that counts now as their amount: an override's while one stands.

    One question for both. What comes back is for reading; saved, it would keep the override.
    """
    newest = standing_overrides().filter(limit=OuterRef("pk")).order_by("-id")
    found: list[Limit] = []
    for limit in rows.annotate(overridden=Subquery(newest.values("amount")[:1])):
        if limit.overridden is not None:
            limit.amount = limit.overridden
        found.append(limit)
    return found


def standing_overrides() -> QuerySet[LimitOverride]:
    """Those that count now; time alone ends them."""
    return LimitOverride.objects.filter(ended_at=None, expires_at__gt=timezone.now())


def _covers(limit: Limit, row: Transaction, token: str) -> bool:
    """Whether it counts this token of the transaction; the native coin and fees if it is empty."""
    if (limit.scope_kind == ScopeKind.TOKEN) != bool(token):
        return False
    match limit.scope_kind:
        case ScopeKind.EVERYTHING:
            return True
        case ScopeKind.NETWORK:
            return limit.scope_value == row.network.slug
        case ScopeKind.PROTOCOL:
            return limit.scope_value == row.protocol
        case ScopeKind.ACTION:
            return limit.scope_value == row.action
        case ScopeKind.WALLET:
            return limit.scope_value == row.lane.wallet.label
        case ScopeKind.CAMPAIGN:
            return False  # a transaction does not know its campaign; a gate does
    # One that was not typed in the console may lack the checksum; it holds all the same.
    return limit.scope_value.lower() == token_scope(row.network.slug, token).lower()


def token_scope(network: str, address: str) -> str:
    """How a limit names a token: the same address is another token on another network."""
    return f"{network}:{address}"


def token_of(limit: Limit) -> str:
    """The address of the token the limit counts; empty for the native coin."""
    if limit.scope_kind != ScopeKind.TOKEN:
        return ""
    return parse_address(limit.scope_value.rpartition(":")[2])


def amount_text(row: Transaction, token: str, amount: int) -> str:
    """An amount as a person reads it; in base units where the token is not known."""
    known = Token.objects.filter(network=row.network_id, address=token).first()
    if known is not None:
        return show_amount(amount, known.decimals, known.symbol)
    if not token:
        return show_amount(amount, NATIVE_DECIMALS, "of the native coin")
    return f"{amount} base units of {token}"
