"""Transactions of our wallets out of full blocks, and the native coin that went with them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from analytics.chain_history.accounts import Change
from analytics.chain_history.apps import is_app
from analytics.chain_history.blocks import FullBlock, receipts_of
from analytics.chain_history.codes import contracts_among
from analytics.chain_history.movements import Move
from analytics.chain_history.scope import Scope
from analytics.chain_history.traces import Tracer
from analytics.models import ChainTransaction, ChainTransfer, Source
from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient, hex_int
from wallets.chain.l1_fees import whole_fee
from wallets.models import Network


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction that a wallet of ours sent, or that carried coin to one."""

    raw: dict[str, Any]
    block: int
    at: datetime
    source: str
    target: str
    receipt: dict[str, Any]

    @property
    def hash(self) -> str:
        """As rows keep it."""
        return str(self.raw["hash"]).lower()

    @property
    def succeeded(self) -> bool:
        """Receipts from before Byzantium tell no status: what is in a block was paid for then."""
        return hex_int(self.receipt.get("status", "0x1")) == 1

    @property
    def fee(self) -> int:
        """All of it, in wei."""
        return whole_fee(self.receipt, hex_int(self.raw.get("gasPrice") or "0x0"))


def concerning(scope: Scope, client: NetworkClient, blocks: Iterable[FullBlock]) -> list[Sent]:
    """What wallets of ours sent, and what carried coin to them, with its receipt."""
    found: list[tuple[FullBlock, dict[str, Any], str, str]] = []
    for block in blocks:
        for raw in block.transactions:
            source, target = _ends(raw)
            paid = target in scope.owners and raw.get("value", "0x0") != "0x0"
            if source in scope.owners or paid:
                found.append((block, raw, source, target))
    wanted: dict[int, list[str]] = defaultdict(list)
    for block, raw, _, _ in found:
        wanted[block.number].append(raw["hash"])
    receipts = receipts_of(client, wanted)
    return [
        Sent(raw, block.number, block.at, source, target, receipts[raw["hash"]])
        for block, raw, source, target in found
    ]


def rows_of(scope: Scope, client: NetworkClient, sent: Sequence[Sent]) -> list[ChainTransaction]:
    """The rows of what our wallets sent."""
    own = [one for one in sent if one.source in scope.owners]
    contracts = contracts_among(client, (one.target for one in own))
    return [_row(scope, one, contract=contracts.get(one.target, False)) for one in own]


def value_moves(scope: Scope, sent: Iterable[Sent]) -> Iterator[Move]:
    """The coin that transactions carried; zkSync says it in logs, as it does all coin."""
    if scope.network.l1_fee_model == Network.L1FeeModel.ZKSYNC:
        return
    for one in sent:
        if one.succeeded and one.target:
            value = hex_int(one.raw.get("value", "0x0"))
            place = ChainTransfer.VALUE_PLACE
            yield Move(one.hash, place, "", one.source, one.target, value, one.block)


def inner_moves(
    scope: Scope,
    tracer: Tracer,
    blocks: Sequence[FullBlock],
    sent: Sequence[Sent],
    changes: Sequence[Change] | None,
) -> list[Move]:
    """What contracts moved to or from our wallets.

    With the accounts' changes at hand all of a block is traced where its transactions do not
    explain them; else only what our wallets sent to contracts.
    """
    if scope.network.l1_fee_model == Network.L1FeeModel.ZKSYNC:
        return []
    if changes is None:
        calls = [one for one in sent if one.source in scope.owners and one.succeeded]
        hashes = [(one.hash, one.block) for one in calls if len(one.raw.get("input", "0x")) > 2]
    else:
        strange = unexplained(changes, sent)
        hashes = [
            (str(raw["hash"]).lower(), block.number)
            for block in blocks
            if block.number in strange
            for raw in block.transactions
            if len(raw.get("input", "0x")) > 2
        ]
    return tracer.moves(hashes)


def unexplained(changes: Iterable[Change], sent: Iterable[Sent]) -> set[int]:
    """Blocks in which a wallet got or lost coin beside the values and fees of transactions."""
    known: dict[tuple[str, int], int] = defaultdict(int)
    for one in sent:
        value = hex_int(one.raw.get("value", "0x0")) if one.succeeded and one.target else 0
        known[one.source, one.block] -= value + one.fee
        known[one.target, one.block] += value
    return {
        change.block
        for change in changes
        if change.after.balance - change.before.balance != known[change.address, change.block]
    }


def _row(scope: Scope, one: Sent, *, contract: bool) -> ChainTransaction:
    data = str(one.raw.get("input", "0x"))
    return ChainTransaction(
        network=scope.network,
        wallet_id=scope.owners[one.source],
        hash=one.hash,
        block_number=one.block,
        block_at=one.at,
        nonce=hex_int(one.raw["nonce"]),
        recipient=one.target,
        selector=data[:10].lower() if len(data) >= 10 else "",
        value=hex_int(one.raw.get("value", "0x0")),
        fee=one.fee,
        succeeded=one.succeeded,
        to_contract=contract,
        app=is_app(one.receipt.get("logs") or (), scope.wrapped),
        protocol=scope.protocols.get(one.target, ""),
        source=Source.RPC,
    )


def _ends(raw: dict[str, Any]) -> tuple[str, str]:
    return parse_address(raw["from"]), parse_address(raw["to"]) if raw.get("to") else ""
