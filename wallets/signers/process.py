"""Which processes may hold keys."""

from wallets.signers.interface import SignerError

_may_sign = False


def become_signing_process() -> None:
    """Called by workers before they fork and by commands that use keys; never by the web."""
    global _may_sign
    _may_sign = True


def require_signing_process() -> None:
    """SignerError unless this process may see a key."""
    if not _may_sign:
        raise SignerError("this process never signs; only workers hold keys")
