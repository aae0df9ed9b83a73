"""Campaigns: described, entitled, received, added up; read from files and written to them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analytics.campaigns.totals import Summary, WalletLine, summary

__all__ = ["Summary", "WalletLine", "summary"]


def __getattr__(name: str) -> Any:
    # Only when asked for: floor 4's services import from here while totals need the services.
    if name not in __all__:
        raise AttributeError(name)
    from analytics.campaigns import totals

    return getattr(totals, name)
