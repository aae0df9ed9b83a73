"""What was spent after the backup takes its part of today's limits, as the chain tells it."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from eth_utils.crypto import keccak

from wallets.addresses import parse_address
from wallets.chain.client import hex_bytes, hex_int
from wallets.models import Receipt, Transaction
from wallets.transactions.adoption import Found
from wallets.transactions.demands import Spend
from wallets.transactions.policy import PolicyRefusal, check_policy
from wallets.transactions.spending import count_mined

_TRANSFER: Final = "0x" + keccak(text="Transfer(address,address,uint256)").hex()


def count_spent(row: Transaction, found: Found, *, is_meant: bool) -> None:
    """Count the mined transaction that the row stands for now; in its database transaction.

    What the row was meant to do (`is_meant`) counts as its signature would have; of anything else,
    the coin that went with it and every token that left the wallet, wherever to.
    """
    receipt = Receipt.objects.get(transaction=row, attempt__hash=found.tx_hash)
    spends: tuple[Spend, ...] = ()
    if receipt.succeeded:
        spends = _as_meant(row) if is_meant else ()
        spends = spends or tuple(_seen(row, found, receipt.logs))
    count_mined(row, spends, fee=receipt.fee, at=receipt.block_at)


def _as_meant(row: Transaction) -> tuple[Spend, ...]:
    with suppress(PolicyRefusal):
        return check_policy(row).spends
    return ()


def _seen(row: Transaction, found: Found, logs: list[dict[str, Any]]) -> Iterator[Spend]:
    if value := int(found.call["value"]):
        yield Spend("", value, leaves=True)
    sender = row.lane.wallet.address.lower().removeprefix("0x")
    for one in logs:
        topics, data = one["topics"], hex_bytes(one["data"])
        # A token that is one of a kind has a fourth topic, and no amount.
        if len(topics) == 3 and topics[0] == _TRANSFER and topics[1][-40:].lower() == sender:
            amount = hex_int("0x" + data[:32].hex()) if len(data) >= 32 else 0
            yield Spend(parse_address(one["address"]), amount, leaves=True)
