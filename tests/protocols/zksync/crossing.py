"""Somebody who carries a plan out on both chains as the runs do, and counts what each holds."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from eth_abi.abi import decode
from eth_account.signers.local import LocalAccount

from airdrops_site.devnet.outbox import encode_call
from protocols.actions import Action, Call, CallReceipt, Context, Done, Plan, Progress, Wait
from protocols.context import build_context
from protocols.params import read_params
from protocols.plans import Movement
from protocols.registry import get_action
from protocols.settlements import settlement_from_json
from tests import factories
from tests.protocols.operators import logs_of
from tests.protocols.zksync.chains import L1, L2, Chains
from wallets.chain.client import NetworkClient
from wallets.models import Network, NonceLane, Wallet
from wallets.transactions.policy import check_policy

# (chain id, token or "") -> base units
Books = dict[tuple[int, str], int]
LOOKS = 6


@dataclass(slots=True)
class Traveller:
    """One key on both chains; `books` is what the actions say they moved."""

    chains: Chains
    account: LocalAccount
    networks: dict[int, Network]
    books: Counter[tuple[int, str]] = field(default_factory=Counter)
    fees: Counter[int] = field(default_factory=Counter)
    sent: list[tuple[int, Call]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """The wallet."""
        return str(self.account.address)

    def context(self, chain_id: int) -> Context:
        """What an action may look at."""
        return build_context(
            network=self.networks[chain_id],
            wallet=Wallet.objects.get(address=self.address),
            protocol="zksync",
            client=NetworkClient(self.networks[chain_id]),
            now=timezone.now(),
        )

    def plan(self, chain_id: int, action: str, **params: Any) -> Plan:
        """What would be done."""
        chosen = get_action("zksync", action)
        return chosen.plan(self.context(chain_id), read_params(chosen.Params, params))

    def cross(
        self,
        chain_id: int,
        action: str,
        meanwhile: Callable[[], object] | None = None,
        **params: Any,
    ) -> Progress:
        """Do all of it; `meanwhile` is what happens in the world before each look."""
        chosen = get_action("zksync", action)
        typed = read_params(chosen.Params, params)
        trip = _Trip(self, chosen, typed, chain_id, meanwhile or self.world)
        return trip.go()

    def world(self) -> None:
        """The L2 works: requests are carried out, batches are made and executed."""
        self.chains.node.call("test_carry")
        self.chains.node.call("test_seal")

    def send(self, chain_id: int, call: Call, action: str) -> CallReceipt:
        """Have the policy judge a call, then sign and send it; it must succeed."""
        self.judge(chain_id, call, action)
        self.sent.append((chain_id, call))
        rpc = self.chains.on(chain_id)
        price = int(rpc.call("eth_gasPrice"), 16)
        fields: Any = {
            "chainId": chain_id,
            "nonce": int(rpc.call("eth_getTransactionCount", self.address, "latest"), 16),
            "to": call.to,
            "value": call.value,
            "data": call.data,
            "gas": 2_000_000,
            "maxFeePerGas": 2 * price,
            "maxPriorityFeePerGas": 10**9,
        }
        raw = self.account.sign_transaction(fields).raw_transaction
        tx_hash = rpc.call("eth_sendRawTransaction", f"0x{raw.hex()}")
        rpc.call("evm_mine")
        receipt = rpc.call("eth_getTransactionReceipt", tx_hash)
        assert receipt["status"] == "0x1", f"{call.label} was reverted"
        self.fees[chain_id] += int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
        return CallReceipt(call, tx_hash, int(receipt["blockNumber"], 16), logs_of(receipt))

    def judge(self, chain_id: int, call: Call, action: str) -> None:
        """PolicyRefusal where the call may not be signed."""
        lane, _ = NonceLane.objects.get_or_create(
            wallet=Wallet.objects.get(address=self.address), network=self.networks[chain_id]
        )
        row = factories.TransactionFactory.build(
            lane=lane,
            network=lane.network,
            protocol="zksync",
            action=action,
            to=call.to,
            value=call.value,
            data=call.data,
            expectations=call.expectations.as_json(),
        )
        check_policy(row)

    def holdings(self, *tokens: tuple[int, str]) -> Books:
        """Everything the wallet has, before the fees it paid."""
        held = {
            (chain_id, ""): int(
                self.chains.on(chain_id).call("eth_getBalance", self.address, "latest"), 16
            )
            + self.fees[chain_id]
            for chain_id in (L1, L2)
        }
        return {**held, **{one: self.balance(*one) for one in tokens}}

    def balance(self, chain_id: int, token: str) -> int:
        """Of a token, by plain JSON-RPC."""
        question = {"to": token, "data": encode_call("balanceOf(address)", self.address)}
        answer = self.chains.on(chain_id).call("eth_call", question, "latest")
        number: int = decode(["uint256"], bytes.fromhex(answer[2:]))[0]
        return number

    def book(self, chain_id: int, movements: tuple[Movement, ...]) -> None:
        """Add what an action says."""
        for one in movements:
            sign = 1 if one.direction == "in" else -1
            self.books[chain_id, one.token] += sign * one.amount

    def booked(self) -> Books:
        """What all of it adds up to."""
        return {place: amount for place, amount in self.books.items() if amount}


@dataclass(slots=True)
class _Trip:
    who: Traveller
    action: Action
    params: Any
    chain_id: int
    world: Callable[[], object]
    done: list[Done] = field(default_factory=list)

    def go(self) -> Progress:
        steps = self.action.plan(self.context(), self.params).steps
        while steps:
            for step in steps:
                self.done.append(self.do(step))
            steps = self.action.go_on(self.context(), self.params, self.progress()).steps
        return self.progress()

    def context(self) -> Context:
        return self.who.context(self.chain_id)

    def progress(self) -> Progress:
        return Progress(tuple(self.done))

    def do(self, step: Any) -> Done:
        if isinstance(step, Wait):
            found = self.await_(step)
            if "movements" in found:
                kept = {"movements": found["movements"], "note": ""}
                self.who.book(found["chain_id"], settlement_from_json(kept).movements)
            return Done(step, found=found)
        chain_id = step.chain_id or self.chain_id
        receipt = self.who.send(chain_id, step, self.action.slug)
        settled = self.action.settle(self.who.context(chain_id), self.params, receipt)
        self.who.book(chain_id, settled.movements)
        return Done(step, receipt)

    def await_(self, wait: Wait) -> Mapping[str, Any]:
        # The database keeps both as JSON.
        kept = Wait(wait.label, wait.condition, json.loads(json.dumps(dict(wait.arguments))))
        for _ in range(LOOKS):
            found = self.action.look(self.context(), self.params, kept, self.progress())
            if found is not None:
                again: dict[str, Any] = json.loads(json.dumps(dict(found)))
                return again
            self.world()
        raise AssertionError(f"{wait.label} never came")


def change(before: Books, after: Books) -> Books:
    """What became more and less."""
    places = {*before, *after}
    changed = {place: after.get(place, 0) - before.get(place, 0) for place in places}
    return {place: amount for place, amount in changed.items() if amount}
