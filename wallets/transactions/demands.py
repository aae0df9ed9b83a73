"""What a demand on a call's arguments may look at, and what every demand has in common."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from eth_typing import ChecksumAddress
from pydantic import BaseModel, ConfigDict, Field

from wallets.models import PolicyRule, Token, Transaction
from wallets.transactions.calldata import Path
from wallets.transactions.expectations import Expectations


@dataclass(frozen=True, slots=True)
class Spend:
    """An amount the call gives away (`leaves`), or lets another contract take."""

    token: str
    amount: int
    leaves: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What a check may look at; all from the database, never the network."""

    row: Transaction
    callee: ChecksumAddress
    values: tuple[Any, ...]
    expectations: Expectations
    now: datetime
    # Judges calldata for the same contract; raises where it is not allowed.
    judge_inner: Callable[[bytes], None]

    @property
    def rules_here(self) -> Any:
        """The enabled rules of the protocol on the network."""
        return PolicyRule.objects.filter(
            network=self.row.network_id, protocol=self.row.protocol, enabled=True
        )


class Check(BaseModel):
    """One demand on what stands at a path; `complaint` is empty when it is met."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # What the argument's type begins with.
    fits: ClassVar[str] = ""
    check: str
    path: Path = Field(min_length=1)

    @abstractmethod
    def complaint(self, value: Any, facts: Facts) -> str:
        """What is wrong with the value, as the end of a sentence."""

    def spends(self, value: Any, facts: Facts) -> Iterator[Spend]:
        """What the value gives away."""
        yield from ()


def is_enabled_token(address: str, facts: Facts) -> bool:
    """Whether it is an enabled token, or a contract with rules of its own (wrapped coin)."""
    known = Token.objects.filter(network=facts.row.network_id, address=address).first()
    return known.enabled if known else bool(facts.rules_here.filter(address=address).exists())
