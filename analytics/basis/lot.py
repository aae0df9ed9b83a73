"""So much of a token, with what it cost and since when it is ours."""

from dataclasses import dataclass, replace


@dataclass(slots=True)
class Lot:
    """So much of a token; the airdrop or the protocol that it was income from, if any."""

    amount: int
    cost: int | None
    acquired: int
    campaign: int | None = None
    protocol: str = ""

    def split(self, amount: int) -> "Lot":
        """Take so much of it out, with its part of the cost."""
        part = None if self.cost is None else self.cost * amount // self.amount
        taken = replace(self, amount=amount, cost=part)
        self.amount -= amount
        if self.cost is not None and part is not None:
            self.cost -= part
        return taken
