"""ERC-4626 vaults: assets in for shares, shares in for assets.

The standard's calls name no minimum: what a vault would give is asked for when planned, and a plan
is signed soon or made anew.
"""

from collections.abc import Iterator
from datetime import timedelta

from eth_typing import ChecksumAddress

from protocols.abi import load_abi
from protocols.actions import (
    Action,
    CallReceipt,
    Context,
    Exit,
    Permission,
    Plan,
    PlanError,
    Position,
    Settlement,
)
from protocols.contracts import Contract
from protocols.evm.tokens import APPROVE, payment_relies_on, plan_payment
from protocols.movements import read_movements
from protocols.params import ActionParams, Address, AmountOrAll, Bps
from protocols.params import Amount as ParamAmount
from wallets.amounts import MAX_UINT256
from wallets.transactions.arguments import Amount, Sender
from wallets.transactions.expectations import minimum_out

VAULT = "erc4626"
ABI = load_abi("protocols.evm", "erc4626")
DEPOSIT, REDEEM = ABI.function("deposit"), ABI.function("redeem")
_FRESH = timedelta(minutes=10)
# Of a deposit too: the policy does not know the asset, and has counted its allowance as leaving.
_COUNTED = Amount(path=(0,))


class VaultParams(ActionParams):
    """A registered vault, and how much of their worth coins may lose on the way."""

    vault: Address
    slippage_bps: Bps = 50


class DepositParams(VaultParams):
    """In base units of the vault's asset."""

    amount: ParamAmount


class RedeemParams(VaultParams):
    """In base units of the vault's shares, or `all`."""

    shares: AmountOrAll


class VaultDeposit(Action):
    """Put an asset into a vault."""

    slug = "vault-deposit"
    title = "Deposit into a vault"
    brings = ()
    Params = DepositParams
    permissions = (
        APPROVE,
        Permission.allowance(VAULT),
        Permission(VAULT, DEPOSIT.signature, (_COUNTED, Sender(path=(1,)))),
    )

    def plan(self, ctx: Context, params: DepositParams) -> Plan:
        """The deposit, after an exact allowance."""
        vault, amount = _registered(ctx, params.vault), params.amount
        _require_within(amount, vault.read("maxDeposit", ctx.wallet), "takes", params.vault)
        shares = vault.read("previewDeposit", amount)
        worth = vault.read("convertToAssets", shares) if shares else 0
        _require_worth(worth, amount, params)
        asset = vault.read("asset")
        call = vault.call("deposit", "deposit", amount, ctx.wallet, valid_until=ctx.now + _FRESH)
        return Plan(
            (*plan_payment(ctx, asset, amount, vault.address), call),
            f"deposit {amount} of {asset} for about {shares} shares of {params.vault}",
            relies_on=payment_relies_on(asset, vault.address),
        )

    def settle(self, ctx: Context, params: DepositParams, receipt: CallReceipt) -> Settlement:
        """The asset out, shares in, by their Transfer logs."""
        return Settlement(read_movements(receipt, ctx.wallet))


class VaultRedeem(Action):
    """Take an asset out of a vault for its shares."""

    slug = "vault-redeem"
    title = "Redeem from a vault"
    reduces = True
    stays_inside = False
    brings = ()
    Params = RedeemParams
    permissions = (
        Permission(VAULT, REDEEM.signature, (_COUNTED, Sender(path=(1,)), Sender(path=(2,)))),
    )

    def plan(self, ctx: Context, params: RedeemParams) -> Plan:
        """One redeem."""
        vault = _registered(ctx, params.vault)
        held: int = vault.read("balanceOf", ctx.wallet)
        shares = held if params.shares == MAX_UINT256 else params.shares
        if not 0 < shares <= held:
            raise PlanError(
                f"{ctx.wallet} has {held} shares of {params.vault}; choose up to so many"
            )
        _require_within(shares, vault.read("maxRedeem", ctx.wallet), "gives for", params.vault)
        assets = vault.read("previewRedeem", shares)
        _require_worth(assets, vault.read("convertToAssets", shares), params)
        terms = (shares, ctx.wallet, ctx.wallet)
        call = vault.call("redeem", "redeem", *terms, valid_until=ctx.now + _FRESH)
        summary = f"redeem {shares} shares of {params.vault} for about {assets} of its asset"
        return Plan((call,), summary)

    def settle(self, ctx: Context, params: RedeemParams, receipt: CallReceipt) -> Settlement:
        """Shares out, the asset in, by their Transfer logs."""
        return Settlement(read_movements(receipt, ctx.wallet))


def vault_positions(ctx: Context) -> Iterator[Position]:
    """What a wallet's shares of the registered vaults are worth now."""
    for address in ctx.deployments_in(VAULT).values():
        vault = Contract(ctx, address, ABI)
        if shares := vault.read("balanceOf", ctx.wallet):
            worth = vault.read("convertToAssets", shares)
            what = f"{shares} shares of the vault {address}"
            out = Exit(VaultRedeem.slug, {"vault": address, "shares": "all"})
            yield Position(what, "vault", vault.read("asset"), worth, out)


def closed_vaults(ctx: Context) -> Iterator[str]:
    """The registered vaults that take nothing now: ERC-4626 has them say so by a limit of zero."""
    for address in ctx.deployments_in(VAULT).values():
        if not Contract(ctx, address, ABI).read("maxDeposit", ctx.wallet):
            yield f"the vault {address} takes no deposits now"


def _registered(ctx: Context, address: ChecksumAddress) -> Contract:
    if address not in ctx.deployments_in(VAULT).values():
        raise PlanError(
            f"{address} is no enabled vault on chain {ctx.chain_id}; register it as {VAULT}-name "
            "and verify it first"
        )
    return Contract(ctx, address, ABI)


def _require_within(amount: int, most: int, verb: str, vault: str) -> None:
    if amount > most:
        raise PlanError(
            f"{vault} {verb} at most {most} base units now, {amount} are asked for; choose less, "
            "or wait while it is closed"
        )


def _require_worth(received: int, given: int, params: VaultParams) -> None:
    """Refuse what a fee, or somebody's play with the price of shares, would take."""
    least = minimum_out(given, params.slippage_bps)
    if not 0 < received >= least:
        raise PlanError(
            f"{params.vault} would give what is worth {received} for {given}; at least {least} "
            "is asked for"
        )
