"""A wallet by another name: what was said of the old one holds for the new one."""

from collections.abc import Callable

from django.db import transaction

from wallets.models import EmergencyStop, Limit, ScopeKind, Wallet
from wallets.transactions.operator import NotPossible
from wallets.transactions.stop import wait_for_signatures
from wallets.transitions import recorded
from wallets.verification import WALLET_HISTORY

# Given the old name and the new one, in the database transaction that renames.
Follower = Callable[[str, str], None]
_followers: dict[str, Follower] = {}


def register_follower(name: str, follower: Follower) -> None:
    """Have rows of a higher floor that name wallets follow; the same name replaces."""
    _followers[name] = follower


def rename_wallet(*, wallet: Wallet, label: str, actor: str) -> None:
    """Give it the name with its stops, limits and hours; no signature sees one without the other.

    NotPossible for a name of which something is said already: that was meant for another wallet.
    """
    with transaction.atomic():
        old = Wallet.objects.select_for_update().get(pk=wallet.pk).label
        if old == label:
            return
        wait_for_signatures()
        if refused := reason_not_to_take(label):
            raise NotPossible(refused)
        Wallet.objects.filter(pk=wallet.pk).update(label=label)
        for model in (EmergencyStop, Limit):
            named = model._default_manager.filter(scope_kind=ScopeKind.WALLET, scope_value=old)
            named.update(scope_value=label)
        for follow in _followers.values():
            follow(old, label)
        told = f"renamed from {old} to {label}"
        recorded(WALLET_HISTORY, wallet.pk, wallet.status, wallet.status, actor=actor, reason=told)


def reason_not_to_take(label: str) -> str:
    """Why a wallet may not be renamed so; empty where it may."""
    for model, what in ((EmergencyStop, "stop"), (Limit, "limit")):
        named = model._default_manager.filter(scope_kind=ScopeKind.WALLET, scope_value=label)
        if named.exists():
            return f"a {what} names {label} already; choose another name"
    return ""
