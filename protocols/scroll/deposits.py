"""Deposits: coin that is locked on L1 and arrives at the same address on Scroll."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import BaseModel

from protocols.actions import (
    Action,
    Call,
    CallReceipt,
    Context,
    Movement,
    Permission,
    Plan,
    PlanError,
    Progress,
    Settlement,
    Wait,
)
from protocols.evm.tokens import (
    APPROVE,
    allowance,
    plan_allowance,
    require_balance,
    require_native,
)
from protocols.movements import read_movements
from protocols.params import MOST_GAS, NATIVE, ActionParams, Amount, Gas, TokenRef
from protocols.scroll.fees import FeeQuote, fee_taken, most_gas, quote_fee
from protocols.scroll.messages import (
    FAILED,
    RELAYED,
    BridgeMessage,
    find_outcomes,
    own_message,
    sent_messages,
)
from protocols.scroll.sides import (
    L1_MESSENGER,
    L1_MESSENGER_ABI,
    L1_ROUTER,
    L1_ROUTER_ABI,
    L2_MESSENGER,
    contract,
    l2_side,
)
from wallets.addresses import ZERO_ADDRESS, parse_address
from wallets.transactions.allowances import allowance_name
from wallets.transactions.arguments import (
    Amount as SpentAmount,
)
from wallets.transactions.arguments import (
    AtMost,
    RegisteredToken,
    Sender,
    Unchecked,
    Vouched,
)

ARRIVAL = "arrival"
# Gas on L2, for which L1 asks the fee. The documentation's figures; a token that is deployed there
# by its first deposit takes more (460,000, with a name of 34 letters).
ETH_GAS, TOKEN_GAS, NEW_TOKEN_GAS = 170_000, 200_000, 1_000_000
# A message is relayed within the hour; one that is not is looked at by a person.
ARRIVES_WITHIN = 2 * 86_400
_OWN = "what is not bridged or taken as the fee comes back to the sender at once"
_SENT_BEFORE = "the messenger relays only what it was sent before; its receiver stands in it"

_DEPOSIT_ETH = L1_ROUTER_ABI.function("depositETH")
DEPOSIT_PERMISSIONS = (
    Permission(
        L1_ROUTER,
        _DEPOSIT_ETH.signature,
        (Unchecked(path=(0,), reason=_OWN), AtMost(path=(1,), most=MOST_GAS)),
        payable=True,
    ),
    Permission(
        L1_ROUTER,
        L1_ROUTER_ABI.function("depositERC20").signature,
        (
            RegisteredToken(path=(0,)),
            SpentAmount(path=(1,), token=(0,)),
            AtMost(path=(2,), most=MOST_GAS),
        ),
        payable=True,
    ),
    Permission(
        L1_MESSENGER,
        L1_MESSENGER_ABI.function("replayMessage").signature,
        (
            *(Unchecked(path=(place,), reason=_SENT_BEFORE) for place in range(4)),
            Vouched(path=(4,), reason=_SENT_BEFORE),
            AtMost(path=(5,), most=MOST_GAS),
            Sender(path=(6,)),
        ),
        payable=True,
    ),
)


class DepositParams(ActionParams):
    """`amount` of an L1 coin in base units; `gas_limit` is that on Scroll, 0 for the usual."""

    token: TokenRef
    amount: Amount
    gas_limit: Gas = 0


class Deposit(Action):
    """Send coin to the same wallet on Scroll."""

    slug = "deposit"
    title = "Deposit to Scroll"
    brings = ()
    Params: ClassVar[type[BaseModel]] = DepositParams
    permissions: ClassVar[tuple[Permission, ...]] = (
        APPROVE,
        Permission.allowance(L1_ROUTER),
        *DEPOSIT_PERMISSIONS,
    )

    def plan(self, ctx: Context, params: Any) -> Plan:
        """The deposit, after an exact allowance for a token; then its arrival on Scroll."""
        l2 = l2_side(ctx)
        l2.deployment(L2_MESSENGER)
        gas = params.gas_limit or _usual_gas(ctx, l2, params.token)
        fee = quote_fee(ctx, gas)
        calls = _deposit_calls(ctx, params, gas, fee)
        native = params.token == NATIVE
        return Plan(
            (*calls, arrival(ctx)),
            f"deposit {params.amount} of {params.token} to Scroll, fee at most {fee.value} wei",
            relies_on=() if native else (allowance_name(params.token, ctx.deployment(L1_ROUTER)),),
        )

    def look(
        self, ctx: Context, params: Any, wait: Wait, progress: Progress
    ) -> Mapping[str, Any] | None:
        """Whether the messenger on Scroll has relayed the message, or failed to, as confirmed."""
        message, l2 = self.message(ctx, params, progress).hash, l2_side(ctx)
        messenger, start = l2.deployment(L2_MESSENGER), int(wait.arguments["from_block"])
        confirmed = l2.chain.confirmed_block()
        if _is_executed(l2, message):
            relayed = find_outcomes(l2, messenger, message, RELAYED, start)
            if relayed and relayed[-1].block_number > confirmed:
                return None
            return _found(message, "relayed", relayed[-1].tx_hash if relayed else "")
        failed = [
            one
            for one in find_outcomes(l2, messenger, message, FAILED, start)
            if one.block_number <= confirmed
        ]
        # Those that earlier waits of the run ended with are answered by a replay.
        if len(failed) > _failures(progress):
            return _found(message, "failed", failed[-1].tx_hash)
        return None

    def go_on(self, ctx: Context, params: Any, progress: Progress) -> Plan:
        """Nothing after an arrival; one replay after a failure, with twice the gas."""
        found = progress.found(ARRIVAL)
        if found is None or found["outcome"] == "relayed":
            return Plan(())
        message = own_message(progress, ctx.deployment(L1_MESSENGER))
        if is_relayed(ctx, message):
            return Plan(())
        if _failures(progress) > 1:
            raise PlanError(
                f"message {found['message']} failed on Scroll twice ({found['tx_hash']}); find out "
                "why, then replay it: what was deposited waits in the bridge"
            )
        gas = min(2 * max(message.gas_limit, ETH_GAS), most_gas(ctx))
        replay = replay_call(ctx, message, gas)
        return Plan((replay, arrival(ctx)), f"replay message {found['message']}")

    def message(self, ctx: Context, params: Any, progress: Progress) -> BridgeMessage:
        """The one that is waited for."""
        return own_message(progress, ctx.deployment(L1_MESSENGER))

    def settle(self, ctx: Context, params: Any, receipt: CallReceipt) -> Settlement:
        """The coin and the call's value left; what was above the fee came back, without a log."""
        notes = [f"message 0x{message.hash.hex()}" for message in sent_messages(receipt.logs)]
        moved = list(read_movements(receipt, ctx.wallet))
        if receipt.call.value:
            surplus = _surplus(ctx, receipt)
            if surplus is None:
                notes.append("what came back of the fee is not known; compare the balance")
            elif surplus:
                moved.append(Movement("", "in", surplus, receipt.call.to))
        return Settlement(tuple(moved), "; ".join(notes))


