"""How safe a debt would be after an action, computed before it: the market's health factor.

Rounded against the wallet throughout: what is computed is never better than what the market says.
"""

from dataclasses import dataclass
from decimal import Decimal

from protocols.aave.market import Market, Reserve
from protocols.actions import PlanError

_BPS = 10_000


@dataclass(frozen=True, slots=True)
class Account:
    """What a wallet has and owes in a market, in the market's unit."""

    secured: int  # collateral times its threshold in bps
    debt: int
    lendable: int

    @classmethod
    def of(cls, market: Market) -> "Account":
        """As it is now."""
        said = market.pool.read_all("getUserAccountData", market.ctx.wallet)
        collateral, debt, lendable, threshold, _ltv, _health = said
        return cls(collateral * threshold, debt, lendable)

    @property
    def health(self) -> Decimal | None:
        """Below 1 it is liquidated; None without debt."""
        return Decimal(max(self.secured, 0)) / (_BPS * self.debt) if self.debt else None

    @property
    def ten_thousandths(self) -> int | None:
        """The same, in whole ten-thousandths; never more than it is."""
        return max(self.secured, 0) // self.debt if self.debt else None

    def require(self, floor: Decimal) -> None:
        """PlanError where it would be below the floor."""
        if self.health is not None and self.health < floor:
            raise PlanError(
                f"the health factor would be {self.health:.4f}, below the floor of {floor}; lower "
                "the amount, supply or repay first"
            )


def after_borrowing(market: Market, reserve: Reserve, amount: int) -> Account:
    """The account with so much more debt; PlanError where the market lends less."""
    now, more = Account.of(market), market.worth(reserve, amount)
    if more > now.lendable:
        raise PlanError(
            f"the market lends {now.lendable} in its own unit on what the wallet has there, "
            f"{amount} of {reserve.asset} is {more}; lower the amount or supply first"
        )
    return Account(now.secured, now.debt + more, now.lendable - more)


def after_withdrawing(market: Market, reserve: Reserve, amount: int) -> Account:
    """The account with so much less collateral."""
    now = Account.of(market)
    if not market.holding(reserve.asset).secures:
        return now
    # In an efficiency mode the market counts more than the reserve's own threshold: all of it.
    in_mode = bool(market.pool.read("getUserEMode", market.ctx.wallet))
    threshold = _BPS if in_mode else reserve.threshold
    lost = market.worth(reserve, amount) * threshold
    return Account(now.secured - lost, now.debt, now.lendable)
