"""What the pipeline asks of a signer, and what can go wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from eth_typing import ChecksumAddress

# A transaction to sign, by its JSON-RPC names; `data` as bytes, numbers as int.
Fields = Mapping[str, Any]
# An EIP-712 message: types, primaryType, domain, message.
TypedMessage = Mapping[str, Any]


class SignerError(Exception):
    """The wallet cannot sign; one sentence, never with key material in it."""


class WrongKey(SignerError):
    """A key is there and works, but it is another address'."""


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

    @property
    def is_remote(self) -> bool:
        """Whether signing asks another machine: it may take its time and fail.

        Such a signer is never asked inside a database transaction.
        """
        ...

    @property
    def answers_within(self) -> float:
        """The most seconds it takes to answer or fail; 0 for a key in memory."""
        ...

    def require_ready(self) -> None:
        """SignerError if it is known already that it would not sign now."""
        ...

    def sign_transaction(self, fields: Fields) -> SignedBytes:
        """Sign exactly these fields. A remote signer may give other bytes the next time."""
        ...

    def sign_typed_data(self, message: TypedMessage) -> bytes:
        """An EIP-712 signature in 65 bytes: r, s, v."""
        ...

    def sign_challenge(self, text: str) -> bytes:
        """An EIP-191 signature over a text, to prove that the key is there."""
        ...
