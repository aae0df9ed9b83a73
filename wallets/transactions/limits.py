"""Which configured numbers cover a transaction."""

from django.db.models import Q, QuerySet

from wallets.addresses import parse_address
from wallets.amounts import show_amount
from wallets.models import Limit, ScopeKind, Token, Transaction

NATIVE_DECIMALS = 18


def covering(row: Transaction, *, tokens: tuple[str, ...] = ()) -> QuerySet[Limit]:
    """Every enabled limit of the transaction's scopes, and of these token addresses."""
    wallet = row.lane.wallet.label
    scopes = (
        Q(scope_kind=ScopeKind.EVERYTHING)
        | Q(scope_kind=ScopeKind.NETWORK, scope_value=row.network.slug)
        | Q(scope_kind=ScopeKind.PROTOCOL, scope_value=row.protocol)
        | Q(scope_kind=ScopeKind.ACTION, scope_value=row.action)
        | Q(scope_kind=ScopeKind.WALLET, scope_value=wallet)
    )
    # A limit that was not typed in the console may lack the checksum; it holds all the same.
    spellings = [form for token in tokens if token for form in (token, token.lower())]
    names = [token_scope(row.network.slug, form) for form in spellings]
    scopes |= Q(scope_kind=ScopeKind.TOKEN, scope_value__in=names)
    return Limit.objects.filter(scopes, enabled=True)


def limits_for(transaction: Transaction, kind: str) -> list[int]:
    """The amounts, native or fees, of every enabled limit of this kind that covers it."""
    return list(covering(transaction).filter(kind=kind).values_list("amount", flat=True))


def token_limits(transaction: Transaction, token: str, kind: str) -> list[int]:
    """The amounts of this kind for a token's address; for the native coin if it is empty."""
    if not token:
        return limits_for(transaction, kind)
    own = covering(transaction, tokens=(token,)).filter(kind=kind, scope_kind=ScopeKind.TOKEN)
    return list(own.values_list("amount", flat=True))


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
