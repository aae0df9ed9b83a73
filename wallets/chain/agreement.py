"""What two endpoints' answers to one question come to."""

from typing import Any

from wallets.chain.errors import ChainError, Disagreement, RpcError, RpcUnavailable
from wallets.chain.rpc import Request
from wallets.chain.values import hex_int

_TAGS = frozenset({"latest", "safe", "finalized", "earliest", "pending"})
_COUNTS = frozenset({"eth_getTransactionCount", "eth_blockNumber"})
# What says where and how a transaction ended; clients differ in the rest of a receipt.
_RECEIPT = ("transactionHash", "blockHash", "blockNumber", "status")
_BLOCK = ("number", "hash")


def agreed(request: Request, first: Any, second: Any) -> Any:
    """The answer both stand behind, or a Disagreement.

    Counts and block numbers: the lower one. A block by tag: the one with the lower number.
    Receipts and blocks by number: the first, if both tell of the same block. All else: equal.
    """
    try:
        return _agreed(request, first, second)
    except RpcUnavailable as error:
        return Disagreement(f"{request[0]}: {error}")


def _agreed(request: Request, first: Any, second: Any) -> Any:
    method, params = request
    if isinstance(first, ChainError) or isinstance(second, ChainError):
        both = isinstance(first, RpcError) and isinstance(second, RpcError)
        return first if both else _differ(method)
    if method in _COUNTS:
        return min(first, second, key=hex_int)
    if not (isinstance(first, dict) and isinstance(second, dict)):
        return first if first == second else _differ(method)
    if method == "eth_getBlockByNumber" and params and params[0] in _TAGS:
        return _lower_block(method, first, second)
    essence = _essence(method)
    same = first == second if essence is None else _pick(essence, first) == _pick(essence, second)
    return first if same else _differ(method)


def _lower_block(method: str, first: dict[str, Any], second: dict[str, Any]) -> Any:
    if first.get("number") == second.get("number") and first.get("hash") != second.get("hash"):
        return _differ(method)
    return min(first, second, key=lambda block: hex_int(block.get("number")))


def _essence(method: str) -> tuple[str, ...] | None:
    if method == "eth_getTransactionReceipt":
        return _RECEIPT
    return _BLOCK if method.startswith("eth_getBlockBy") else None


def _pick(names: tuple[str, ...], found: dict[str, Any]) -> list[str]:
    return [str(found.get(name)).lower() for name in names]


def _differ(method: str) -> Disagreement:
    return Disagreement(f"two endpoints answer {method} differently; it is asked again later")