def _deposit_calls(
    ctx: Context, params: DepositParams, gas: int, fee: FeeQuote
) -> tuple[Call, ...]:
    router = contract(ctx, L1_ROUTER)
    if params.token == NATIVE:
        value = params.amount + fee.value
        require_native(ctx, value)
        deposit = router.call("deposit", "depositETH", params.amount, gas, value=value)
        return (_bounded(deposit, fee),)
    require_native(ctx, fee.value)
    require_balance(ctx, params.token, params.amount)
    terms = (params.token, params.amount, gas)
    deposit = router.call("deposit", "depositERC20", *terms, value=fee.value)
    enough = allowance(ctx, params.token, router.address) >= params.amount
    approvals = () if enough else plan_allowance(ctx, params.token, router.address, params.amount)
    return (*approvals, _bounded(deposit, fee))


def deposit_fee(ctx: Context, token: str, _amount: int) -> int:
    """Wei of L1 that go with a deposit of the coin at most, before anybody holds it."""
    return quote_fee(ctx, _usual_gas(ctx, l2_side(ctx), token)).value


def _bounded(call: Call, fee: FeeQuote) -> Call:
    """Above that gas price the bridge would ask a higher fee than goes with the call."""
    return replace(call, max_fee_per_gas=fee.max_fee_per_gas)


def _usual_gas(l1: Context, l2: Context, token: str) -> int:
    """Enough gas on Scroll for the coin."""
    if token == NATIVE:
        return ETH_GAS
    there = parse_address(contract(l1, L1_ROUTER).read("getL2ERC20Address", token))
    if there == ZERO_ADDRESS:
        raise PlanError(f"Scroll's bridge has no gateway for {token}; choose another coin")
    return TOKEN_GAS if l2.chain.code(there) else NEW_TOKEN_GAS


def arrival(l1: Context) -> Wait:
    """The wait for the message on Scroll, from now on."""
    return Wait(
        "arrival on Scroll",
        ARRIVAL,
        {"from_block": l2_side(l1).chain.block_number()},
        first_look=60,
        at_most=ARRIVES_WITHIN,
    )


def is_relayed(l1: Context, message: BridgeMessage) -> bool:
    """Whether Scroll has done what the message says."""
    return _is_executed(l2_side(l1), message.hash)


def _is_executed(l2: Context, message: bytes) -> bool:
    return bool(contract(l2, L2_MESSENGER).read("isL1MessageExecuted", message))


def replay_call(ctx: Context, message: BridgeMessage, gas: int) -> Call:
    """Have the message done once more on Scroll, with so much gas; what is too much comes back."""
    fee = quote_fee(ctx, gas)
    require_native(ctx, fee.value)
    terms = (*message.terms, gas, ctx.wallet)
    call = contract(ctx, L1_MESSENGER).call("replay", "replayMessage", *terms, value=fee.value)
    return _bounded(call, fee)


def _found(message: bytes, outcome: str, tx_hash: str) -> Mapping[str, Any]:
    return {"message": f"0x{message.hex()}", "outcome": outcome, "tx_hash": tx_hash}


def _failures(progress: Progress) -> int:
    """How many waits of the run ended with a failure."""
    return sum(one.found.get("outcome") == "failed" for one in progress.steps)


def _bridged(call: Call) -> int:
    """What of the call's value was sent over.

    The message may carry more: the gateway of WETH unwraps what it was given.
    """
    decoded = _DEPOSIT_ETH.decode_call(call.data)
    return int(next(iter(decoded.arguments.values()))) if decoded else 0


def _surplus(ctx: Context, receipt: CallReceipt) -> int | None:
    """What the bridge gave back of the call's value; None where its fee cannot be told any more."""
    try:
        surplus = receipt.call.value - _bridged(receipt.call) - fee_taken(ctx, receipt)
    except PlanError:
        return None
    # Less than nothing: the parameters of the fee have been changed since.
    return surplus if surplus >= 0 else None
