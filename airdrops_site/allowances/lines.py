"""What is printed of an allowance, known or not."""

from typing import Any

from wallets.ages import age_of
from wallets.allowance_readings import show_allowance
from wallets.allowances import Reading, known
from wallets.models import Allowance

Line = dict[str, Any]


def line_of(row: Allowance) -> Line:
    """What is kept of an allowance, and as of when."""
    token, is_known = row.token, row.amount is not None
    return {
        "wallet": row.wallet.label,
        "network": token.network.slug,
        "token": token.symbol,
        "spender": row.spender,
        "through": row.through,
        "amount": show_allowance(row, token),
        "base_units": str(row.amount) if is_known else None,
        "unlimited": row.is_unlimited,
        "unknown": not is_known,
        "expires_at": row.expires_at.isoformat() if row.expires_at else None,
        "block": row.block_number,
        "checked_at": row.checked_at.isoformat(timespec="seconds"),
        "age": age_of(row.checked_at),
        "transaction": row.revocation_id,
        "problem": "" if is_known else f"not answered at block {row.block_number}",
    }


def told(reading: Reading) -> Line:
    """What the chain said just now."""
    row = known(reading.of).select_related("wallet", "token__network", "revocation").first()
    if row is not None:
        return {**line_of(row), "problem": reading.problem}
    one = reading.of
    return {
        "wallet": one.wallet.label,
        "network": one.token.network.slug,
        "token": one.token.symbol,
        "spender": one.spender,
        "through": one.through,
        "amount": None,
        "unknown": True,
        "problem": reading.problem,
    }
