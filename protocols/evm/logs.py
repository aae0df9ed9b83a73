"""What a receipt's logs say came to and left a wallet."""

from collections.abc import Iterable, Iterator

from eth_typing import ChecksumAddress

from protocols.actions import Log, Movement
from protocols.codec import data_amount, topic, topic_address

TRANSFER = topic("Transfer(address,address,uint256)")
WETH_DEPOSIT = topic("Deposit(address,uint256)")
WETH_WITHDRAWAL = topic("Withdrawal(address,uint256)")


def token_movements(wallet: ChecksumAddress, logs: Iterable[Log]) -> Iterator[Movement]:
    """Every ERC-20 transfer to or from the wallet. An NFT's Transfer has a fourth topic."""
    for log in logs:
        if log.topics[:1] != (TRANSFER,) or len(log.topics) != 3:
            continue
        source, target = topic_address(log, 1), topic_address(log, 2)
        if source == target:
            continue
        if source == wallet:
            yield Movement(log.address, "out", data_amount(log), target)
        elif target == wallet:
            yield Movement(log.address, "in", data_amount(log), source)


def weth_events(
    logs: Iterable[Log], event: bytes, weth: ChecksumAddress, who: ChecksumAddress
) -> int:
    """The sum of WETH9's Deposit or Withdrawal events for one address, in wei."""
    return sum(
        data_amount(log)
        for log in logs
        if log.address == weth and log.topics[:1] == (event,) and topic_address(log, 1) == who
    )
