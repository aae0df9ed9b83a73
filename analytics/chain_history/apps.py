"""Optimism's word for it: an app transaction emits a log that is more than a formality.

https://docs.optimism.io (airdrop 5): "transactions that emit an event log, excluding operational
non-app events (ERC20/721/1155 token approvals & WETH wrapping/unwrapping)".
"""

from collections.abc import Iterable, Mapping, Set
from typing import Any

from eth_utils.crypto import keccak

from analytics.chain_history.logs import DEPOSIT, TRANSFER, WITHDRAWAL
from protocols.movements import NATIVE_BOOKS
from wallets.addresses import ZERO_ADDRESS, parse_address

_APPROVALS = frozenset(
    f"0x{keccak(text=signature).hex()}"
    for signature in (
        "Approval(address,address,uint256)",  # ERC-20 and ERC-721
        "ApprovalForAll(address,address,bool)",  # ERC-721 and ERC-1155
    )
)
_WRAPPING = frozenset(f"0x{event.topic.hex()}" for event in (DEPOSIT, WITHDRAWAL))
_TRANSFER = f"0x{TRANSFER.topic.hex()}"
_NOBODY = "0x" + ZERO_ADDRESS[2:].rjust(64, "0")


def is_app(logs: Iterable[Mapping[str, Any]], wrapped: Set[str]) -> bool:
    """Whether one of a receipt's logs is neither an approval nor the wrapping of a coin."""
    return any(not _is_formality(log, wrapped) for log in logs)


def _is_formality(log: Mapping[str, Any], wrapped: Set[str]) -> bool:
    topics = [str(topic).lower() for topic in log["topics"]]
    if not topics:
        return False
    address = parse_address(log["address"])
    # zkSync logs fees and values of the coin itself: no app has done that.
    if topics[0] in _APPROVALS or address in NATIVE_BOOKS:
        return True
    if address not in wrapped:
        return False
    minted = topics[0] == _TRANSFER and _NOBODY in topics[1:3]
    return topics[0] in _WRAPPING or minted
