"""Uniswap V3 as its authors published it, with pools on the market's chain."""

from dataclasses import dataclass
from math import isqrt, log

from airdrops_site.devnet.artifacts import Artifact, ArtifactFile, load_artifact
from airdrops_site.devnet.manifest import DeployedNetwork
from airdrops_site.devnet.rpc import DevnetRpc
from tests.author import Author

NOBODY = "0x" + "00" * 20
ETHER = 10**18
# Tick spacing by fee.
SPACINGS = {100: 1, 500: 10, 3000: 60, 10_000: 200}
_MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"


def _published(package: str, path: str) -> Artifact:
    name = path.rpartition("/")[2]
    return load_artifact(ArtifactFile(package, f"artifacts/contracts/{path}.sol/{name}.json"))


@dataclass(frozen=True, slots=True)
class UniswapV3:
    """Where its contracts are, and who made them."""

    author: Author
    weth: str
    factory: str
    manager: str
    quoter: str
    first_quoter: str
    router: str

    @classmethod
    def deploy(cls, rpc: DevnetRpc, deployed: DeployedNetwork) -> "UniswapV3":
        """All of it, without a pool."""
        author, weth = Author(rpc, deployed.treasury), deployed.weth.contract.address
        factory = author.deploy(_published("@uniswap/v3-core", "UniswapV3Factory"))
        # The lowest tier came later, by a vote.
        author.call(factory, "enableFeeAmount(uint24,int24)", 100, 1)
        periphery = "@uniswap/v3-periphery"
        manager = author.deploy(
            _published(periphery, "NonfungiblePositionManager"), factory, weth, NOBODY
        )
        router = _published("@uniswap/swap-router-contracts", "SwapRouter02")
        return cls(
            author,
            weth,
            factory,
            manager,
            author.deploy(_published(periphery, "lens/QuoterV2"), factory, weth),
            author.deploy(_published(periphery, "lens/Quoter"), factory, weth),
            author.deploy(router, deployed.factory.address, factory, manager, weth),
        )

    def fund(
        self, token: str, other: str, fee: int, amounts: tuple[int, int], width: int = 0
    ) -> str:
        """A pool with so much of both, which sets its price; over all prices, or near its own."""
        pair = sorted(zip((token, other), amounts, strict=True), key=lambda side: side[0].lower())
        (first, least), (second, most) = pair
        price = isqrt((most << 192) // least)
        self.author.call(
            self.manager,
            "createAndInitializePoolIfNecessary(address,address,uint24,uint160)",
            *(first, second, fee, price),
        )
        for coin, amount in pair:
            self.author.call(coin, "approve(address,uint256)", self.manager, amount)
        low, high = _ticks(most / least, SPACINGS[fee], width)
        terms = (first, second, fee, low, high, least, most, 0, 0, self.author.address, 2**40)
        self.author.call(self.manager, _MINT, terms)
        return self.pool(token, other, fee)

    def pool(self, token: str, other: str, fee: int) -> str:
        """The address of a pool."""
        asked = (token, other, fee)
        found = self.author.ask(
            self.factory, "getPool(address,address,uint24)", *asked, returns="address"
        )
        return str(found)

    def quote(self, path: bytes, amount: int) -> int:
        """What its own quoter says."""
        asked = self.author.ask(self.quoter, "quoteExactInput(bytes,uint256)", path, amount)
        return int(asked)


def _ticks(price: float, spacing: int, width: int) -> tuple[int, int]:
    """The ends of a position, in multiples of the spacing."""
    if not width:
        edge = 887_272 // spacing * spacing
        return -edge, edge
    middle = round(log(price, 1.0001) / spacing) * spacing
    return middle - width, middle + width


def open_pools(uniswap: UniswapV3, deployed: DeployedNetwork) -> None:
    """WETH-USDC in two tiers and WETH-GOV in one; none between the tokens."""
    usdc, gov = (deployed.token(symbol).contract.address for symbol in ("USDC", "GOV"))
    uniswap.author.call(uniswap.weth, "deposit()", value=300 * ETHER)
    uniswap.fund(uniswap.weth, usdc, 500, (100 * ETHER, 250_000 * 10**6))
    uniswap.fund(uniswap.weth, usdc, 3000, (10 * ETHER, 25_000 * 10**6))
    uniswap.fund(uniswap.weth, gov, 3000, (100 * ETHER, 100_000 * ETHER))
