"""Settlements as JSON on a step, and back."""

from typing import Any

from protocols.actions import Movement, Settlement
from wallets.addresses import parse_address
from wallets.amounts import check_amount


class SettlementError(ValueError):
    """What was kept is no settlement; the message says why."""


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


def settlement_from_json(kept: Any) -> Settlement:
    """The settlement of a step, or SettlementError."""
    try:
        movements = tuple(_movement(item) for item in kept["movements"])
        return Settlement(movements, str(kept["note"]))
    except (KeyError, TypeError, ValueError) as error:
        raise SettlementError(f"{type(error).__name__}: {error}") from error


def _movement(item: Any) -> Movement:
    direction, amount = item["direction"], item["amount"]
    if direction not in ("in", "out"):
        raise ValueError(f"{direction!r} is not in or out")
    if not isinstance(amount, str):
        # A JSON number may have gone through somebody's float.
        raise TypeError(f"{amount!r} should be text")
    return Movement(
        token=parse_address(item["token"]) if item["token"] else "",
        direction=direction,
        amount=check_amount(int(amount)),
        counterparty=parse_address(item["counterparty"]),
    )
