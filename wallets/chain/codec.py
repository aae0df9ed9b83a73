"""The one ABI codec: what contracts take and return, with addresses as we write them."""

from collections.abc import Sequence
from typing import Any

from eth_abi.codec import ABICodec
from eth_abi.decoding import AddressDecoder
from eth_abi.exceptions import DecodingError, EncodingError
from eth_abi.grammar import ABIType, parse
from eth_abi.registry import registry
from eth_utils.address import to_checksum_address


class _ChecksumDecoder(AddressDecoder):
    decoder_fn = staticmethod(to_checksum_address)


def _checksumming_codec() -> ABICodec:
    own = registry.copy()  # type: ignore[no-untyped-call]
    own.unregister_decoder("address")
    own.register_decoder("address", _ChecksumDecoder)
    return ABICodec(own)


CODEC = _checksumming_codec()


def argument_types(signature: str) -> tuple[ABIType, ...]:
    """The types in `name(type,…)`; ValueError for text that is no signature."""
    name, bracket, rest = signature.partition("(")
    if not name or not bracket:
        raise ValueError(f"{signature!r} is not written like name(type,…)")
    return () if rest == ")" else tuple(parse(f"({rest}").components)


def type_name(kind: ABIType) -> str:
    """A type as signatures write it."""
    return str(kind.to_type_str())  # type: ignore[no-untyped-call]


def decode_exactly(types: Sequence[str], data: bytes) -> tuple[Any, ...] | None:
    """The values in `data`; None unless they encode to the very same bytes.

    Bytes behind the values or offsets that lead elsewhere would be read by the contract, and not
    by us.
    """
    try:
        values = CODEC.decode(types, data)
        same = CODEC.encode(types, values) == data
    except (DecodingError, EncodingError, OverflowError, UnicodeDecodeError):
        return None
    return tuple(values) if same else None
