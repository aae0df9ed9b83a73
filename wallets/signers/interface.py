"""What the pipeline asks of a signer, and what can go wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from eth_typing import ChecksumAddress


class SignerError(Exception):
    """The wallet cannot sign; one sentence, never with key material in it."""


@dataclass(frozen=True, slots=True, repr=False)
class SignedBytes:
    """A signed transaction as it goes to a node, and its hash."""

    raw: bytes
    hash: str

    def __repr__(self) -> str:
        return f"<SignedBytes {self.hash}>"


class Signer(Protocol):
    """Signs for one address."""

    @property
    def address(self) -> ChecksumAddress:
        """The address whose key this is."""
        ...

    def sign_transaction(self, fields: Mapping[str, Any]) -> SignedBytes:
        """Sign exactly these transaction fields; the same fields give the same bytes."""
        ...

    def sign_challenge(self, text: str) -> bytes:
        """An EIP-191 signature over a text, to prove that the key is there."""
        ...
