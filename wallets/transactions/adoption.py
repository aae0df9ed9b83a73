"""Taking in a transaction that was made elsewhere with a key of ours, once it is in a block."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction as database

from wallets.addresses import AddressError, parse_address, parse_hash
from wallets.chain.client import NetworkClient, hex_bytes, hex_int, parse_block
from wallets.chain.rpc import Request
from wallets.models import Attempt, NonceLane, Transaction
from wallets.transactions.machine import TRANSACTION, move_transaction
from wallets.transactions.operator import NotPossible
from wallets.transactions.receipts import outcome_of, read_receipt, store_receipts
from wallets.transactions.states import AttemptState
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
    An attempt of ours that was given up too early is taken as it is.
    """
    found = find_mined(lane, tx_hash, client)
    with database.atomic():
        NonceLane.objects.select_for_update().get(pk=lane.pk)
        known = Attempt.objects.filter(hash=found.tx_hash).select_related("transaction").first()
        row = known.transaction if known else holder_of(lane, found.nonce)
        if row is None:
            return take_in(lane, found, actor=actor, reason=reason)
        if row.state != S.NEEDS_OPERATOR:
            raise NotPossible(_not_open(row, found, known))
        return close_by(row, found, known, actor=actor, reason=reason)


def holder_of(lane: NonceLane, nonce: int) -> Transaction | None:
    """The transaction that has the nonce; one that was given up has it no more."""
    return lane.transactions.filter(nonce=nonce).exclude(state=S.VOIDED).first()


def _not_open(row: Transaction, found: Found, known: Attempt | None) -> str:
    what = f"{found.tx_hash} is an attempt of" if known else f"nonce {found.nonce} is"
    return f"{what} transaction {row.pk}, which is {row.state}: nothing is open there"


def close_by(
    row: Transaction, found: Found, known: Attempt | None, *, actor: str, reason: str
) -> Transaction:
    """Settle a transaction that waits for a person by what is mined at its nonce."""
    attempt = known or adopted_attempt(row, found)
    receipt = read_receipt(row, attempt, found.receipt, found.block)
    store_receipts([receipt])
    fields = {"outcome": outcome_of(attempt, receipt)}
    if attempt.foreign:
        because = f"{found.tx_hash} was made elsewhere, adopted by {actor}: {reason}"
        fields["replaced_because"] = because[:500]
    return move_transaction(row, S.INCLUDED, actor=actor, reason=reason, **fields)


def find_mined(lane: NonceLane, tx_hash: str, client: NetworkClient) -> Found:
    """What the chain says of a transaction of the lane's wallet; NotPossible if in no block."""
    found = find_all_mined(lane, [tx_hash], client)[0]
    if isinstance(found, NotPossible):
        raise found
    return found


def find_all_mined(
    lane: NonceLane, hashes: Sequence[str], client: NetworkClient
) -> list[Found | NotPossible]:
    """As `find_mined`, of each in its place; two questions for all of them."""
    answers = _told(hashes, client)
    ordered = sorted(
        {one.receipt["blockNumber"] for one in answers if not isinstance(one, NotPossible)}
    )
    blocks = client.read_many([("eth_getBlockByNumber", [number, False]) for number in ordered])
    by_number = dict(zip(ordered, blocks, strict=True))
    return [
        answer
        if isinstance(answer, NotPossible)
        else _read(lane, answer, by_number[answer.receipt["blockNumber"]])
        for answer in answers
    ]


@dataclass(frozen=True, slots=True)
class _Told:
    """A transaction and its receipt, as a node tells them."""

    tx_hash: str
    transaction: dict[str, Any]
    receipt: dict[str, Any]


