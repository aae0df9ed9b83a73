"""Two wallets that did a little of everything on a real chain, and questions to that chain."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from analytics.chain_history.reading import Way
from analytics.chain_history.scanning import Progress, Wanted, final_block, scan
from analytics.models import ChainTransaction, ChainTransfer
from tests.protocols.operators import ETHER, USDC, Operator
from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient
from wallets.models import Wallet

FACTS = ("hash", "block_number", "nonce", "recipient", "selector", "value", "fee", "succeeded")
KNOWN = (*FACTS, "to_contract", "app", "protocol", "source", "block_at", "wallet__label")
MOVED = ("hash", "place", "direction", "token_address", "counterparty", "amount", "block_at")


@dataclass(frozen=True, slots=True)
class Lives:
    """What was done, and from which block on."""

    alice: Operator
    bob: Operator
    first: int

    @classmethod
    def lived(cls, alice: Operator, bob: Operator) -> "Lives":
        """Eight transactions of every kind, and a payment from a stranger."""
        # Of the block that a snapshot was taken at anvil forgets the state.
        alice.rpc.call("evm_mine")
        first = block_number(alice) + 1
        alice.perform("transfer", to=bob.address, amount=ETHER)
        alice.perform("wrap", amount=ETHER)
        alice.perform("unwrap", amount=ETHER // 4)
        usdc = alice.token("USDC")
        alice.perform("swap", token_in="native", token_out=usdc, amount=ETHER)
        bob.perform("swap", token_in=usdc, token_out="native", amount=50 * USDC)
        bob.perform("transfer-token", token=usdc, to=alice.address, amount=7 * USDC)
        fail(bob)
        stranger = {"from": alice.deployed.treasury, "to": bob.address, "value": hex(5)}
        alice.rpc.call("eth_sendTransaction", stranger)
        alice.rpc.call("anvil_mine", hex(6))
        alice.network.final_rule, alice.network.final_depth = "depth", 1
        alice.network.save()
        return cls(alice, bob, first)

    def scan(self, way: Way = Way.EVERY_BLOCK, **changes: Any) -> Progress:
        """Read it all for both wallets."""
        client = NetworkClient(self.alice.network)
        final = final_block(client).number
        wanted = {"first": self.first, "last": final, "way": way, **changes}
        done = scan(Wanted(list(Wallet.objects.order_by("pk")), **wanted), client, final=final)
        assert done is not None
        return done


def fail(operator: Operator) -> None:
    """A transaction that is in a block, and was undone."""
    swap = {"from": operator.address, "to": operator.token("USDC"), "gas": hex(100_000)}
    too_much = "0xa9059cbb" + operator.address[2:].rjust(64, "0") + "f" * 64
    operator.rpc.call("anvil_impersonateAccount", operator.address)
    operator.rpc.call("eth_sendTransaction", {**swap, "data": too_much})
    operator.rpc.call("evm_mine")


def block_number(operator: Operator) -> int:
    """The newest block."""
    return int(operator.rpc.call("eth_blockNumber"), 16)


def rows() -> tuple[list[Any], list[Any]]:
    """All that was stored, without the rows' own numbers."""
    sent = ChainTransaction.objects.order_by("hash").values_list(*KNOWN)
    moved = ChainTransfer.objects.order_by("hash", "place", "direction", "wallet")
    return list(sent), list(moved.values_list(*MOVED, "wallet__label", "token__symbol", "source"))


def told(wallet: Wallet) -> Counter[str]:
    """What the rows say became more and less, by token; the coin's fees are in it."""
    sums: Counter[str] = Counter()
    for row in ChainTransfer.objects.filter(wallet=wallet):
        sums[row.token_address] += row.amount if row.direction == "in" else -row.amount
    fees = ChainTransaction.objects.filter(wallet=wallet).values_list("fee", flat=True)
    sums[""] -= sum(fee or 0 for fee in fees)
    return sums


def changed(operator: Operator, first: int) -> Counter[str]:
    """What the chain says became more and less since before that block."""
    tokens = [one.contract.address for one in (operator.deployed.weth, *operator.deployed.tokens)]
    data = "0x70a08231" + operator.address[2:].lower().rjust(64, "0")
    sums: Counter[str] = Counter()
    for sign, block in ((-1, hex(first - 1)), (1, "latest")):
        coin = operator.rpc.call("eth_getBalance", operator.address, block)
        sums[""] += sign * int(coin, 16)
        for token in tokens:
            answer = operator.rpc.call("eth_call", {"to": token, "data": data}, block)
            sums[parse_address(token)] += sign * int(answer, 16)
    return sums


def nonzero(sums: Counter[str]) -> dict[str, int]:
    """Without what stayed."""
    return {token: amount for token, amount in sums.items() if amount}
