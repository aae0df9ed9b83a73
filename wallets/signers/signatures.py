"""Signatures that come from elsewhere: read, put into the one form nodes take, and proven."""

import re
from dataclasses import dataclass

from eth_keys.constants import SECPK1_N
from eth_keys.datatypes import PublicKey
from eth_keys.datatypes import Signature as KeysSignature
from eth_keys.exceptions import BadSignature
from eth_typing import ChecksumAddress
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from wallets.signers.interface import SignerError, WrongKey

_SIGNATURE = re.compile(r"0x[0-9a-fA-F]{130}")
_PUBLIC_KEY = re.compile(r"(?:0x)?(?:04)?([0-9a-fA-F]{128})")


@dataclass(frozen=True, slots=True)
class Signature:
    """An ECDSA signature with a low s (EIP-2)."""

    r: int
    s: int
    y_parity: int

    def in_65_bytes(self) -> bytes:
        """r, s and v (27 or 28), as contracts and venues take it."""
        return self.r.to_bytes(32, "big") + self.s.to_bytes(32, "big") + bytes([27 + self.y_parity])


def own_signature(answer: str, *, signed: bytes, address: ChecksumAddress) -> Signature:
    """The address' own signature over keccak256(signed), or SignerError.

    The answer's last byte is not believed: signers differ in it. Recovery finds it, and the high
    s that some key stores give is turned into the low one.
    """
    if not _SIGNATURE.fullmatch(answer):
        raise SignerError("the remote signer answered something that is no signature of 65 bytes")
    raw = bytes.fromhex(answer[2:])
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:64], "big")
    return proven_signature(r, s, digest=keccak(signed), address=address)


def proven_signature(r: int, s: int, *, digest: bytes, address: ChecksumAddress) -> Signature:
    """The signature with a low s and the parity by which it is the address' own; or WrongKey."""
    low = min(s, SECPK1_N - s)
    for parity in (0, 1):
        if _signer(r, low, parity, digest) == address:
            return Signature(r, low, parity)
    raise WrongKey(f"the remote signer did not sign with the key of {address}")


def address_of(public_key: str) -> ChecksumAddress | None:
    """The address of an uncompressed public key in hex; None for any other text."""
    match = _PUBLIC_KEY.fullmatch(public_key)
    return PublicKey(bytes.fromhex(match[1])).to_checksum_address() if match else None


def _signer(r: int, s: int, parity: int, digest: bytes) -> str:
    try:
        key = KeysSignature(vrs=(parity, r, s)).recover_public_key_from_msg_hash(digest)
    except (BadSignature, ValidationError, ValueError):
        return ""
    return key.to_checksum_address()
