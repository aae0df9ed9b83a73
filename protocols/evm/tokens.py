"""ERC-20 tokens as the actions use them: balances, and exact allowances."""

from eth_typing import ChecksumAddress

from protocols.abi import load_abi
from protocols.actions import ERC20, Call, Context, Permission, PlanError
from protocols.contracts import Contract
from wallets.transactions.arguments import AllowanceAmount, Amount, Recipient, Spender
from wallets.transactions.expectations import Expectations

ABI = load_abi("protocols.evm", "erc20")
APPROVE = Permission(
    ERC20,
    ABI.function("approve").signature,
    (Spender(path=(0,), amount=(1,)), AllowanceAmount(path=(1,))),
)
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
