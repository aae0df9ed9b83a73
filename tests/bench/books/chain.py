"""What the chain tells of our wallets, read by plain JSON-RPC; and what they hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from eth_utils.address import to_checksum_address

from airdrops_site.devnet.outbox import encode_call
from airdrops_site.devnet.rpc import DevnetRpc
from analytics.models import ChainTransaction, ChainTransfer, Source
from wallets.models import Network, Token, Wallet

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Reader:
    """A chain and whose it is to tell of."""

    rpc: DevnetRpc
    network: Network
    wallets: dict[str, Wallet]  # by address

    def read(self, first: int, last: int) -> None:
        """Write down the transactions and transfers of these blocks, once."""
        for start in range(first, last + 1, AT_ONCE):
            numbers = range(start, min(last, start + AT_ONCE - 1) + 1)
            asked = [("eth_getBlockByNumber", [hex(one), True]) for one in numbers]
            for block in self.rpc.batch(asked):
                self._block(block)

    def _block(self, block: dict[str, Any]) -> None:
        sent = block["transactions"]
        receipts = self.rpc.batch([("eth_getTransactionReceipt", [one["hash"]]) for one in sent])
        for one, receipt in zip(sent, receipts, strict=True):
            fields = {
                "network": self.network,
                "hash": one["hash"],
                "block_number": int(block["number"], 16),
                "block_at": datetime.fromtimestamp(int(block["timestamp"], 16), tz=UTC),
                "source": Source.RPC,
            }
            self._sent(one, receipt, fields)
            rows = [ChainTransfer(**fields, **told) for told in self._moved(one, receipt)]
            ChainTransfer.objects.bulk_create(rows, ignore_conflicts=True)

    def _sent(self, one: dict[str, Any], receipt: dict[str, Any], fields: dict[str, Any]) -> None:
        wallet = self.wallets.get(to_checksum_address(one["from"]))
        if wallet is None:
            return
        ChainTransaction.objects.bulk_create(
            [
                ChainTransaction(
                    **fields,
                    wallet=wallet,
                    nonce=int(one["nonce"], 16),
                    recipient=to_checksum_address(one["to"]) if one["to"] else "",
                    value=int(one["value"], 16),
                    fee=int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16),
                    succeeded=receipt["status"] == "0x1",
                )
            ],
            ignore_conflicts=True,
        )

    def _moved(self, one: dict[str, Any], receipt: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if receipt["status"] != "0x1":
            return
        value = int(one["value"], 16)
        if value and one["to"]:
            yield from self._sides("", one["from"], one["to"], value, ChainTransfer.VALUE_PLACE)
        for log in receipt["logs"]:
            if log["topics"][0] == TRANSFER and len(log["topics"]) == 3:
                source, target = ("0x" + topic[-40:] for topic in log["topics"][1:])
                amount, place = int(log["data"], 16), int(log["logIndex"], 16)
                yield from self._sides(log["address"], source, target, amount, place)

    def _sides(
        self, token: str, source: str, target: str, amount: int, place: int
    ) -> Iterator[dict[str, Any]]:
        ends = to_checksum_address(source), to_checksum_address(target)
        address = to_checksum_address(token) if token else ""
        for direction, (mine, other) in (("out", ends), ("in", ends[::-1])):
            if wallet := self.wallets.get(mine):
                yield {
                    "wallet": wallet,
                    "direction": direction,
                    "counterparty": other,
                    "token_address": address,
                    "amount": amount,
                    "place": place,
                }


def held(rpc: DevnetRpc, token: Token, wallets: list[Wallet], block: int) -> list[int]:
    """What each wallet has of the token at the end of a block."""
    asked: list[tuple[str, list[Any]]]
    if token.is_native:
        asked = [("eth_getBalance", [one.address, hex(block)]) for one in wallets]
    else:
        calls = [encode_call("balanceOf(address)", one.address) for one in wallets]
        asked = [("eth_call", [{"to": token.address, "data": one}, hex(block)]) for one in calls]
    return [int(answer, 16) for answer in rpc.batch(asked)]
