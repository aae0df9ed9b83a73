"""Where all lots are: with wallets, inside protocols, owed to them, and between networks."""

from dataclasses import dataclass, field
from typing import Any

from analytics.basis.lot import Lot
from analytics.basis.lots import Method, Piece, Pool
from wallets.models import Token

WALLET, INSIDE, LOAN = "", "inside", "loan"
# A wallet, a token, where (of the above), and the protocol it is inside of or owed to.
Place = tuple[int, int, str, str]
# What arrives may be less by what the bridge took; a parcel with more left over is not closed.
LARGEST_FEE = 10


@dataclass(slots=True)
class Parcel:
    """What left for another network: of which token, counted in how many decimals, by which run."""

    token: int
    decimals: int
    run: int | None
    pool: Pool

    def count_in(self, decimals: int) -> None:
        """The same token may have other decimals on the other network."""
        if decimals == self.decimals:
            return
        self.pool.rescale(10**decimals, 10**self.decimals)
        self.decimals = decimals


@dataclass(slots=True)
class State:
    """All of it at one moment."""

    method: Method
    pools: dict[Place, Pool] = field(default_factory=dict)
    parcels: dict[tuple[int, str], list[Parcel]] = field(default_factory=dict)

    def pool(self, wallet: int, token: int, where: str = WALLET, protocol: str = "") -> Pool:
        """The lots of a place."""
        place = wallet, token, where, protocol
        found = self.pools.get(place)
        if found is None:
            found = self.pools[place] = Pool(self.method)
        return found

    def has(self, wallet: int, token: int, where: str, protocol: str) -> bool:
        """Whether anything was ever put there."""
        return (wallet, token, where, protocol) in self.pools

    def send(self, wallet: int, token: Token, lots: list[Lot], run: int | None) -> None:
        """Off to another network."""
        parcel = Parcel(token.pk, token.decimals, run, Pool(self.method))
        for lot in lots:
            parcel.pool.add(lot)
        self.parcels.setdefault((wallet, token.symbol), []).append(parcel)

    def receive(
        self, wallet: int, token: Token, amount: int, run: int | None
    ) -> tuple[list[Piece], list[Piece]]:
        """What arrived, and what of the parcel the bridge kept: both by lot.

        Out of the parcel of the same run, whoever sent it; else of the wallet's oldest that it
        nearly fills, else the oldest that holds it, else the oldest.
        """
        waiting = self._sent_by(run, token.symbol) or self.parcels.get((wallet, token.symbol), [])
        for parcel in waiting:
            parcel.count_in(token.decimals)
        fits = [one for one in waiting if one.pool.amount >= amount]
        near = [one for one in fits if _is_nearly(one, amount)]
        ours = [one for one in waiting if run is not None and one.run == run]
        chosen = (ours or near or fits or waiting)[:1]
        if not chosen:
            return Pool(self.method).take(amount), []
        pool = chosen[0].pool
        arrived, kept = pool.take(amount), list[Piece]()
        if ours or near:
            kept = pool.take(pool.amount)
        if not pool.amount:
            waiting.remove(chosen[0])
        return arrived, kept

    def _sent_by(self, run: int | None, symbol: str) -> list[Parcel]:
        """The parcels among which one of this run is."""
        if run is None:
            return []
        of_symbol = (found for (_, name), found in self.parcels.items() if name == symbol)
        return next((found for found in of_symbol if any(one.run == run for one in found)), [])

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        pools = [[*place, pool.dump()] for place, pool in self.pools.items()]
        parcels = [
            [wallet, symbol, parcel.token, parcel.decimals, parcel.run, parcel.pool.dump()]
            for (wallet, symbol), waiting in self.parcels.items()
            for parcel in waiting
        ]
        return {"pools": pools, "parcels": parcels}

    @classmethod
    def load(cls, method: Method, kept: dict[str, Any]) -> "State":
        """What `dump` made."""
        state = cls(method)
        for wallet, token, where, protocol, pool in kept["pools"]:
            state.pools[wallet, token, where, protocol] = Pool.load(method, pool)
        for wallet, symbol, token, decimals, run, pool in kept["parcels"]:
            parcel = Parcel(token, decimals, run, Pool.load(method, pool))
            state.parcels.setdefault((wallet, symbol), []).append(parcel)
        return state


def _is_nearly(parcel: Parcel, amount: int) -> bool:
    return (parcel.pool.amount - amount) * LARGEST_FEE <= amount


def in_lots(pieces: list[Piece]) -> list[Lot]:
    """The lots of pieces."""
    return [piece.lot for piece in pieces]
