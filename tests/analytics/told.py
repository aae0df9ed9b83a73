"""Transactions whose rows are moved as the watcher and the runs would, without a chain."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from django.db import transaction as database
from django.utils import timezone
from eth_utils.address import to_checksum_address

from protocols.actions import Movement, Settlement
from protocols.models import Protocol
from protocols.settlements import settlement_to_json
from scheduling.models import Occurrence, Run, Step, Task
from scheduling.states import STEP, StepState
from wallets.models import Attempt, Network, NonceLane, Receipt, Token, Transaction, Wallet
from wallets.transactions.machine import TRANSACTION, move_transaction
from wallets.transactions.states import TransactionState as S
from wallets.transitions import born, move

BLOCK_AT = datetime(2026, 1, 1, tzinfo=UTC)
STRANGER = to_checksum_address("0x" + "99" * 20)
USDC = to_checksum_address("0x" + "aa" * 20)
FEE = 21_000
_numbers = count(1)


def out(amount: int, token: str = "", to: str = STRANGER) -> Movement:
    """An amount that left."""
    return Movement(token, "out", amount, to_checksum_address(to))  # type: ignore[arg-type]


def into(amount: int, token: str = "", source: str = STRANGER) -> Movement:
    """An amount that came."""
    return Movement(token, "in", amount, to_checksum_address(source))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a transaction stands on: a network with two tokens, two wallets of ours, a run."""

    network: Network
    native: Token
    usdc: Token
    wallet: Wallet
    other: Wallet
    run: Run

    @classmethod
    def lay(cls) -> "Ground":
        """Rows of its own, beside those of any other ground."""
        number = next(_numbers)
        network = Network.objects.create(
            chain_id=10_000 + number, slug=f"n{number}", name=f"N{number}", kind="devnet"
        )
        native = Token.objects.create(network=network, symbol="ETH")
        usdc = Token.objects.create(network=network, symbol="USDC", address=USDC, decimals=6)
        wallet, other = (_wallet(next(_numbers)) for _ in range(2))
        return cls(network, native, usdc, wallet, other, _run(number, network, wallet))

    def transaction(self, **fields: object) -> Transaction:
        """A broadcast transaction of the wallet, to a stranger and without value by default."""
        lane, _ = NonceLane.objects.get_or_create(wallet=self.wallet, network=self.network)
        number = next(_numbers)
        row = Transaction.objects.create(
            lane=lane,
            network=self.network,
            idempotency_key=f"told:{number}",
            origin="test",
            **{"protocol": "evm", "action": "swap", "to": STRANGER, **fields},
        )
        born(row, machine=TRANSACTION, actor="test")
        move_transaction(row, S.SIGNED, actor="test", nonce=number)
        sign(row, Attempt.Kind.ORIGINAL)
        return move_transaction(row, S.BROADCAST, actor="test")

    def step(self, row: Transaction) -> Step:
        """The run's step that the transaction carries out."""
        number = next(_numbers)
        step = Step.objects.create(run=self.run, index=number, kind="call", label="do", spec={})
        born(step, machine=STEP, actor="test")
        return move(step, StepState.SUBMITTED, machine=STEP, actor="test", transaction=row)


def sign(row: Transaction, kind: str) -> Attempt:
    """A further attempt of the transaction."""
    return Attempt.objects.create(
        transaction=row,
        lane=row.lane,
        nonce=row.nonce or 0,
        kind=kind,
        raw=b"signed",
        hash=f"0x{next(_numbers):064x}",
        gas_limit=21_000,
        max_fee_per_gas=1,
        max_priority_fee_per_gas=1,
    )


def include(row: Transaction, block: int = 1, *, outcome: str = "succeeded") -> Receipt:
    """A block has the transaction's latest attempt."""
    with database.atomic():
        receipt, _ = Receipt.objects.update_or_create(
            attempt=row.attempts.last(),
            block_hash=f"0x{block:064x}",
            defaults={
                "transaction": row,
                "block_number": block,
                "block_at": BLOCK_AT,
                "succeeded": outcome != "reverted",
                "gas_used": FEE,
                "effective_gas_price": 1,
                "fee": FEE,
                "canonical": True,
            },
        )
        move_transaction(row, S.INCLUDED, actor="test", outcome=outcome)
    return receipt


def confirm(row: Transaction, block: int = 1, *, outcome: str = "succeeded") -> Receipt:
    """A block has it, deep enough."""
    receipt = include(row, block, outcome=outcome)
    move_transaction(row, S.CONFIRMED, actor="test")
    return receipt


def finalise(row: Transaction) -> None:
    """Nothing undoes its block any more."""
    move_transaction(row, S.FINAL, actor="test")


def reorganise(row: Transaction) -> None:
    """Another block stands where its block was."""
    with database.atomic():
        row.receipts.filter(canonical=True).update(canonical=False)
        move_transaction(row, S.BROADCAST, actor="test", outcome="")


def settle(step: Step, *movements: Movement) -> None:
    """The step's settlement, read from the receipt that is canonical now."""
    if step.state == StepState.SETTLED:
        move(step, StepState.SUBMITTED, machine=STEP, actor="test")
    receipt = Receipt.objects.get(transaction=step.transaction, canonical=True)
    move(
        step,
        StepState.SETTLED,
        machine=STEP,
        actor="test",
        settlement=settlement_to_json(Settlement(movements)),
        settled_receipt=receipt,
    )


def _wallet(number: int) -> Wallet:
    address = to_checksum_address(f"0x{number:040x}")
    return Wallet.objects.create(label=f"w{number}", address=address, signer_kind="watch_only")


def _run(number: int, network: Network, wallet: Wallet) -> Run:
    protocol, _ = Protocol.objects.get_or_create(slug="evm", defaults={"name": "EVM"})
    task = Task.objects.create(
        name=f"t{number}",
        protocol=protocol,
        action="swap",
        network=network,
        schedule="once",
        starts_at=timezone.now(),
    )
    occurrence = Occurrence.objects.create(task=task, wallet=wallet, due_at=timezone.now())
    return Run.objects.create(occurrence=occurrence, task=task, wallet=wallet)
