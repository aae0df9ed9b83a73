"""Keys in a Web3Signer (eth1 mode) or what speaks like one: asked over HTTP, never believed.

The signer is given the bytes to hash and answers 65 bytes. We make the transaction, prove that the
signature is the wallet's own, and read the result again; see its OpenAPI page for `ETH1_SIGN`.
"""

import re
from typing import Any

from eth_account.messages import SignableMessage
from eth_typing import ChecksumAddress

from wallets.signers import encoding
from wallets.signers.doors import Door, open_door
from wallets.signers.interface import Fields, SignedBytes, SignerError, TypedMessage
from wallets.signers.remote import require_no_transaction
from wallets.signers.signatures import Signature, address_of, own_signature

_IDENTIFIER = re.compile(r"[\w.-]{1,200}", re.ASCII)
_PRIVATE_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")


class Web3Signer:
    """One key of a remote signer. Its repr shows the address and nothing more."""

    is_remote = True

    def __init__(self, address: ChecksumAddress, identifier: str, door: Door) -> None:
        self._address = address
        self._identifier = identifier
        self._door = door

    def __repr__(self) -> str:
        return f"<Web3Signer {self._address}>"

    def __reduce__(self) -> Any:
        raise TypeError("a signer is never pickled")

    @property
    def address(self) -> ChecksumAddress:
        """The address whose key this is; every signature proves it again."""
        return self._address

    @property
    def answers_within(self) -> float:
        """As the settings say."""
        return self._door.seconds

    def require_ready(self) -> None:
        """SignerError unless the signer says that it is up."""
        require_no_transaction()
        self._door.get("/upcheck")

    def sign_transaction(self, fields: Fields) -> SignedBytes:
        """Sign exactly these fields; a signer that draws random numbers gives other bytes."""
        signature = self._sign(encoding.unsigned_bytes(fields))
        return encoding.signed_bytes(fields, signature, self._address)

    def sign_typed_data(self, message: TypedMessage) -> bytes:
        """An EIP-712 signature in 65 bytes."""
        return self._sign_message(encoding.typed_message(message))

    def sign_challenge(self, text: str) -> bytes:
        """An EIP-191 signature over a text."""
        return self._sign_message(encoding.challenge(text))

    def _sign_message(self, message: SignableMessage) -> bytes:
        return self._sign(encoding.message_bytes(message)).in_65_bytes()

    def _sign(self, data: bytes) -> Signature:
        require_no_transaction()
        path = f"/api/v1/eth1/sign/{self._identifier}"
        answer = self._door.post(path, {"data": "0x" + data.hex()})
        return own_signature(answer, signed=data, address=self._address)


def open_web3signer(reference: str, address: ChecksumAddress) -> Web3Signer:
    """The signer of the named key; SignerError where the settings or the name cannot be right."""
    if reason := refuse_identifier(reference, address):
        raise SignerError(reason)
    return Web3Signer(address, reference, open_door())


def refuse_identifier(reference: str, address: ChecksumAddress) -> str:
    """Why the text cannot name the address' key at a signer; empty if it may.

    Web3Signer itself names a key by its public key, which tells its address.
    """
    if _PRIVATE_KEY.fullmatch(reference):
        return "this looks like a private key; write the key's public key in its place"
    if not _IDENTIFIER.fullmatch(reference):
        return "a key is named by letters, digits and . _ - only, best by its public key in hex"
    found = address_of(reference)
    if found is not None and found != address:
        return f"this public key is {found}'s, not {address}'s"
    return ""
