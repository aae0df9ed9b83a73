"""Taking in a transaction that was made elsewhere with a key of ours, once it is in a block."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction as database

from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient, hex_bytes, hex_int, parse_block
from wallets.models import Attempt, NonceLane, Transaction
from wallets.transactions.machine import TRANSACTION, move_transaction
from wallets.transactions.operator import NotPossible
from wallets.transactions.receipts import outcome_of, read_receipt, store_receipts
from wallets.transactions.states import AttemptState, Outcome
from wallets.transactions.states import TransactionState as S
from wallets.transitions import born

PROTOCOL = "wallets"
ACTION = "adopted"


@dataclass(frozen=True, slots=True)
class Found:
    """A mined transaction as the chain tells it."""

    tx_hash: str
    nonce: int
    call: dict[str, Any]  # to, value, data, selector: as our rows keep them
    fees: dict[str, int]
    receipt: dict[str, Any]
    block: Any


def adopt_transaction(
    *, lane: NonceLane, tx_hash: str, client: NetworkClient, actor: str, reason: str
) -> Transaction:
    """Put the mined transaction with this hash in the place of its nonce in our rows.

    The place is a transaction that needs an operator, or none; NotPossible for anything else.
    """
    found = _find(lane, tx_hash, client)
    with database.atomic():
        NonceLane.objects.select_for_update().get(pk=lane.pk)
        row = lane.transactions.filter(nonce=found.nonce).exclude(state=S.VOIDED).first()
        if row is None:
            row = _record(lane, found, actor, reason)
        elif row.state != S.NEEDS_OPERATOR:
            raise NotPossible(f"nonce {found.nonce} is transaction {row.pk}, which is {row.state}")
        attempt = _attempt(lane, row, found)
        receipt = read_receipt(row, attempt, found.receipt, found.block)
        store_receipts([receipt])
        outcome = outcome_of(attempt, receipt) if _is_ours(row, found) else Outcome.REPLACED
        return move_transaction(row, S.INCLUDED, actor=actor, reason=reason, outcome=outcome)


def _find(lane: NonceLane, tx_hash: str, client: NetworkClient) -> Found:
    told, receipt = client.read_many(
        [("eth_getTransactionByHash", [tx_hash]), ("eth_getTransactionReceipt", [tx_hash])]
    )
    if not isinstance(told, dict) or not isinstance(receipt, dict):
        raise NotPossible(f"{tx_hash} is in no block of {lane.network.name}")
    if parse_address(told["from"]) != lane.wallet.address:
        raise NotPossible(f"{tx_hash} was sent by {told['from']}, not by {lane.wallet.address}")
    block = parse_block(client.read("eth_getBlockByNumber", [receipt["blockNumber"], False]))
    if block.hash != receipt["blockHash"]:
        raise NotPossible(f"the block of {tx_hash} has just been replaced; try again")
    data = hex_bytes(told["input"])
    return Found(
        tx_hash=tx_hash,
        nonce=hex_int(told["nonce"]),
        call={
            "to": parse_address(told["to"] or lane.wallet.address),
            "value": hex_int(told["value"]),
            "data": data,
            "selector": "0x" + data[:4].hex() if data else "",
        },
        fees=_fees(told),
        receipt=receipt,
        block=block,
    )


def _fees(told: dict[str, Any]) -> dict[str, int]:
    price = told.get("maxFeePerGas") or told["gasPrice"]
    return {
        "gas_limit": hex_int(told["gas"]),
        "max_fee_per_gas": hex_int(price),
        "max_priority_fee_per_gas": hex_int(told.get("maxPriorityFeePerGas") or price),
    }


def _record(lane: NonceLane, found: Found, actor: str, reason: str) -> Transaction:
    row = Transaction.objects.create(
        lane=lane,
        network=lane.network,
        idempotency_key=f"{ACTION}:{lane.pk}:{found.nonce}",
        origin=f"adopted:{actor}"[:100],
        protocol=PROTOCOL,
        action=ACTION,
        **found.call,
    )
    born(row, machine=TRANSACTION, actor=actor, reason=reason)
    return move_transaction(
        row, S.SIGNED, actor=actor, reason="signed elsewhere", nonce=found.nonce
    )


def _attempt(lane: NonceLane, row: Transaction, found: Found) -> Attempt:
    if known := row.attempts.filter(hash=found.tx_hash).first():
        return known  # ours all along: its receipt came late
    return Attempt.objects.create(
        transaction=row,
        lane=lane,
        nonce=found.nonce,
        kind=Attempt.Kind.ADOPTED,
        raw=b"",
        hash=found.tx_hash,
        state=AttemptState.ACCEPTED,
        last_answer="made elsewhere, found in a block",
        **found.fees,
    )


def _is_ours(row: Transaction, found: Found) -> bool:
    """Whether it does what the row was meant to do."""
    meant = {"to": row.to, "value": row.value, "data": bytes(row.data), "selector": row.selector}
    return meant == found.call
