"""Withdrawals: coin that is burned on Scroll, proven, and paid out to the same address on L1."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from eth_typing import ChecksumAddress
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
from protocols.claims.merkle import UINT256_LIMIT
from protocols.evm.tokens import APPROVE, allowance, plan_allowance, require_balance, require_native
from protocols.movements import read_movements
from protocols.params import NATIVE, ActionParams, Amount, TokenRef
from protocols.scroll.history import ask_for_proof
from protocols.scroll.messages import (
    RELAYED,
    BridgeMessage,
    leads_to_root,
    own_message,
    sent_messages,
)
from protocols.scroll.sides import (
    ETH_GATEWAY_ABI,
    L1_MESSENGER,
    L1_MESSENGER_ABI,
    L2_MESSENGER,
    L2_ROUTER,
    L2_ROUTER_ABI,
    L2_STANDARD_GATEWAY,
    L2_USDC_GATEWAY,
    ROLLUP,
    contract,
    l1_side,
)
from wallets.addresses import ZERO_ADDRESS, parse_address
from wallets.transactions.allowances import allowance_name
from wallets.transactions.arguments import (
    Amount as SpentAmount,
)
from wallets.transactions.arguments import (
    AtMost,
    PaidIn,
    RegisteredToken,
    Unchecked,
    Vouched,
)

FINALISED = "finalised"
# Batches are proven within hours; a fortnight without is for a person.
FINALISED_WITHIN = 14 * 86_400
# L2 takes no fee for the message: L1's gas is paid by whoever relays it, and that is us.
NO_GAS = 0
_PROVEN = "the messenger proves the message in a finalised batch; its receiver stands in it"
_RELAY = L1_MESSENGER_ABI.function("relayMessageWithProof")

WITHDRAW_PERMISSIONS = (
    Permission(
        L2_ROUTER,
        L2_ROUTER_ABI.function("withdrawETH").signature,
        (PaidIn(path=(0,)), AtMost(path=(1,), most=NO_GAS)),
        payable=True,
    ),
    Permission(
        L2_ROUTER,
        L2_ROUTER_ABI.function("withdrawERC20").signature,
        (
            RegisteredToken(path=(0,)),
            SpentAmount(path=(1,), token=(0,)),
            AtMost(path=(2,), most=NO_GAS),
        ),
    ),
    Permission(
        L1_MESSENGER,
        _RELAY.signature,
        (
            *(Unchecked(path=(place,), reason=_PROVEN) for place in range(4)),
            Vouched(path=(4,), reason=_PROVEN),
            Unchecked(path=(5, 0), reason=_PROVEN),
            Vouched(path=(5, 1), reason=_PROVEN),
        ),
    ),
)


class WithdrawParams(ActionParams):
    """`amount` of a coin on Scroll, in base units."""

    token: TokenRef
    amount: Amount


class Withdraw(Action):
    """Bring coin back to the same wallet on L1."""

    slug = "withdraw"
    title = "Withdraw from Scroll"
    brings = ()
    Params: ClassVar[type[BaseModel]] = WithdrawParams
    permissions: ClassVar[tuple[Permission, ...]] = (
        APPROVE,
        Permission.allowance(L2_USDC_GATEWAY),
        *WITHDRAW_PERMISSIONS,
    )

    def plan(self, ctx: Context, params: Any) -> Plan:
        """The withdrawal on Scroll, then the batch that proves it; the relay on L1 comes after."""
        wait = finalisation(ctx)
        calls, relies_on = _withdraw_calls(ctx, params)
        summary = f"withdraw {params.amount} of {params.token} from Scroll"
        return Plan((*calls, wait), summary, relies_on=relies_on)

    def look(
        self, ctx: Context, params: Any, wait: Wait, progress: Progress
    ) -> Mapping[str, Any] | None:
        """The batch and the proof, once a finalised root bears them out; or that it is done."""
        message, l1 = self.message(ctx, params, progress), l1_side(ctx)
        known = {"message": f"0x{message.hash.hex()}"}
        if is_paid_out(l1, message):
            return {**known, "executed": True}
        hint = ask_for_proof(ctx, message.hash)
        if hint is None or not _proves(l1, message, hint.batch_index, hint.proof):
            return None
        proof = {"batch_index": str(hint.batch_index), "proof": f"0x{hint.proof.hex()}"}
        return {**known, "executed": False, **proof}

    def go_on(self, ctx: Context, params: Any, progress: Progress) -> Plan:
        """The relay on L1, unless somebody did it; nothing once it is done."""
        found, last = progress.found(FINALISED), progress.steps[-1]
        if found is None:
            return Plan(())
        if isinstance(last.step, Call):
            _require_relayed(last.receipt, str(found["message"]))
            return Plan(())
        message, l1 = self.message(ctx, params, progress), l1_side(ctx)
        if is_paid_out(l1, message):
            return Plan(())
        if found["executed"]:
            # L1 has taken it back since it was seen: it is to be looked for again.
            return Plan((finalisation(ctx),))
        proof = (int(found["batch_index"]), bytes.fromhex(found["proof"].removeprefix("0x")))
        return Plan((relay_call(l1, message, proof),), f"relay message {found['message']}")

    def message(self, ctx: Context, params: Any, progress: Progress) -> BridgeMessage:
        """The one that is waited for."""
        return own_message(progress, ctx.deployment(L2_MESSENGER))

    def settle(self, ctx: Context, params: Any, receipt: CallReceipt) -> Settlement:
        """On Scroll what left; on L1 what was paid out, native coin by the gateway's own log."""
        movements = (*read_movements(receipt, ctx.wallet), *_paid_out(receipt, ctx.wallet))
        sent = (f"message 0x{message.hash.hex()}" for message in sent_messages(receipt.logs))
        return Settlement(movements, "; ".join(sent))


