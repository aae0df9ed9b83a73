"""The one kind of transfer that an emergency stop may spare: a drain to a listed safe address."""

from wallets.addresses import parse_address
from wallets.models import Transaction
from wallets.recipients import is_safe
from wallets.transactions.calldata import CalldataError, decode_arguments

# The actions of floor 2 that empty a wallet in trouble.
DRAINS = ("drain", "drain-token")
TRANSFER = "transfer(address,uint256)"


def recipient_of(to: str, data: bytes) -> str | None:
    """Whom a plain transfer pays, of the native coin or a token; None for any other call."""
    if not data:
        return to
    try:
        recipient, _ = decode_arguments(TRANSFER, data)
    except CalldataError:
        return None
    return parse_address(recipient)


def is_safe_drain(row: Transaction) -> bool:
    """Whether it is a drain by name, and by its bytes pays nobody but a listed safe address."""
    if row.action not in DRAINS:
        return False
    recipient = recipient_of(row.to, bytes(row.data))
    return recipient is not None and is_safe(recipient, row.network)
