"""Why a call reverted, in words."""

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from wallets.chain.errors import RpcError

_ERROR = bytes.fromhex("08c379a0")
_PANIC = bytes.fromhex("4e487b71")
# https://docs.soliditylang.org/en/latest/control-structures.html#panic-via-assert-and-error-via-require
_PANICS = {
    0x01: "assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x21: "invalid enum value",
    0x31: "pop on an empty array",
    0x32: "array index out of bounds",
    0x41: "out of memory",
    0x51: "call to an empty function",
}


def is_revert(error: RpcError) -> bool:
    """Whether the node ran the call and it reverted (as opposed to any other refusal)."""
    # Geth's code for it is 3; the text covers nodes that use another.
    return error.code == 3 or "revert" in error.message.lower()


def revert_reason(error: RpcError) -> str:
    """The decoded reason, or the bare selector of an unknown custom error."""
    data = revert_data(error)
    try:
        if data[:4] == _ERROR:
            return str(decode(["string"], data[4:])[0])
        if data[:4] == _PANIC:
            code = int(decode(["uint256"], data[4:])[0])
            return _PANICS.get(code, f"panic {code:#x}")
    except (DecodingError, OverflowError, UnicodeDecodeError):
        return "an unreadable reason"
    return f"custom error 0x{data[:4].hex()}" if len(data) >= 4 else error.message


def revert_data(error: RpcError) -> bytes:
    """The bytes a revert returned; nodes put them in `data` or in `data.data`."""
    data = error.data.get("data") if isinstance(error.data, dict) else error.data
    try:
        return bytes.fromhex(str(data or "").removeprefix("0x"))
    except ValueError:
        return b""
