"""What holds for every signer that asks another machine."""

from django.db import transaction


def require_no_transaction() -> None:
    """RuntimeError inside a database transaction: a mistake of ours, never of the operator's."""
    # Rows stay locked while the other machine thinks.
    if transaction.get_connection().in_atomic_block:
        raise RuntimeError("a remote signer was asked inside a database transaction")
