"""Keys in AWS KMS (ECC_SECG_P256K1, SIGN_VERIFY): asked over the network, never believed.

It signs a digest and answers r and s in DER. The low one of the two s and the parity are found by
recovery against the wallet's address, so a wrong key or a wrong answer is never used.
"""

import os
import re
import time
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from Crypto.Util.asn1 import DerBitString, DerSequence
from django.conf import settings
from eth_account.messages import SignableMessage
from eth_keys.datatypes import PublicKey
from eth_typing import ChecksumAddress
from eth_utils.crypto import keccak

from wallets.signers import encoding
from wallets.signers.interface import Fields, SignedBytes, SignerError, TypedMessage, WrongKey
from wallets.signers.remote import require_no_transaction
from wallets.signers.signatures import Signature, proven_signature

_KEY = re.compile(r"[\w:/.-]{1,200}", re.ASCII)
_SECRET = re.compile(r"(0x)?[0-9a-fA-F]{64}")
# The curve's object identifier, 1.3.132.0.10, in DER.
_SECP256K1 = bytes.fromhex("06052b8104000a")
# What AWS calls "not now"; everything else is said to the operator at once.
_AGAIN = frozenset(
    {
        "ThrottlingException",
        "LimitExceededException",
        "KMSInternalException",
        "DependencyTimeoutException",
        "ServiceUnavailable",
        "InternalFailure",
    }
)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_CONNECT_SECONDS = 3.0


class KmsClient(Protocol):
    """What is used of boto3's client."""

    def sign(self, **parameters: Any) -> dict[str, Any]:
        """A signature in DER."""
        ...

    def get_public_key(self, **parameters: Any) -> dict[str, Any]:
        """A public key in DER."""
        ...


class KmsSigner:
    """One key of KMS. Its repr shows the address and nothing more."""

    is_remote = True

    def __init__(self, address: ChecksumAddress, key: str, client: KmsClient) -> None:
        self._address = address
        self._key = key
        self._client = client

    def __repr__(self) -> str:
        return f"<KmsSigner {self._address}>"

    def __reduce__(self) -> Any:
        raise TypeError("a signer is never pickled")

    @property
    def answers_within(self) -> float:
        """A last question may begin at half time and takes the other half at most."""
        return settings.KMS_SECONDS + _CONNECT_SECONDS

    @property
    def address(self) -> ChecksumAddress:
        """The address whose key this is; every signature proves it again."""
        return self._address

    def require_ready(self) -> None:
        """SignerError unless KMS has the key, enabled, and it is this address'."""
        require_no_transaction()
        found = _address_of(self._client, self._key)
        if found != self._address:
            raise WrongKey(f"the KMS key is {found}'s, not {self._address}'s")

    def sign_transaction(self, fields: Fields) -> SignedBytes:
        """Sign exactly these fields; KMS draws random numbers: the next time gives other bytes."""
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
        digest = keccak(data)
        answer = _asked(
            lambda: self._client.sign(
                KeyId=self._key,
                Message=digest,
                MessageType="DIGEST",
                SigningAlgorithm="ECDSA_SHA_256",
            )
        )
        r, s = _two_numbers(answer.get("Signature", b""))
        return proven_signature(r, s, digest=digest, address=self._address)


def open_kms(reference: str, address: ChecksumAddress) -> KmsSigner:
    """The signer of a key id, ARN or alias."""
    if reason := refuse_key(reference):
        raise SignerError(reason)
    return KmsSigner(address, reference, _client(os.getpid()))


def kms_address(reference: str) -> ChecksumAddress:
    """The address of a KMS key, by its public key."""
    if reason := refuse_key(reference):
        raise SignerError(reason)
    return _address_of(_client(os.getpid()), reference)


def refuse_key(reference: str) -> str:
    """Why the text cannot name a KMS key; empty if it may."""
    if _SECRET.fullmatch(reference):
        return "this looks like a private key; write the KMS key's ARN in its place"
    if not _KEY.fullmatch(reference):
        return "a KMS key is named by its id, its ARN or alias/NAME"
    return ""


@cache
def _client(_pid: int) -> KmsClient:
    """One client of a process: a forked worker must not share its parent's connections."""
    try:
        boto3, config = import_module("boto3"), import_module("botocore.config")
    except ImportError:
        raise SignerError(
            "boto3 is not installed; install the extra with `uv sync --inexact --extra kms`"
        ) from None
    core: Any = import_module("botocore.exceptions")
    try:
        client: KmsClient = boto3.client(
            "kms",
            region_name=settings.KMS_REGION or None,
            endpoint_url=settings.KMS_ENDPOINT_URL or None,
            config=config.Config(
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=settings.KMS_SECONDS / 2,
                # We retry ourselves, within a deadline.
                retries={"total_max_attempts": 1},
            ),
        )
    except (core.BotoCoreError, ValueError) as error:
        raise SignerError(f"AWS KMS cannot be used: {_named(error)}") from None
    return client


def _asked(question: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer within the deadline; "not now" is asked again, all else is a SignerError."""
    core: Any = import_module("botocore.exceptions")
    began, pause = time.monotonic(), _FIRST_PAUSE
    while True:
        try:
            return question()
        except core.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "an error"))
        except core.BotoCoreError as error:
            raise SignerError(f"AWS KMS cannot be asked: {_named(error)}") from None
        if code not in _AGAIN:
            raise SignerError(f"AWS KMS refused with {code}{_MEANINGS.get(code, '')}")
        waited = time.monotonic() - began
        if waited + pause > settings.KMS_SECONDS / 2:
            raise SignerError(f"AWS KMS said {code} for {waited:.1f} s; see AIRDROPS_KMS_SECONDS")
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


_MEANINGS = {
    "NotFoundException": ": it has no such key in this region",
    "DisabledException": ": the key is disabled",
    "KMSInvalidStateException": ": the key is pending deletion or otherwise unusable",
    "AccessDeniedException": ": these credentials may not use the key",
    "UnrecognizedClientException": ": it does not know these credentials",
    "InvalidKeyUsageException": ": the key is not for signing",
    "ValidationException": ": the key is not of the kind ECC_SECG_P256K1",
}


def _named(error: Exception) -> str:
    # Its text may hold an address with credentials.
    return type(error).__name__


def _two_numbers(der: bytes) -> tuple[int, int]:
    try:
        found: Any = DerSequence().decode(der, strict=True, nr_elements=2, only_ints_expected=True)
    except (ValueError, IndexError, TypeError):
        raise SignerError("AWS KMS answered something that is no ECDSA signature") from None
    return int(found[0]), int(found[1])


def _address_of(client: KmsClient, key: str) -> ChecksumAddress:
    answer = _asked(lambda: client.get_public_key(KeyId=key))
    if answer.get("KeyUsage") != "SIGN_VERIFY":
        raise SignerError("the KMS key is not for signing")
    try:
        algorithm, bits = _parts(answer["PublicKey"])
        if not algorithm.endswith(_SECP256K1):
            raise SignerError("the KMS key is not of the kind ECC_SECG_P256K1")
        return PublicKey(DerBitString().decode(bits).value[1:]).to_checksum_address()
    except (ValueError, IndexError, KeyError, TypeError):
        raise SignerError("AWS KMS answered something that is no public key") from None


def _parts(der: bytes) -> tuple[bytes, bytes]:
    """Algorithm and bits of a SubjectPublicKeyInfo."""
    found: Any = DerSequence().decode(der, nr_elements=2)
    return bytes(found[0]), bytes(found[1])
