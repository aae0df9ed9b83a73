"""Where wallets stand by the criteria of an airdrop: rules as data, over their own history."""

from analytics.criteria.standing import standing

__all__ = ["standing"]
