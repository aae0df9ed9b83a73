"""Where a wallet's key is, as an operator writes it: `keystore:main.json`, `watch_only`, …"""

from collections.abc import Callable
from dataclasses import dataclass

from eth_typing import ChecksumAddress

from wallets.labels import is_key_material, is_only_key_material
from wallets.models import Wallet
from wallets.signers.environment import refuse_name, require_allowed
from wallets.signers.interface import SignerError
from wallets.signers.kms import refuse_key
from wallets.signers.mnemonic import refuse_reference
from wallets.signers.vault import is_file_name
from wallets.signers.web3signer import refuse_identifier

_Kind = Wallet.SignerKind
LONGEST = 200


@dataclass(frozen=True, slots=True)
class SignerReference:
    """A kind of signer and the key's name there. It holds no key."""

    kind: str
    reference: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.reference}" if self.reference else self.kind


def parse_reference(text: str, address: ChecksumAddress) -> SignerReference:
    """The reference for a wallet of this address; SignerError in a sentence without a key."""
    kind, _, reference = text.strip().partition(":")
    if kind not in _Kind.values:
        # It may be a key in the wrong column: it is not repeated.
        raise SignerError(f"the signer is none of {', '.join(_Kind.values)}")
    if reason := refuse(kind, reference, address):
        raise SignerError(reason)
    return SignerReference(kind, reference)


def refuse(kind: str, reference: str, address: ChecksumAddress) -> str:
    """Why the text cannot name the address' key at a signer of this kind; empty if it may."""
    # A public key is long enough to look like a private one.
    looks_secret = is_only_key_material if kind == _Kind.WEB3SIGNER else is_key_material
    if looks_secret(reference):
        return (
            "the signer's reference looks like a private key or a seed phrase; name where the key "
            "is instead"
        )
    if len(reference) > LONGEST:
        return f"the signer's reference is longer than {LONGEST} characters"
    if kind == _Kind.WEB3SIGNER:
        return refuse_identifier(reference, address)
    known = _REFUSALS.get(kind)
    return known(reference) if known else f"{kind} is no kind of signer"


def _watch_only(reference: str) -> str:
    return "a watch-only wallet has no reference" if reference else ""


def _keystore(reference: str) -> str:
    named = is_file_name(reference)
    return "" if named else f"{reference!r} is not the name of a keystore file"


def _environment(reference: str) -> str:
    return refuse_name(reference) or _forbidden()


def _forbidden() -> str:
    try:
        require_allowed()
    except SignerError as error:
        return str(error)
    return ""


_REFUSALS: dict[str, Callable[[str], str]] = {
    _Kind.WATCH_ONLY: _watch_only,
    _Kind.KEYSTORE: _keystore,
    _Kind.MNEMONIC: refuse_reference,
    _Kind.ENVIRONMENT: _environment,
    _Kind.AWS_KMS: refuse_key,
}
