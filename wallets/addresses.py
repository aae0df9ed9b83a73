"""The one boundary at which addresses are checked and checksummed."""

import re
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from eth_typing import ChecksumAddress
from eth_utils.address import to_checksum_address

ZERO_ADDRESS: ChecksumAddress = to_checksum_address("0x" + "0" * 40)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HASH = re.compile(r"(0[xX])?[0-9a-fA-F]{64}")


class AddressError(ValueError):
    """Text that is no usable address; the message says what is wrong with it."""


def parse_address(text: str) -> ChecksumAddress:
    """An EIP-55 address from what a person, file or node wrote.

    All-lower and all-upper case carry no checksum and are accepted; mixed case must match.
    """
    if not isinstance(text, str) or not _ADDRESS.fullmatch(text):
        raise AddressError(f"{text!r} is not an address: write 0x and 40 hex digits")
    checksummed = _checksummed(text.lower())
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper()) and text != checksummed:
        raise AddressError(f"{text} has a wrong checksum; copy the address again from its source")
    return checksummed


def parse_hash(text: str) -> str:
    """A 32-byte hash as our rows keep it, from what a person pasted."""
    found = text.strip()
    if not _HASH.fullmatch(found):
        raise AddressError(f"{text!r} is not a transaction hash: write 0x and 64 hex digits")
    return "0x" + found[-64:].lower()


# Each write of a row checks its addresses again, and hashing is most of the cost.
@lru_cache(maxsize=4096)
def _checksummed(text: str) -> ChecksumAddress:
    return to_checksum_address(text)


class AddressField(models.CharField[str, str]):
    """An EIP-55 address."""

    description = "Address"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": 42, **kwargs})

    def to_python(self, value: Any) -> Any:
        """The checksummed address, or a ValidationError."""
        if value in (None, ""):
            return value
        try:
            return parse_address(value)
        except AddressError as error:
            raise ValidationError(str(error)) from error

    def get_prep_value(self, value: Any) -> Any:
        """Only checksummed addresses reach the database."""
        return value if value in (None, "") else parse_address(value)


class HashField(models.CharField[str, str]):
    """A 32-byte hash as lower-case 0x hex."""

    description = "32-byte hash"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": 66, **kwargs})
