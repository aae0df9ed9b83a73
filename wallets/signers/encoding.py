"""The bytes of transactions and messages, before and after their signature.

What a remote signer is given and what is sent to a node are both made here, from our own fields.
"""

from typing import Any

from eth_abi.exceptions import ABITypeError, EncodingError
from eth_account import Account
from eth_account.messages import SignableMessage, encode_defunct, encode_typed_data
from eth_typing import ChecksumAddress
from eth_utils.crypto import keccak
from rlp.codec import decode, encode
from rlp.exceptions import RLPException

from wallets.signers.interface import Fields, SignedBytes, SignerError, TypedMessage
from wallets.signers.signatures import Signature

_TYPE_2 = b"\x02"
# The library has no exception of its own: it lets out whatever its parts raise.
_NOT_ENCODED = (ValueError, TypeError, KeyError, AttributeError, EncodingError, ABITypeError)
_LEGACY = ("nonce", "gasPrice", "gas", "to", "value", "data")
_FEE_MARKET = (
    "chainId",
    "nonce",
    "maxPriorityFeePerGas",
    "maxFeePerGas",
    "gas",
    "to",
    "value",
    "data",
)


def unsigned_bytes(fields: Fields) -> bytes:
    """What is hashed and signed: EIP-155 for a gas price, EIP-1559 otherwise."""
    if _is_legacy(fields):
        encoded: bytes = encode([*_body(fields), _number(fields["chainId"]), b"", b""])
        return encoded
    return _TYPE_2 + bytes(encode([*_body(fields), []]))


def signed_bytes(fields: Fields, signature: Signature, address: ChecksumAddress) -> SignedBytes:
    """What goes to a node, read again: exactly these fields, signed by the address."""
    ends = (_number(signature.r), _number(signature.s))
    if _is_legacy(fields):
        v = fields["chainId"] * 2 + 35 + signature.y_parity
        raw = bytes(encode([*_body(fields), _number(v), *ends]))
    else:
        raw = _TYPE_2 + bytes(encode([*_body(fields), [], _number(signature.y_parity), *ends]))
    _require_carried(raw, fields, address)
    return SignedBytes(raw, "0x" + keccak(raw).hex())


def typed_message(message: TypedMessage) -> SignableMessage:
    """An EIP-712 message as it is signed; SignerError where its values do not fit its types."""
    try:
        return encode_typed_data(full_message=dict(message))
    except _NOT_ENCODED as error:
        raise SignerError(f"the typed message cannot be encoded: {type(error).__name__}") from None


def challenge(text: str) -> SignableMessage:
    """An EIP-191 message."""
    return encode_defunct(text=text)


def message_bytes(message: SignableMessage) -> bytes:
    """What is hashed for a message's signature."""
    return b"\x19" + message.version + message.header + message.body


def _is_legacy(fields: Fields) -> bool:
    return "gasPrice" in fields


def _body(fields: Fields) -> list[bytes]:
    names = _LEGACY if _is_legacy(fields) else _FEE_MARKET
    return [_item(fields[name]) for name in names]


def _item(value: Any) -> bytes:
    if isinstance(value, str):
        return bytes.fromhex(value.removeprefix("0x"))
    return value if isinstance(value, bytes) else _number(value)


def _number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _require_carried(raw: bytes, fields: Fields, address: ChecksumAddress) -> None:
    try:
        decoded = decode(raw if _is_legacy(fields) else raw[1:])
        sender = Account.recover_transaction(raw)
    except (RLPException, ValueError, TypeError) as error:
        name = type(error).__name__
        raise SignerError(f"the signed transaction cannot be read again: {name}") from None
    names = _LEGACY if _is_legacy(fields) else _FEE_MARKET
    if decoded[: len(names)] != _body(fields) or sender != address:
        raise SignerError("the signed transaction is not the one that was asked for")
