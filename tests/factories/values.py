"""Values that are valid and always the same."""

from datetime import UTC, datetime

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

ETHER = 10**18
GWEI = 10**9
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def an_address(seed: object) -> str:
    """A checksummed address, the same for the same seed."""
    return str(to_checksum_address(keccak(text=str(seed))[-20:]))


def a_hash(seed: object) -> str:
    """A 32-byte hash, the same for the same seed."""
    return "0x" + keccak(text=f"hash {seed}").hex()
