"""How far the chains were, as the database of a backup knew it."""

from typing import Any

from django.db.models import Max

from wallets.models import Installation, Network, NonceLane


def installation_id() -> str:
    """Whose state it is; empty where the database has none yet."""
    row = Installation.objects.first()
    return str(row.pk) if row else ""


def chain_positions() -> dict[str, Any]:
    """Per network the newest block that was watched; per lane the next nonce, null if unknown."""
    networks = Network.objects.values("slug", "chain_id", "watched_number", "watched_at")
    lanes = NonceLane.objects.order_by("pk").annotate(highest=Max("transactions__nonce"))
    rows = lanes.values_list("wallet__address", "network__slug", "highest", "baseline_nonce")
    return {
        "networks": [
            one | {"watched_at": one["watched_at"] and one["watched_at"].isoformat()}
            for one in networks
        ],
        "lanes": [
            {
                "wallet": wallet,
                "network": network,
                "next_nonce": baseline if highest is None else highest + 1,
            }
            for wallet, network, highest, baseline in rows.iterator()
        ],
    }
