"""What an intention promised beside its calldata; the policy holds the calldata to it."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from wallets.amounts import check_amount


def _amount(value: object) -> int:
    # A JSON number may have gone through somebody's float: amounts are kept as text.
    return check_amount(int(value) if isinstance(value, str) and value.isdecimal() else value)


Units = Annotated[int, BeforeValidator(_amount), PlainSerializer(str, when_used="json")]
HUNDRED_PERCENT = 10_000


def minimum_out(quoted: int, slippage_bps: int) -> int:
    """The quote less its slippage, rounded up: rounding never gives slippage away."""
    return -(-quoted * (HUNDRED_PERCENT - slippage_bps) // HUNDRED_PERCENT)


class Expectations(BaseModel):
    """Amounts in base units; null is not promised, and what needs it is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quoted_out: Units | None = None
    # Where a call brings several tokens, in the order of its arguments.
    quoted_outs: tuple[Units, ...] = ()
    slippage_bps: int | None = Field(default=None, ge=0, le=HUNDRED_PERCENT)
    allowance: Units | None = None

    @property
    def least_out(self) -> int | None:
        """The least to accept; None where nothing was quoted."""
        if self.quoted_out is None or self.slippage_bps is None:
            return None
        return minimum_out(self.quoted_out, self.slippage_bps)

    def least_of(self, place: int | None) -> int | None:
        """The least to accept of one of several quotes; of the only one without a place."""
        if place is None:
            return self.least_out
        if self.slippage_bps is None or place >= len(self.quoted_outs):
            return None
        return minimum_out(self.quoted_outs[place], self.slippage_bps)

    def as_json(self) -> dict[str, Any]:
        """As it is kept on a transaction: only what is promised."""
        return self.model_dump(mode="json", exclude_none=True, exclude_defaults=True)


NOTHING_PROMISED = Expectations()
