"""What names a wallet on this floor goes on naming it when it is renamed."""

from scheduling.models import AllowedHours, Pause
from scheduling.pauses import follow_rename
from wallets.models import ScopeKind


def follow_wallet(old: str, new: str) -> None:
    """Its pause and its allowed hours hold for the new name."""
    follow_rename(old, new, Pause.Scope.WALLET)
    hours = AllowedHours.objects.filter(scope_kind=ScopeKind.WALLET, scope_value=old)
    hours.update(scope_value=new)
