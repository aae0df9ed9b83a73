"""A pool of a Uniswap V2-style exchange: what is in it, and what a share of it is worth."""

from dataclasses import dataclass

from eth_typing import ChecksumAddress

from protocols.abi import load_abi
from protocols.actions import Context, PlanError
from protocols.contracts import Contract
from protocols.evm.quotes import FACTORY, FACTORY_ABI, require_two_coins
from protocols.evm.wrapping import WETH
from protocols.params import NATIVE
from wallets.addresses import ZERO_ADDRESS, parse_address

PAIR_ABI = load_abi("protocols.evm", "uniswap_v2_pair")
# Two amounts in the order the tokens were asked for.
Two = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pair:
    """The pool of two tokens; the address is that of its shares, too."""

    address: ChecksumAddress
    reserves: Two
    supply: int

    def fitting(self, first: int, second: int) -> Two:
        """As much of both as has the pool's price, within the two amounts."""
        other = first * self.reserves[1] // self.reserves[0]
        if other <= second:
            return first, other
        return second * self.reserves[0] // self.reserves[1], second

    def behind(self, shares: int) -> Two:
        """What so many shares would bring now."""
        first, second = self.reserves
        return first * shares // self.supply, second * shares // self.supply


def find_pair(ctx: Context, token_a: str, token_b: str) -> Pair:
    """The pool with something in it; PlanError without one."""
    weth = ctx.deployment(WETH)
    first, second = (weth if one == NATIVE else parse_address(one) for one in (token_a, token_b))
    require_two_coins(first, second, token_a, token_b)
    factory = Contract(ctx, ctx.deployment(FACTORY), FACTORY_ABI)
    address = factory.read("getPair", first, second)
    if address == ZERO_ADDRESS:
        raise PlanError(f"there is no pool of {token_a} and {token_b} on chain {ctx.chain_id}")
    pair = Contract(ctx, address, PAIR_ABI)
    low, high, _when = pair.read_all("getReserves")
    supply = pair.read("totalSupply")
    if not (low and high and supply):
        raise PlanError(f"the pool {address} is empty; who fills it first sets its price")
    in_order = first.lower() < second.lower()
    return Pair(address, (low, high) if in_order else (high, low), supply)
