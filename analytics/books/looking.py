"""What one block did to wallets of ours: values, token logs, fees, what contracts paid inside."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analytics.models import ChainTransaction, ChainTransfer, Source
from protocols.context import read_log
from protocols.movements import read_transfers
from wallets.addresses import ZERO_ADDRESS, parse_address
from wallets.chain.client import NetworkClient, hex_bytes, hex_int, parse_block
from wallets.chain.errors import ChainError
from wallets.chain.l1_fees import fee_beside_gas
from wallets.models import Network, Token, Wallet

Direction = ChainTransfer.Direction
RECEIPTS_AT_ONCE = 200
INSIDE_PLACE = -2


@dataclass(slots=True)
class BlockTold:
    """Rows that are not stored yet, of one block."""

    transfers: list[ChainTransfer] = field(default_factory=list)
    sent: list[ChainTransaction] = field(default_factory=list)
    has_traces: bool = False


@dataclass(frozen=True, slots=True)
class Looker:
    """Looks at blocks of a network for these wallets, by address, and these tokens."""

    client: NetworkClient
    network: Network
    wallets: Mapping[str, Wallet]
    tokens: Sequence[Token]

    def look(self, number: int, *, inside: bool) -> BlockTold:
        """All that the block tells; with `inside` also what contracts paid, where a node traces.

        ChainError where nobody answers.
        """
        block = self.client.read("eth_getBlockByNumber", [hex(number), True])
        head, told = parse_block(block), BlockTold()
        sent = [one for one in block["transactions"] if isinstance(one, dict)]
        place = {
            "network": self.network,
            "block_number": head.number,
            "block_at": head.at,
            "source": Source.RPC,
        }
        for one, receipt in zip(sent, self._receipts(sent), strict=True):
            fields = {**place, "hash": one["hash"]}
            self._add_sent(told, one, receipt, fields)
            if hex_int(receipt.get("status")) == 1:
                self._add_moved(told, one, receipt, fields)
        if inside:
            self._add_inside(told, number, place, {one["hash"] for one in sent})
        return told

    def _receipts(self, sent: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for start in range(0, len(sent), RECEIPTS_AT_ONCE):
            part = sent[start : start + RECEIPTS_AT_ONCE]
            asked = [("eth_getTransactionReceipt", [one["hash"]]) for one in part]
            for answer in self.client.read_many(asked):
                if not isinstance(answer, dict):
                    raise ChainError("a transaction of the block has no receipt")
                yield answer

    def _add_sent(
        self, told: BlockTold, one: dict[str, Any], receipt: dict[str, Any], fields: dict[str, Any]
    ) -> None:
        wallet = self.wallets.get(parse_address(one["from"]))
        if wallet is None:
            return
        gas, data = hex_int(receipt["gasUsed"]), hex_bytes(one["input"])
        fee = gas * hex_int(receipt.get("effectiveGasPrice")) + fee_beside_gas(receipt, gas)
        told.sent.append(
            ChainTransaction(
                **fields,
                wallet=wallet,
                nonce=hex_int(one["nonce"]),
                recipient=parse_address(one["to"]) if one["to"] else "",
                selector="0x" + data[:4].hex() if data else "",
                value=hex_int(one["value"]),
                fee=fee,
                succeeded=hex_int(receipt.get("status")) == 1,
            )
        )

    def _add_moved(
        self, told: BlockTold, one: dict[str, Any], receipt: dict[str, Any], fields: dict[str, Any]
    ) -> None:
        if (value := hex_int(one["value"])) and one["to"]:
            ends = parse_address(one["from"]), parse_address(one["to"])
            self._add(told, "", *ends, value, fields, ChainTransfer.VALUE_PLACE)
        logs = [read_log(log) for log in receipt["logs"]]
        for token in self.tokens:
            if token.is_native:
                continue
            address = parse_address(token.address)
            for log in logs:
                # Alone, so that it is known at which place of the block it stands.
                for moved in read_transfers([log], wrapped=address):
                    if moved.token == address:
                        ends = moved.source, moved.target
                        self._add(told, address, *ends, moved.amount, fields, log.index)

    def _add(
        self,
        told: BlockTold,
        token: str,
        source: str,
        target: str,
        amount: int,
        fields: dict[str, Any],
        place: int,
    ) -> None:
        for direction, mine, other in (
            (Direction.OUT, source, target),
            (Direction.IN, target, source),
        ):
            if (wallet := self.wallets.get(mine)) and source != target and amount:
                told.transfers.append(
                    ChainTransfer(
                        **fields,
                        wallet=wallet,
                        direction=direction,
                        token_address=token,
                        counterparty="" if other == ZERO_ADDRESS else other,
                        amount=amount,
                        place=place,
                    )
                )

    def _add_inside(
        self, told: BlockTold, number: int, place: dict[str, Any], hashes: set[str]
    ) -> None:
        try:
            traces = self.client.read("trace_block", [hex(number)])
        except ChainError:
            return
        told.has_traces = True
        counts: dict[str, int] = {}
        for one in traces:
            call, tx_hash = one.get("action") or {}, one.get("transactionHash")
            # The outermost call carries the transaction's own value, which is told already.
            if tx_hash not in hashes or not one.get("traceAddress") or one.get("error"):
                continue
            counts[tx_hash] = counts.get(tx_hash, 0) + 1
            target = call.get("to") or call.get("refundAddress")
            value = call.get("value") or call.get("balance") or "0x0"
            source = call.get("from") or call.get("address")
            if target and source and call.get("callType") in (None, "call") and hex_int(value):
                ends = parse_address(source), parse_address(target)
                fields = {**place, "hash": tx_hash}
                at = INSIDE_PLACE - counts[tx_hash]
                self._add(told, "", *ends, hex_int(value), fields, at)
