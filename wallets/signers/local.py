"""A key in this process' memory, wherever it came from."""

from typing import Any

from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress

from wallets.signers.encoding import challenge, typed_message
from wallets.signers.interface import Fields, SignedBytes, TypedMessage


class LocalSigner:
    """A key that was read from a file or variable. Its repr shows the address and nothing more."""

    is_remote = False
    answers_within = 0.0

    def __init__(self, account: LocalAccount) -> None:
        self._account = account

    def __repr__(self) -> str:
        return f"<LocalSigner {self.address}>"

    def __reduce__(self) -> Any:
        raise TypeError("a signer is never pickled")

    @property
    def address(self) -> ChecksumAddress:
        """The address whose key this is."""
        return self._account.address

    def require_ready(self) -> None:
        """It always is: the key is in memory."""

    def sign_transaction(self, fields: Fields) -> SignedBytes:
        """Sign exactly these fields (RFC 6979: the same fields give the same bytes)."""
        signed = self._account.sign_transaction(dict(fields))
        return SignedBytes(bytes(signed.raw_transaction), "0x" + signed.hash.hex())

    def sign_typed_data(self, message: TypedMessage) -> bytes:
        """An EIP-712 signature in 65 bytes."""
        return bytes(self._account.sign_message(typed_message(message)).signature)

    def sign_challenge(self, text: str) -> bytes:
        """An EIP-191 signature over a text."""
        return bytes(self._account.sign_message(challenge(text)).signature)
