"""From L1 to zkSync: ether and tokens of the wallet, to the wallet itself."""

from collections.abc import Mapping
from typing import Any

from protocols.actions import (
    Action,
    Call,
    CallReceipt,
    Context,
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
from protocols.params import NATIVE, ActionParams, Address, Amount
from protocols.zksync import recovering
from protocols.zksync.arrivals import ARRIVAL, arrival_of, look_for_arrival
from protocols.zksync.contracts import (
    BRIDGEHUB,
    BRIDGEHUB_ABI,
    ETHER,
    L1_ROUTER,
    L2_ROUTER,
    aliased,
    l1_vault,
    l2_of,
)
from protocols.zksync.requests import (
    GAS_PER_PUBDATA,
    PAID,
    TO_OUR_L2,
    Execution,
    Price,
    price_of,
    terms,
)
from protocols.zksync.tokens import Asset, asset_of, deposit_checks, mint_call, second_bridge_data
from wallets.addresses import parse_address
from wallets.transactions.allowances import allowance_name
from wallets.transactions.arguments import Constant, Empty, Registered, Sender, Unchecked

DIRECT, TWO_BRIDGES = "requestL2TransactionDirect", "requestL2TransactionTwoBridges"


class Deposit(Action):
    """Ether to the wallet's own address on zkSync, with the fee of the L2 on top."""

    slug = "deposit"
    title = "Deposit ether to zkSync"
    brings = ()
    permissions = (
        Permission(
            BRIDGEHUB,
            BRIDGEHUB_ABI.function(DIRECT).signature,
            (
                TO_OUR_L2,
                PAID,
                Sender(path=(0, 2)),
                Unchecked(path=(0, 3), reason="part of the value, which the wallet itself gets"),
                Constant(path=(0, 4), value="0x"),
                *terms(5, 6, 8),
                Empty(path=(0, 7)),
            ),
            payable=True,
        ),
    )

    class Params(ActionParams):
        """`amount` in wei that shall arrive."""

        amount: Amount

    def plan(self, ctx: Context, params: Params) -> Plan:
        """One request, then its arrival."""
        price = _ether_price(ctx, params.amount)
        paid = params.amount + price.base_cost
        require_native(ctx, paid)
        return Plan(
            (_direct(ctx, price, params.amount, paid), arrival_of(price)),
            f"deposit {params.amount} wei to chain {price.l2_chain}; of the {price.base_cost} wei "
            "for its fee the unused part returns there",
        )

    def look(
        self, ctx: Context, params: Params, wait: Wait, progress: Progress
    ) -> Mapping[str, Any] | None:
        """The receipt on L2."""
        return look_for_arrival(ctx, wait, progress)

    def go_on(self, ctx: Context, params: Params, progress: Progress) -> Plan:
        """Nothing more; PlanError says where the ether of a failed request is."""
        arrival = progress.found(ARRIVAL)
        if arrival is None or arrival["succeeded"]:
            return Plan(())
        raise PlanError(_failure(ctx, arrival))

    def settle(self, ctx: Context, params: Params, receipt: CallReceipt) -> Settlement:
        """What went in with the request; what comes out on L2 is found there."""
        return Settlement(read_movements(receipt, ctx.wallet))


def _failure(ctx: Context, arrival: Mapping[str, Any]) -> str:
    """Where the ether of a failed request is: on L2, with the refund recipient."""
    failed, l2_chain = f"the L2 transaction {arrival['tx_hash']} failed", arrival["chain_id"]
    back = sum(int(one["amount"]) for one in arrival["movements"] if not one["token"])
    if not back:
        return f"{failed} and logged no refund to {ctx.wallet}; look at it on chain {l2_chain}"
    return (
        f"{failed}: {back} wei of amount and fee came back to {ctx.wallet} on chain {l2_chain}, "
        "where nothing is to be claimed"
    )


def _direct(ctx: Context, price: Price, amount: int, paid: int) -> Call:
    to, gas = ctx.wallet, price.gas_limit
    no_code: list[bytes] = []
    request = (price.l2_chain, paid, to, amount, b"", gas, GAS_PER_PUBDATA, no_code, to)
    return price.bound(price.hub.call("deposit ether", DIRECT, request, value=paid))


class DepositToken(Action):
    """A token to the wallet's own address on zkSync; the fee of the L2 is paid in ether."""

    slug = "deposit-token"
    title = "Deposit a token to zkSync"
    brings = ()
    permissions = (
        APPROVE,
        Permission.allowance(L1_ROUTER),
        Permission.named(L1_ROUTER),
        Permission(
            BRIDGEHUB,
            BRIDGEHUB_ABI.function(TWO_BRIDGES).signature,
            (
                TO_OUR_L2,
                PAID,
                Constant(path=(0, 2), value="0"),
                *terms(3, 4, 5),
                Registered(path=(0, 6)),
                Constant(path=(0, 7), value="0"),
                deposit_checks((0, 8)),
            ),
            payable=True,
        ),
        recovering.PERMISSION,
    )

    class Params(ActionParams):
        """`amount` of the L1 `token` in base units."""

        token: Address
        amount: Amount

    def plan(self, ctx: Context, params: Params) -> Plan:
        """An exact allowance, the request, then its arrival."""
        if params.token == ETHER:
            raise PlanError(f"{ETHER} stands for ether; use deposit for that")
        require_balance(ctx, params.token, params.amount)
        asset, price = _token_price(ctx, params.token, params.amount)
        require_native(ctx, price.base_cost)
        router = ctx.deployment(L1_ROUTER)
        return Plan(
            (
                *_approvals(ctx, params),
                _two_bridges(ctx, price, asset, params.amount),
                arrival_of(price),
            ),
            f"deposit {params.amount} of {params.token} to chain {price.l2_chain}; of the "
            f"{price.base_cost} wei for its fee the unused part returns there",
            relies_on=(allowance_name(params.token, router),),
        )

    def look(
        self, ctx: Context, params: Params, wait: Wait, progress: Progress
    ) -> Mapping[str, Any] | None:
        """The receipt on L2, or the proof on L1 that it failed."""
        if wait.condition == recovering.FAILURE:
            return recovering.look_for_failure(ctx, wait)
        return look_for_arrival(ctx, wait, progress)

    def go_on(self, ctx: Context, params: Params, progress: Progress) -> Plan:
        """Nothing more, or what brings the token of a failed request back."""
        arrival = progress.found(ARRIVAL)
        if arrival is None or arrival["succeeded"]:
            return Plan(())
        return recovering.plan_recovery(ctx, params.token, params.amount, progress)

    def settle(self, ctx: Context, params: Params, receipt: CallReceipt) -> Settlement:
        """The token and the fee's ether left; or the token came back."""
        return Settlement(read_movements(receipt, ctx.wallet))


def deposit_fee(ctx: Context, token: str, amount: int) -> int:
    """Wei of L1 that go with a deposit of the coin at most, before anybody holds it."""
    if token == NATIVE:
        return _ether_price(ctx, amount).base_cost
    return _token_price(ctx, token, amount)[1].base_cost


def _ether_price(ctx: Context, amount: int) -> Price:
    return price_of(ctx, Execution(ctx.wallet, ctx.wallet, amount))


def _token_price(ctx: Context, token: str, amount: int) -> tuple[Asset, Price]:
    vault = l1_vault(ctx)
    asset = asset_of(vault, parse_address(token))
    return asset, price_of(ctx, _minting(ctx, mint_call(vault, asset, amount)))


def _minting(ctx: Context, data: bytes) -> Execution:
    router = ctx.on(l2_of(ctx)).deployment(L2_ROUTER)
    return Execution(aliased(ctx.deployment(L1_ROUTER)), router, 0, data)


def _approvals(ctx: Context, params: DepositToken.Params) -> tuple[Call, ...]:
    router = ctx.deployment(L1_ROUTER)
    if allowance(ctx, params.token, router) >= params.amount:
        return ()
    return plan_allowance(ctx, params.token, router, params.amount)


def _two_bridges(ctx: Context, price: Price, asset: Asset, amount: int) -> Call:
    data = second_bridge_data(asset, amount, ctx.wallet)
    bridge, paid = ctx.deployment(L1_ROUTER), price.base_cost
    gas = (price.gas_limit, GAS_PER_PUBDATA)
    request = (price.l2_chain, paid, 0, *gas, ctx.wallet, bridge, 0, data)
    return price.bound(price.hub.call("deposit a token", TWO_BRIDGES, request, value=paid))
