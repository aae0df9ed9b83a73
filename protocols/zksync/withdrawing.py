"""From zkSync to L1: ether and tokens of the wallet, to the wallet itself."""

from collections.abc import Mapping
from typing import Any

from protocols.actions import (
    Action,
    Call,
    CallReceipt,
    Context,
    Permission,
    Plan,
    Progress,
    Settlement,
    Wait,
)
from protocols.contracts import Contract
from protocols.evm.tokens import (
    APPROVE,
    allowance,
    plan_allowance,
    require_balance,
    require_native,
)
from protocols.movements import read_movements
from protocols.params import ActionParams, Address, Amount
from protocols.zksync import finalising
from protocols.zksync.contracts import (
    BASE_TOKEN,
    BASE_TOKEN_ABI,
    L2_ROUTER,
    L2_ROUTER_ABI,
    L2_VAULT,
    NULLIFIER_ABI,
    VAULT_ABI,
    l1_of,
)
from protocols.zksync.tokens import ASSET_WHY, Asset, asset_of, burn_checks, burn_data
from wallets.transactions.allowances import allowance_name
from wallets.transactions.arguments import Sender, Unchecked


class Withdrawal(Action):
    """What both withdrawals have in common: the wait for L1, and the payment there."""

    def look(
        self, ctx: Context, params: Any, wait: Wait, progress: Progress
    ) -> Mapping[str, Any] | None:
        """The proof L1 takes, or its payment."""
        return finalising.look(ctx, wait, progress)

    def go_on(self, ctx: Context, params: Any, progress: Progress) -> Plan:
        """The payment on L1, unless somebody else had it made."""
        return Plan(finalising.plan_finalisation(ctx, progress))

    def settle(self, ctx: Context, params: Any, receipt: CallReceipt) -> Settlement:
        """What left on L2, or what L1 paid."""
        if receipt.call.data[:4] == NULLIFIER_ABI.function("finalizeDeposit").selector:
            return finalising.settle_finalisation(ctx, receipt)
        return Settlement(read_movements(receipt, ctx.wallet))


class Withdraw(Withdrawal):
    """Ether to the wallet's own address on L1."""

    slug = "withdraw"
    title = "Withdraw ether from zkSync"
    brings = ()
    permissions = (
        Permission(
            BASE_TOKEN,
            BASE_TOKEN_ABI.function("withdraw").signature,
            (Sender(path=(0,)),),
            payable=True,
        ),
        finalising.PERMISSION,
    )

    class Params(ActionParams):
        """`amount` in wei."""

        amount: Amount

    def plan(self, ctx: Context, params: Params) -> Plan:
        """The withdrawal on L2, then the wait for its proof."""
        l1_chain = l1_of(ctx)
        require_native(ctx, params.amount)
        book = Contract(ctx, ctx.deployment(BASE_TOKEN), BASE_TOKEN_ABI)
        call = book.call("withdraw ether", "withdraw", ctx.wallet, value=params.amount)
        return Plan(
            (call, finalising.until_provable(ctx)),
            f"withdraw {params.amount} wei to chain {l1_chain}, where a second transaction "
            "finalises it some hours later",
        )


class WithdrawToken(Withdrawal):
    """A token to the wallet's own address on L1."""

    slug = "withdraw-token"
    title = "Withdraw a token from zkSync"
    brings = ()
    permissions = (
        APPROVE,
        Permission.allowance(L2_VAULT),
        Permission(
            L2_ROUTER,
            L2_ROUTER_ABI.function("withdraw").signature,
            (Unchecked(path=(0,), reason=ASSET_WHY), burn_checks((1,))),
        ),
        finalising.PERMISSION,
    )

    class Params(ActionParams):
        """`amount` of the L2 `token` in base units."""

        token: Address
        amount: Amount

    def plan(self, ctx: Context, params: Params) -> Plan:
        """The withdrawal on L2, then the wait for its proof."""
        l1_chain = l1_of(ctx)
        require_balance(ctx, params.token, params.amount)
        vault = Contract(ctx, ctx.deployment(L2_VAULT), VAULT_ABI)
        asset = asset_of(vault, params.token)
        native = asset.origin == ctx.chain_id
        return Plan(
            (
                *(_approvals(ctx, vault, params) if native else ()),
                _withdrawal(ctx, asset, params.amount),
                finalising.until_provable(ctx),
            ),
            f"withdraw {params.amount} of {params.token} to chain {l1_chain}, where a second "
            "transaction finalises it some hours later",
            relies_on=(allowance_name(params.token, vault.address),) if native else (),
        )


def _approvals(ctx: Context, vault: Contract, params: WithdrawToken.Params) -> tuple[Call, ...]:
    """The vault takes tokens that are native to L2; bridged ones it burns without asking."""
    if allowance(ctx, params.token, vault.address) >= params.amount:
        return ()
    return plan_allowance(ctx, params.token, vault.address, params.amount)


def _withdrawal(ctx: Context, asset: Asset, amount: int) -> Call:
    router = Contract(ctx, ctx.deployment(L2_ROUTER), L2_ROUTER_ABI)
    data = burn_data(amount, ctx.wallet, asset.token)
    return router.call("withdraw a token", "withdraw", asset.id, data)
