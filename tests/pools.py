"""Pools put into any state by writing their storage, and swaps made in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isqrt, log
from random import Random
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from protocols.actions import Call, PlanError
from tests.protocols.operators import Operator
from wallets.transactions.expectations import Expectations

_Q96 = 2**96
_WORD = 2**256 - 1
# Where the contracts keep what is set: reserves, price and tick, liquidity in range.
_V2_RESERVES, _V3_PRICE, _V3_LIQUIDITY = 8, 0, 4
PLENTY = 10**40


@dataclass(frozen=True, slots=True)
class Trade:
    """A swap to make in a pool, and by how much others have moved its price meanwhile."""

    to_token: bool
    amount: int
    slippage_bps: int
    moved: float


@dataclass(frozen=True, slots=True)
class Depth:
    """So much native coin and so many units of the token are in the pool, or as if."""

    coin: int
    token: int

    @classmethod
    def drawn(cls, random: Random) -> "Depth":
        """From next to nothing to very much of either."""
        return cls(_drawn(random, 10**15, 10**24), _drawn(random, 10**3, 10**15))

    def moved(self, factor: float) -> "Depth":
        """The same at another price."""
        millionths = int(factor * 10**6)
        return Depth(self.coin, max(1, self.token * millionths // 10**6))

    def trade(self, random: Random) -> Trade:
        """A swap of a millionth to twice of what is there."""
        to_token = random.random() < 0.5
        most = 2 * (self.coin if to_token else self.token)
        moved = random.choice((1.0, 1.0, random.uniform(0.9, 1.1)))
        amount = _drawn(random, max(1, most // 2_000_000), most)
        return Trade(to_token, amount, random.randint(0, 300), moved)


def _drawn(random: Random, least: int, most: int) -> int:
    """Evenly over the orders of magnitude."""
    return min(most, max(least, int(2 ** random.uniform(log(least, 2), log(most, 2)))))


@dataclass(slots=True)
class Pools:
    """The pools of wrapped coin and a token, and a wallet with plenty of both."""

    operator: Operator
    v2: str
    v3: Sequence[str]
    slots: dict[str, int]

    @classmethod
    def of(cls, operator: Operator, v2: str, v3: Sequence[str]) -> "Pools":
        """With the wallet's money in place."""
        tokens = [operator.token(symbol) for symbol in ("WETH", "USDC")]
        slots = {token: _balance_slot(operator, token) for token in tokens}
        pools = cls(operator, v2, v3, slots)
        pools.write(
            ("anvil_setBalance", [operator.address, hex(PLENTY)]),
            ("anvil_setBalance", [tokens[0], hex(PLENTY)]),
            pools._balance(tokens[1], operator.address, PLENTY),
        )
        return pools

    @property
    def coin(self) -> str:
        """Wrapped coin."""
        return self.operator.token("WETH")

    @property
    def token(self) -> str:
        """What it is traded for."""
        return self.operator.token("USDC")

    def write(self, *requests: tuple[str, list[Any]]) -> None:
        """Several changes of the chain at once."""
        self.operator.rpc.batch(requests)

    def set_v2(self, depth: Depth) -> None:
        """As if it had been filled and traded so."""
        low, high = self._in_order(depth)
        packed = low | high << 112 | 1 << 224
        self.write(
            ("anvil_setStorageAt", [self.v2, hex(_V2_RESERVES), _word(packed)]),
            self._balance(self.coin, self.v2, depth.coin),
            self._balance(self.token, self.v2, depth.token),
        )

    def set_v3(self, depth: Depth) -> None:
        """Liquidity over all prices, as if so much of both were at the present one."""
        low, high = self._in_order(depth)
        price = isqrt((high << 192) // low)
        tick = floor(2 * log(price / _Q96) / log(1.0001))
        for pool in self.v3:
            kept: str = self.operator.rpc.call("eth_getStorageAt", pool, hex(_V3_PRICE), "latest")
            rest = int(kept, 16) >> 184 << 184
            slot = rest | price | (tick % 2**24) << 160
            self.write(
                ("anvil_setStorageAt", [pool, hex(_V3_PRICE), _word(slot)]),
                ("anvil_setStorageAt", [pool, hex(_V3_LIQUIDITY), _word(isqrt(low * high))]),
                self._balance(self.coin, pool, PLENTY),
                self._balance(self.token, pool, PLENTY),
            )

    def swap(self, action: str, depth: Depth, trade: Trade) -> str:
        """What became of it: refused, reverted, or done as promised, or AssertionError."""
        place = self.set_v2 if action == "swap" else self.set_v3
        place(depth)
        names = ("native", self.token) if trade.to_token else (self.token, "native")
        asked = dict(zip(("token_in", "token_out"), names, strict=True))
        terms: dict[str, Any] = {"amount": trade.amount, "slippage_bps": trade.slippage_bps}
        try:
            *approvals, call = self.operator.plan(action, **asked, **terms).steps
        except PlanError:
            return "refused"
        assert isinstance(call, Call)
        for approval in approvals:
            assert isinstance(approval, Call)
            self.operator.send(approval)
        if trade.moved != 1:
            place(depth.moved(trade.moved))
        return self._sent(call, trade)

    def _sent(self, call: Call, trade: Trade) -> str:
        before = self._held()
        try:
            self.operator.send(call)
        except AssertionError:
            assert self._held() == before
            return "reverted"
        (coin, token), (coin_before, token_before) = self._held(), before
        received = token - token_before if trade.to_token else coin - coin_before
        paid = coin_before - coin if trade.to_token else token_before - token
        least = Expectations.model_validate(call.expectations).least_out
        assert least is not None
        assert received >= least > 0
        assert paid <= trade.amount
        return "done"

    def _held(self) -> tuple[int, int]:
        """Native coin before fees, and tokens."""
        held = self.operator.balances()
        return held[""], held[self.token]

    def _in_order(self, depth: Depth) -> tuple[int, int]:
        is_first = self.coin.lower() < self.token.lower()
        return (depth.coin, depth.token) if is_first else (depth.token, depth.coin)

    def _balance(self, token: str, owner: str, amount: int) -> tuple[str, list[Any]]:
        return "anvil_setStorageAt", [token, _place(owner, self.slots[token]), _word(amount)]


def _word(number: int) -> str:
    return f"0x{number & _WORD:064x}"


def _place(owner: str, slot: int) -> str:
    return f"0x{keccak(encode(['address', 'uint256'], [owner, slot])).hex()}"


def _balance_slot(operator: Operator, token: str) -> int:
    """Where the token keeps balances: found by writing one."""
    nobody, rpc = "0x" + "77" * 20, operator.rpc
    for slot in range(20):
        rpc.call("anvil_setStorageAt", token, _place(nobody, slot), _word(77))
        if operator.view(token, "balanceOf(address)", nobody) == 77:
            return slot
        rpc.call("anvil_setStorageAt", token, _place(nobody, slot), _word(0))
    raise LookupError(f"{token} keeps its balances elsewhere")
