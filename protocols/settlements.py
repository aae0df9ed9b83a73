"""Settlements as JSON on a step, and back."""

from typing import Any

from protocols.actions import Movement, Settlement
from wallets.addresses import parse_address


def settlement_to_json(settlement: Settlement) -> dict[str, Any]:
    """A settlement as it is kept; amounts as text, exact in any reader of JSON."""
    return {
        "movements": [
            {
                "token": movement.token,
                "direction": movement.direction,
                "amount": str(movement.amount),
                "counterparty": movement.counterparty,
            }
            for movement in settlement.movements
        ],
        "note": settlement.note,
    }


def settlement_from_json(kept: dict[str, Any]) -> Settlement:
    """The settlement of a step."""
    movements = tuple(
        Movement(
            token=parse_address(item["token"]) if item["token"] else "",
            direction=item["direction"],
            amount=int(item["amount"]),
            counterparty=parse_address(item["counterparty"]),
        )
        for item in kept["movements"]
    )
    return Settlement(movements, kept["note"])
