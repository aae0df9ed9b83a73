"""A market of Aave V3 as its authors published it, on any chain of the tests."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from airdrops_site.devnet.artifacts import Artifact
from airdrops_site.devnet.binary import NODE_MODULES
from tests.author import Author

_CONTRACTS = NODE_MODULES / "@aave/core-v3/artifacts/contracts"
NOBODY = "0x" + "00" * 20
# Prices are in dollars with eight decimals, as on the real markets.
DOLLAR = 10**8
_RAY = 10**27
_LOGIC = ("Supply", "Borrow", "Liquidation", "EMode", "Bridge", "Pool", "FlashLoan", "Configurator")
_INIT = (
    "initReserves((address,address,address,uint8,address,address,address,address,"
    "string,string,string,string,string,string,bytes)[])"
)


@cache
def _json(path: str) -> dict[str, Any]:
    name = path.rpartition("/")[2]
    found: dict[str, Any] = json.loads((_CONTRACTS / f"{path}.sol" / f"{name}.json").read_text())
    return found


def _linked(path: str, libraries: dict[str, str]) -> Artifact:
    """The creation code, with the addresses of the libraries it calls."""
    content = _json(path)
    code = content["bytecode"].removeprefix("0x")
    for file in content["linkReferences"].values():
        for name, places in file.items():
            for place in places:
                start = 2 * place["start"]
                code = code[:start] + libraries[name][2:].lower() + code[start + 40 :]
    return Artifact(f"npm:@aave/core-v3 {path}", bytes.fromhex(code), tuple(content["abi"]))


@dataclass(frozen=True, slots=True)
class AaveMarket:
    """Where its contracts are, and who owns them."""

    author: Author
    provider: str
    pool: str
    configurator: str
    data: str
    prices: str
    implementations: tuple[str, str, str, str]

    @classmethod
    def deploy(cls, author: Author) -> "AaveMarket":
        """A market without reserves."""
        libraries: dict[str, str] = {}
        for name in (f"{one}Logic" for one in _LOGIC):
            code = _linked(f"protocol/libraries/logic/{name}", libraries)
            libraries[name] = author.deploy(code)
        configuration = "protocol/configuration"
        provider = author.deploy(
            _linked(f"{configuration}/PoolAddressesProvider", {}), "tests", author.address
        )
        author.call(provider, "setACLAdmin(address)", author.address)
        rights = author.deploy(_linked(f"{configuration}/ACLManager", {}), provider)
        author.call(provider, "setACLManager(address)", rights)
        for role in ("PoolAdmin", "EmergencyAdmin", "RiskAdmin"):
            author.call(rights, f"add{role}(address)", author.address)
        prices = author.deploy(_linked("mocks/oracle/PriceOracle", {}))
        author.call(provider, "setPriceOracle(address)", prices)
        for part in ("Pool", "PoolConfigurator"):
            made = (provider,) if part == "Pool" else ()
            address = author.deploy(_linked(f"protocol/pool/{part}", libraries), *made)
            author.call(provider, f"set{part}Impl(address)", address)
        data = author.deploy(_linked("misc/AaveProtocolDataProvider", {}), provider)
        author.call(provider, "setPoolDataProvider(address)", data)
        pool, configurator = (
            author.ask(provider, f"{name}()", returns="address")
            for name in ("getPool", "getPoolConfigurator")
        )
        implementations = _reserve_code(author, provider, pool)
        return cls(author, provider, pool, configurator, data, prices, implementations)

    def list_reserve(self, asset: str, symbol: str, decimals: int, dollars: int) -> None:
        """A reserve that may be borrowed and secures debts with 82.5 % of its worth."""
        a_token, stable, variable, rates = self.implementations
        names = [
            f"{kind}{symbol}" for kind in ("a", "a", "variable", "variable", "stable", "stable")
        ]
        entry = (a_token, stable, variable, decimals, rates, asset, self.author.address, NOBODY)
        self.author.call(self.configurator, _INIT, [(*entry, *names, b"")])
        self.author.call(self.prices, "setAssetPrice(address,uint256)", asset, dollars * DOLLAR)
        self.configure("setReserveBorrowing(address,bool)", asset, True)
        self.configure(
            "configureReserveAsCollateral(address,uint256,uint256,uint256)",
            *(asset, 8_000, 8_250, 10_500),
        )

    def configure(self, signature: str, *arguments: Any) -> None:
        """What the market's owners may do."""
        self.author.call(self.configurator, signature, *arguments)

    def fund(self, asset: str, amount: int) -> None:
        """Something to lend, from the owner."""
        self.author.call(asset, "approve(address,uint256)", self.pool, amount)
        supply = "supply(address,uint256,address,uint16)"
        self.author.call(self.pool, supply, asset, amount, self.author.address, 0)

    def health(self, wallet: str) -> int:
        """The health factor as the market itself computes it, with 18 decimals."""
        signature = "getUserAccountData(address)"
        returns = "(uint256,uint256,uint256,uint256,uint256,uint256)"
        return int(self.author.ask(self.pool, signature, wallet, returns=returns)[5])


def _reserve_code(author: Author, provider: str, pool: str) -> tuple[str, str, str, str]:
    tokens = [
        author.deploy(_linked(f"protocol/tokenization/{name}", {}), pool)
        for name in ("AToken", "StableDebtToken", "VariableDebtToken")
    ]
    rates = author.deploy(
        _linked("protocol/pool/DefaultReserveInterestRateStrategy", {}),
        provider,
        *(_RAY * share // 100 for share in (80, 0, 4, 60, 2, 60, 2, 5, 20)),
    )
    return tokens[0], tokens[1], tokens[2], rates
