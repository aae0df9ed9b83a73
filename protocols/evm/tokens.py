"""ERC-20 tokens as the actions use them: balances, and exact allowances."""

from eth_typing import ChecksumAddress

from protocols.abi import load_abi
from protocols.actions import ERC20, Call, Context, Permission, PlanError
from protocols.contracts import Contract
from protocols.params import NATIVE
from wallets.addresses import parse_address
from wallets.transactions.allowances import allowance_name
from wallets.transactions.arguments import AllowanceAmount, Amount, Recipient, Spender
from wallets.transactions.calldata import selector_of
from wallets.transactions.expectations import Expectations

ABI = load_abi("protocols.evm", "erc20")


def approving(*counted_with: str) -> Permission:
    """An approve of registered spenders; `counted_with` as AllowanceAmount has it."""
    amount = AllowanceAmount(path=(1,), spender=(0,), counted_with=counted_with)
    checks = (Spender(path=(0,), amount=(1,)), amount)
    return Permission(ERC20, ABI.function("approve").signature, checks)


# The deposit of a vault (ERC-4626) names no token.
APPROVE = approving(selector_of("deposit(uint256,address)"))
TRANSFER = Permission(
    ERC20,
    ABI.function("transfer").signature,
    (Recipient(path=(0,)), Amount(path=(1,))),
)


def token_at(ctx: Context, address: ChecksumAddress) -> Contract:
    """The token contract at an address."""
    return Contract(ctx, address, ABI)


def require_balance(ctx: Context, token: ChecksumAddress, amount: int) -> None:
    """Refuse to spend tokens the wallet does not have."""
    balance: int = token_at(ctx, token).read("balanceOf", ctx.wallet)
    if balance < amount:
        raise PlanError(
            f"{ctx.wallet} has {balance} base units of {token}, {amount} are asked for; "
            "lower the amount or fund the wallet"
        )


def require_native(ctx: Context, amount: int) -> None:
    """Refuse to spend native coin the wallet does not have; its fee is looked at when it signs."""
    balance = ctx.chain.balance(ctx.wallet)
    if balance < amount:
        raise PlanError(
            f"{ctx.wallet} has {balance} wei, {amount} are asked for; "
            "lower the amount or fund the wallet"
        )


def allowance(ctx: Context, token: ChecksumAddress, spender: ChecksumAddress) -> int:
    """What the spender may take of the wallet's tokens now."""
    found: int = token_at(ctx, token).read("allowance", ctx.wallet, spender)
    return found


def plan_payment(
    ctx: Context, token: str, amount: int, spender: ChecksumAddress
) -> tuple[Call, ...]:
    """The approvals before a contract takes the amount, after seeing that the wallet has it."""
    if token == NATIVE:
        require_native(ctx, amount)
        return ()
    address = parse_address(token)
    require_balance(ctx, address, amount)
    if allowance(ctx, address, spender) >= amount:
        return ()
    return plan_allowance(ctx, address, spender, amount)


def payment_relies_on(token: str, spender: ChecksumAddress) -> tuple[str, ...]:
    """What must not change under a plan that pays so."""
    return () if token == NATIVE else (allowance_name(token, spender),)


def plan_allowance(
    ctx: Context, token: ChecksumAddress, spender: ChecksumAddress, amount: int
) -> tuple[Call, ...]:
    """What brings the allowance to exactly `amount`: nothing, one call, or two."""
    contract = token_at(ctx, token)
    current = allowance(ctx, token, spender)
    if current == amount:
        return ()
    # USDT and its like refuse to change an allowance that is not zero.
    amounts = (0, amount) if current and amount else (amount,)
    return tuple(
        contract.call(
            _label(value),
            "approve",
            spender,
            value,
            expectations=Expectations(allowance=value),
        )
        for value in amounts
    )


def _label(amount: int) -> str:
    return f"allow {amount}" if amount else "revoke the allowance"