def _withdraw_calls(
    ctx: Context, params: WithdrawParams
) -> tuple[tuple[Call, ...], tuple[str, ...]]:
    """What is to be called on Scroll, and the allowance it relies on."""
    router, amount = contract(ctx, L2_ROUTER), params.amount
    if params.token == NATIVE:
        require_native(ctx, amount)
        return (router.call("withdraw", "withdrawETH", amount, NO_GAS, value=amount),), ()
    token = params.token
    require_balance(ctx, token, amount)
    if router.read("getL1ERC20Address", token) == ZERO_ADDRESS:
        raise PlanError(f"{token} has no coin on L1 that Scroll's bridge knows; choose another")
    withdraw = router.call("withdraw", "withdrawERC20", token, amount, NO_GAS)
    spender = _spender(ctx, token)
    if spender is None:
        return (withdraw,), ()
    enough = allowance(ctx, token, spender) >= amount
    approvals = () if enough else plan_allowance(ctx, token, spender, amount)
    return (*approvals, withdraw), (allowance_name(token, spender),)


def _spender(ctx: Context, token: ChecksumAddress) -> ChecksumAddress | None:
    """The gateway that takes the token by an allowance; the standard one burns it without."""
    gateway = parse_address(contract(ctx, L2_ROUTER).read("getERC20Gateway", token))
    if gateway == ctx.deployments.get(L2_USDC_GATEWAY):
        return gateway
    if gateway == ctx.deployments.get(L2_STANDARD_GATEWAY):
        return None
    raise PlanError(
        f"{token} leaves Scroll through the gateway {gateway}, which is no enabled "
        f"{L2_STANDARD_GATEWAY} or {L2_USDC_GATEWAY}; register and verify it if it is one of them"
    )


def finalisation(l2: Context) -> Wait:
    """The wait for the batch, once it is clear that L1 can be asked for it."""
    l1 = l1_side(l2)
    for role in (L1_MESSENGER, ROLLUP):
        l1.deployment(role)
    return Wait("batch finalised on L1", FINALISED, first_look=600, at_most=FINALISED_WITHIN)


def relay_call(l1: Context, message: BridgeMessage, proof: tuple[int, bytes]) -> Call:
    """Have L1 do what a proven message says."""
    messenger = contract(l1, L1_MESSENGER)
    call = messenger.call("relay", "relayMessageWithProof", *message.terms, proof)
    return replace(call, chain_id=l1.chain_id)


def is_paid_out(l1: Context, message: BridgeMessage) -> bool:
    """Whether L1 has done what the message says."""
    return bool(contract(l1, L1_MESSENGER).read("isL2MessageExecuted", message.hash))


def _proves(l1: Context, message: BridgeMessage, batch_index: int, proof: bytes) -> bool:
    """Whether L1 itself would accept the proof now."""
    if not 0 <= batch_index < UINT256_LIMIT:
        return False
    rollup = contract(l1, ROLLUP)
    if not rollup.read("isBatchFinalized", batch_index):
        return False
    root = rollup.read("withdrawRoots", batch_index)
    return leads_to_root(root=root, message=message.hash, nonce=message.nonce, proof=proof)


def _require_relayed(receipt: CallReceipt | None, message: str) -> None:
    """PlanError unless the relay paid out: a failed call on L1 leaves its transaction a success."""
    if receipt is None or not _is_relayed(receipt, bytes.fromhex(message.removeprefix("0x"))):
        raise PlanError(
            f"message {message} was proven on L1 but what it calls failed; the coin stays in the "
            "bridge and can be relayed again: find out why first"
        )


def _is_relayed(receipt: CallReceipt, message: bytes) -> bool:
    return any(
        log.address == receipt.call.to and log.topics == (RELAYED, message) for log in receipt.logs
    )


def _paid_out(receipt: CallReceipt, wallet: ChecksumAddress) -> Iterator[Movement]:
    """Native coin that a relayed message paid to the wallet."""
    decoded = _RELAY.decode_call(receipt.call.data)
    if decoded is None:
        return
    sender, target, value, nonce, data, _ = decoded.arguments.values()
    message = BridgeMessage(sender, target, value, nonce, data)
    inner = ETH_GATEWAY_ABI.function("finalizeWithdrawETH").decode_call(data)
    paid = inner is not None and inner.arguments["to"] == wallet
    if paid and value and _is_relayed(receipt, message.hash):
        yield Movement("", "in", value, target)
