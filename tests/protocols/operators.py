"""An operator without our pipeline: plans through an adapter, signs by itself, reads the chain."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils import timezone
from eth_abi.abi import decode
from eth_account.signers.local import LocalAccount

from airdrops_site.devnet.manifest import DeployedNetwork
from airdrops_site.devnet.outbox import encode_call
from airdrops_site.devnet.rpc import DevnetRpc
from protocols.actions import Call, CallReceipt, Context, Log, Movement, Plan, Settlement
from protocols.context import build_context
from protocols.params import read_params
from protocols.registry import get_action
from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient
from wallets.models import Network, Wallet

ETHER = 10**18
USDC = 10**6
GWEI = 10**9
# Token address ("" for the native coin) -> base units.
Balances = dict[str, int]


@dataclass(slots=True)
class Operator:
    """One key on one network."""

    rpc: DevnetRpc
    account: LocalAccount
    network: Network
    deployed: DeployedNetwork
    fees_paid: int = field(default=0)

    @property
    def address(self) -> str:
        """The wallet's address."""
        return str(self.account.address)

    def token(self, symbol: str) -> str:
        """The address of a token."""
        return self.deployed.token(symbol).contract.address

    def context(self, protocol: str = "evm", **changes: Any) -> Context:
        """What an action of the protocol may look at."""
        context = build_context(
            network=self.network,
            wallet=Wallet.objects.get(address=self.address),
            protocol=protocol,
            client=NetworkClient(self.network),
            now=timezone.now(),
        )
        return replace(context, **changes)

    def plan(self, action: str, *, protocol: str = "evm", **params: Any) -> Plan:
        """What the action would do."""
        chosen = get_action(protocol, action)
        return chosen.plan(self.context(protocol), read_params(chosen.Params, params))

    def perform(self, action: str, *, protocol: str = "evm", **params: Any) -> list[Settlement]:
        """Plan, sign and send each step, and settle it from its receipt."""
        chosen = get_action(protocol, action)
        typed = read_params(chosen.Params, params)
        context = self.context(protocol)
        calls = chosen.plan(context, typed).steps
        # What was sent is settled also where nothing is enabled any more.
        later = replace(context, deployments={})
        return [
            chosen.settle(later, typed, self.send(call)) for call in calls if isinstance(call, Call)
        ]

    def send(self, call: Call) -> CallReceipt:
        """Sign and send a call; it must succeed."""
        count = self.rpc.call("eth_getTransactionCount", self.address, "latest")
        signed = self.account.sign_transaction(
            {
                "chainId": self.network.chain_id,
                "nonce": int(count, 16),
                "to": call.to,
                "value": call.value,
                "data": call.data,
                "gas": 400_000,
                "maxFeePerGas": 100 * GWEI,
                "maxPriorityFeePerGas": GWEI,
            }
        )
        tx_hash = self.rpc.call("eth_sendRawTransaction", "0x" + signed.raw_transaction.hex())
        self.rpc.call("evm_mine")
        receipt = self.rpc.call("eth_getTransactionReceipt", tx_hash)
        self.fees_paid += int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
        assert receipt["status"] == "0x1", f"{call.label} was reverted"
        return CallReceipt(call, tx_hash, int(receipt["blockNumber"], 16), logs_of(receipt))

    def have_treasury_call(self, contract: str, signature: str, *arguments: Any) -> None:
        """Have the devnet's treasury, whose account is unlocked, call a contract."""
        call = {"from": self.deployed.treasury, "to": contract, "gas": hex(4_000_000)}
        data = encode_call(signature, *arguments)
        tx_hash = self.rpc.call("eth_sendTransaction", {**call, "data": data})
        self.rpc.call("evm_mine")
        assert self.rpc.call("eth_getTransactionReceipt", tx_hash)["status"] == "0x1"

    def view(self, contract: str, signature: str, *arguments: Any) -> int:
        """The number a view function returns, asked by plain JSON-RPC."""
        call = {"to": contract, "data": encode_call(signature, *arguments)}
        answer: str = self.rpc.call("eth_call", call, "latest")
        number: int = decode(["uint256"], bytes.fromhex(answer[2:]))[0]
        return number

    def balances(self) -> Balances:
        """Everything the wallet has, before the fees it paid."""
        tokens = (self.deployed.weth, *self.deployed.tokens)
        native = int(self.rpc.call("eth_getBalance", self.address, "latest"), 16)
        held = {
            token.contract.address: self.view(
                token.contract.address, "balanceOf(address)", self.address
            )
            for token in tokens
        }
        return {"": native + self.fees_paid, **held}


def logs_of(receipt: dict[str, Any]) -> tuple[Log, ...]:
    """A JSON-RPC receipt's logs as adapters get them."""
    return tuple(
        Log(
            address=parse_address(log["address"]),
            topics=tuple(bytes.fromhex(topic[2:]) for topic in log["topics"]),
            data=bytes.fromhex(log["data"][2:]),
            index=int(log["logIndex"], 16),
        )
        for log in receipt["logs"]
    )


def net(movements: Iterable[Movement]) -> Balances:
    """What the movements add up to, per token, without those that cancel out."""
    sums: Counter[str] = Counter()
    for movement in movements:
        sign = 1 if movement.direction == "in" else -1
        sums[movement.token] += sign * movement.amount
    return {token: amount for token, amount in sums.items() if amount}


def change(before: Balances, after: Balances) -> Balances:
    """What became more and less."""
    return {token: after[token] - before[token] for token in after if after[token] != before[token]}


def booked(settlements: Iterable[Settlement]) -> Balances:
    """What several settlements add up to."""
    return net(movement for settlement in settlements for movement in settlement.movements)