def _told(hashes: Sequence[str], client: NetworkClient) -> list[_Told | NotPossible]:
    asked: list[str | NotPossible] = [_hash(one) for one in hashes]
    clean = [one for one in asked if isinstance(one, str)]
    requests: list[Request] = []
    for one in clean:
        requests += [("eth_getTransactionByHash", [one]), ("eth_getTransactionReceipt", [one])]
    answers = iter(client.read_many(requests))
    told: list[_Told | NotPossible] = []
    for asked_for in asked:
        if not isinstance(asked_for, str):
            told.append(asked_for)
            continue
        sent, receipt = next(answers), next(answers)
        if isinstance(sent, dict) and isinstance(receipt, dict) and receipt.get("blockNumber"):
            told.append(_Told(asked_for, sent, receipt))
        else:
            told.append(NotPossible(f"{asked_for} is in no block of {client.network.name}"))
    return told


def _hash(text: str) -> str | NotPossible:
    try:
        return parse_hash(text)
    except AddressError as error:
        return NotPossible(str(error))


def _read(lane: NonceLane, told: _Told, block_told: Any) -> Found | NotPossible:
    try:
        return _found(lane, told, block_told)
    except (AddressError, KeyError, TypeError, ValueError) as error:
        kind = type(error).__name__
        return NotPossible(
            f"what {lane.network.name} tells of {told.tx_hash} is no answer ({kind})"
        )


def _found(lane: NonceLane, told: _Told, block_told: Any) -> Found | NotPossible:
    sent, receipt, tx_hash = told.transaction, told.receipt, told.tx_hash
    if parse_address(sent["from"]) != lane.wallet.address:
        return NotPossible(f"{tx_hash} was sent by {sent['from']}, not by {lane.wallet.address}")
    block = parse_block(block_told)
    if block.hash != receipt["blockHash"]:
        return NotPossible(f"the block of {tx_hash} has just been replaced; try again")
    data = hex_bytes(sent["input"])
    return Found(
        tx_hash=tx_hash,
        nonce=hex_int(sent["nonce"]),
        call={
            "to": parse_address(sent["to"] or lane.wallet.address),
            "value": hex_int(sent["value"]),
            "data": data,
            "selector": "0x" + data[:4].hex() if data else "",
        },
        fees=_fees(sent),
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


def take_in(lane: NonceLane, found: Found, *, actor: str, reason: str) -> Transaction:
    """A transaction of its own for a nonce that no row of ours holds: it is born in its block.

    It never waits in our queue, where the lane's next turn would sign it.
    """
    row = Transaction.objects.create(
        lane=lane,
        network=lane.network,
        idempotency_key=f"{ACTION}:{lane.pk}:{found.tx_hash}",
        origin=f"adopted:{actor}"[:100],
        protocol=PROTOCOL,
        action=ACTION,
        state=S.INCLUDED,
        nonce=found.nonce,
        **found.call,
    )
    attempt = adopted_attempt(row, found)
    receipt = read_receipt(row, attempt, found.receipt, found.block)
    store_receipts([receipt])
    row.outcome = outcome_of(attempt, receipt)
    Transaction.objects.filter(pk=row.pk).update(outcome=row.outcome)
    why = f"made elsewhere: {found.tx_hash}; {reason}"
    born(row, machine=TRANSACTION, actor=actor, reason=why)
    return row


def adopted_attempt(row: Transaction, found: Found) -> Attempt:
    """The form in which it is mined, as an attempt of the row; its bytes are elsewhere."""
    return Attempt.objects.create(
        transaction=row,
        lane=row.lane,
        nonce=found.nonce,
        kind=Attempt.Kind.ADOPTED,
        raw=b"",
        hash=found.tx_hash,
        state=AttemptState.ACCEPTED,
        last_answer="made elsewhere, found in a block",
        foreign=not does_it(row, found),
        **found.fees,
    )


def does_it(row: Transaction, found: Found) -> bool:
    """Whether it does what the row was meant to do."""
    meant = {"to": row.to, "value": row.value, "data": bytes(row.data), "selector": row.selector}
    return meant == found.call
