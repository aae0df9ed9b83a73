"""What a network's own coin is called, fetched with the rows that are shown."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from wallets.models import Token


def with_coin(rows: QuerySet[Any], network: str = "network") -> QuerySet[Any]:
    """The rows with `coin`, the symbol of their network's own coin, or None."""
    own = Token.objects.filter(network=OuterRef(network), address="").values("symbol")[:1]
    found: QuerySet[Any] = rows.annotate(coin=Subquery(own))
    return found
