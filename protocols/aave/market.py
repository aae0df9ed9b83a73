"""A market of Aave V3: its contracts, its reserves, and what a wallet has and owes in it."""

from dataclasses import dataclass

from eth_typing import ChecksumAddress

from protocols.abi import load_abi
from protocols.actions import Context, PlanError
from protocols.contracts import Contract

POOL, PROVIDER = "aave_pool", "aave_addresses_provider"
_PACKAGE = "protocols.aave"
POOL_ABI = load_abi(_PACKAGE, "aave_pool")
PROVIDER_ABI = load_abi(_PACKAGE, "aave_addresses_provider")
DATA_ABI = load_abi(_PACKAGE, "aave_data_provider")
ORACLE_ABI = load_abi(_PACKAGE, "aave_oracle")


@dataclass(frozen=True, slots=True)
class Reserve:
    """An asset of a market; `threshold` is the share of its worth that secures debt, in bps."""

    asset: ChecksumAddress
    decimals: int
    threshold: int
    may_be_borrowed: bool
    is_frozen: bool
    is_paused: bool

    def require_open(self) -> None:
        """PlanError while the market lets nobody touch it."""
        if self.is_paused:
            raise PlanError(f"the market has paused {self.asset}; try again once it is open")

    def require_growing(self) -> None:
        """PlanError while nothing more may be supplied or borrowed."""
        self.require_open()
        if self.is_frozen:
            raise PlanError(
                f"the market has frozen {self.asset}: it may be withdrawn and repaid only"
            )


@dataclass(frozen=True, slots=True)
class Holding:
    """What a wallet has in a reserve, and what it owes at the variable rate, in base units."""

    supplied: int
    borrowed: int
    secures: bool


@dataclass(frozen=True, slots=True)
class Market:
    """The contracts to ask; the pool is also the one to call."""

    ctx: Context
    pool: Contract
    data: Contract
    oracle: Contract

    @classmethod
    def of(cls, ctx: Context, name: str = "") -> "Market":
        """The chain's main market, or the one whose roles end so.

        Oracle and data provider are asked for each time: the market's owners may replace them.
        """
        ending = f"-{name}" if name else ""
        pool = Contract(ctx, ctx.deployment(POOL + ending), POOL_ABI)
        provider = Contract(ctx, ctx.deployment(PROVIDER + ending), PROVIDER_ABI)
        if provider.read("getPool") != pool.address:
            raise PlanError(
                f"{provider.address} says the pool is another than {pool.address}; find out which "
                "of the two is registered wrongly"
            )
        data = Contract(ctx, provider.read("getPoolDataProvider"), DATA_ABI)
        return cls(ctx, pool, data, Contract(ctx, provider.read("getPriceOracle"), ORACLE_ABI))

    def reserve(self, asset: ChecksumAddress) -> Reserve:
        """What the market says of an asset; PlanError for one that is none of its reserves."""
        said = self.data.read_all("getReserveConfigurationData", asset)
        decimals, _ltv, threshold, _bonus, _factor, _secures, borrowing, _stable, *state = said
        is_active, is_frozen = state
        if not is_active:
            raise PlanError(
                f"{asset} is no reserve of the market at {self.pool.address} on chain "
                f"{self.ctx.chain_id}"
            )
        is_paused = self.data.read("getPaused", asset)
        return Reserve(asset, decimals, threshold, borrowing, is_frozen, is_paused)

    def closed(self) -> tuple[list[ChecksumAddress], list[ChecksumAddress]]:
        """The reserves that are paused, and those that are frozen and not paused."""
        paused: list[ChecksumAddress] = []
        frozen: list[ChecksumAddress] = []
        for asset in self.assets():
            if self.data.read("getPaused", asset):
                paused.append(asset)
            elif self.data.read_all("getReserveConfigurationData", asset)[-1]:
                frozen.append(asset)
        return paused, frozen

    def holding(self, asset: ChecksumAddress) -> Holding:
        """What the wallet has and owes."""
        said = self.data.read_all("getUserReserveData", asset, self.ctx.wallet)
        return Holding(supplied=said[0], borrowed=said[2], secures=said[-1])

    def assets(self) -> tuple[ChecksumAddress, ...]:
        """Every reserve."""
        return tuple(self.pool.read("getReservesList"))

    def worth(self, reserve: Reserve, amount: int) -> int:
        """In the market's own unit, rounded up."""
        price: int = self.oracle.read("getAssetPrice", reserve.asset)
        if not price:
            raise PlanError(f"the market has no price of {reserve.asset} now; nothing is planned")
        return -(-amount * price // int(10**reserve.decimals))
