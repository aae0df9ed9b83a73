"""WETH, tokens and Uniswap V2 pools with liquidity on one network of the devnet."""

from collections.abc import Sequence
from dataclasses import dataclass

from airdrops_site.devnet.artifacts import (
    FIXED_SUPPLY_TOKEN,
    MINTABLE_TOKEN,
    UNISWAP_FACTORY,
    UNISWAP_ROUTER,
    WETH9,
    ArtifactFile,
    load_artifact,
)
from airdrops_site.devnet.outbox import Outbox

FOREVER = 2**256 - 1
POOL_WETH = 1000
POOL_GAS = 4_000_000  # the first liquidity creates the pair


@dataclass(frozen=True, slots=True)
class TokenPlan:
    """A token to deploy and its price: whole tokens for one WETH."""

    symbol: str
    name: str
    decimals: int
    per_weth: int
    supply: int  # whole tokens

    def units(self, whole: int) -> int:
        """Return a number of whole tokens in base units."""
        return whole * int(10**self.decimals)

    @property
    def artifact_file(self) -> ArtifactFile:
        """OpenZeppelin's preset always has 18 decimals; Aave's takes them as an argument."""
        return FIXED_SUPPLY_TOKEN if self.decimals == 18 else MINTABLE_TOKEN


USDC = TokenPlan("USDC", "Demo USD Coin", 6, per_weth=2500, supply=1_000_000_000)
GOV = TokenPlan("GOV", "Demo Governance", 18, per_weth=1000, supply=100_000_000)
DROP = TokenPlan("DROP", "Demo Airdrop", 18, per_weth=2000, supply=100_000_000)


@dataclass(frozen=True, slots=True)
class Market:
    """The addresses the contracts get once the outbox is sent."""

    weth: str
    factory: str
    router: str
    tokens: dict[str, str]  # address by symbol


def queue_market(outbox: Outbox, plans: Sequence[TokenPlan]) -> Market:
    """Queue WETH9, the exchange, each token, and for each token a pool against WETH."""
    weth = outbox.deploy("WETH9", load_artifact(WETH9))
    factory = outbox.deploy("UniswapV2Factory", load_artifact(UNISWAP_FACTORY), outbox.sender)
    router = outbox.deploy("UniswapV2Router02", load_artifact(UNISWAP_ROUTER), factory, weth)
    tokens = {plan.symbol: _queue_token(outbox, plan) for plan in plans}
    for plan in plans:
        _queue_pool(outbox, router, tokens[plan.symbol], plan)
    return Market(weth, factory, router, tokens)


def _queue_token(outbox: Outbox, plan: TokenPlan) -> str:
    artifact = load_artifact(plan.artifact_file)
    name, supply, owner = f"the token {plan.symbol}", plan.units(plan.supply), outbox.sender
    if plan.artifact_file == FIXED_SUPPLY_TOKEN:
        return outbox.deploy(name, artifact, plan.name, plan.symbol, supply, owner)
    token = outbox.deploy(name, artifact, plan.name, plan.symbol, plan.decimals)
    outbox.call(token, "mint(address,uint256)", owner, supply)
    return token


def _queue_pool(outbox: Outbox, router: str, token: str, plan: TokenPlan) -> None:
    amount = plan.units(POOL_WETH * plan.per_weth)
    outbox.call(token, "approve(address,uint256)", router, amount)
    outbox.call(
        router,
        "addLiquidityETH(address,uint256,uint256,uint256,address,uint256)",
        *(token, amount, 0, 0, outbox.sender, FOREVER),
        value=POOL_WETH * 10**18,
        gas=POOL_GAS,
    )
