"""What a balance that a rule asks for takes: the capital, how long, and the fee of bringing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from analytics.criteria.bringing import (
    Bringing,
    How,
    Tokens,
    base_units,
    bringing,
    wanted_token,
)
from analytics.criteria.estimates import Capital, Estimate, Part, cheapest, unknown
from analytics.criteria.fees import Fee, Way
from analytics.criteria.holding import Needed, Time, held_by, held_of, needed, time_of
from analytics.criteria.metric_models import TransferMetric
from analytics.criteria.metrics.asking import Asking
from analytics.criteria.ranges import Range
from analytics.criteria.reaching import Candidate
from analytics.models import Campaign
from scheduling.models import Task
from wallets.models import Price, Token
from wallets.prices import known_prices, worth

ANCHORED = "it counts only after a call that the rules ask for first"
NOT_IN_IT = {
    How.TRANSFER: "from another wallet of ours",
    How.BRIDGE: "",
    How.SWAP: "what the exchange takes is not in it",
}


@dataclass(frozen=True, slots=True)
class Balances:
    """What brings the tokens that are asked for, what wallets have, and prices now."""

    asking: Asking
    campaign: Campaign
    tokens: Tokens
    ways: Mapping[int, Sequence[Bringing]]  # by token
    fees: Mapping[Way, Fee]
    held: dict[tuple[str, str, int], Range]
    prices: Mapping[int, Price]

    def token(self, kind: TransferMetric) -> Token | None:
        """The one the metric is about, where it is on record."""
        return wanted_token(kind, self.asking.networks.get(kind.network), self.tokens)

    def way(self, kind: TransferMetric, task: Task) -> Bringing | None:
        """How the task brings its token to a wallet; None where it does not."""
        token = None if kind.after_first else self.token(kind)
        ways = () if token is None else self.ways.get(token.pk, ())
        return next((one for one in ways if one.task == task), None)

    def needed(
        self, kind: TransferMetric, missing: Decimal, wanted: Decimal, wallet: int
    ) -> tuple[Needed, Time] | None:
        """Tokens to bring, and the time they have; None where that is over."""
        time = time_of(kind, self.asking, self.campaign.snapshot_at)
        if time is None:
            return None
        return needed(kind, time, missing, wanted, held_by(self.held, kind, wallet)), time

    def estimate(
        self, kind: TransferMetric, missing: Decimal, wanted: Decimal, wallet: int
    ) -> Estimate:
        """The fee of the cheapest way known, and apart from it the capital."""
        if kind.after_first is not None:
            return unknown(ANCHORED)
        found, token = self.needed(kind, missing, wanted, wallet), self.token(kind)
        if found is None:
            return unknown("what counts has ended")
        capital = self._capital(kind, token, *found)
        if found[0].amount == 0:
            return Estimate(capital=capital)
        if token is None:
            return Estimate((), "the token or its network is not on record here", capital)
        parts = [self._part(one, missing) for one in self.ways.get(token.pk, ())]
        if not parts:
            said = f"no task brings {token} to a wallet"
            return Estimate((), said, capital)
        return Estimate((cheapest(parts),), "", capital)

    def _part(self, one: Bringing, missing: Decimal) -> Part:
        fee, remark = self.fees[one.candidate.way], NOT_IN_IT[one.how]
        basis = f"{fee.basis}; {remark}" if fee.basis and remark else fee.basis
        fee = Fee(fee.coins, fee.dollars, basis, fee.problem)
        return Part(one.task, 1, fee, missing, one.candidate.linked)

    def _capital(
        self, kind: TransferMetric, token: Token | None, found: Needed, time: Time
    ) -> Capital:
        symbol = token.symbol if token else "tokens"
        dollars = None
        if token is not None:
            units = base_units(found.amount, token)
            dollars = worth(units, token, self.prices.get(token.pk))
        remark = ""
        if found.days is not None and time.assumed:
            remark = "no end is set; half as long takes more"
        return Capital(symbol, found.amount, dollars, found.days, found.at_most, remark)


def balances_of(
    campaign: Campaign,
    asking: Asking,
    candidates: Sequence[Candidate],
    fees: Mapping[Way, Fee],
) -> Balances:
    """Two questions, and a few for each token that is asked for."""
    kinds = [
        kind
        for kind in asking.rules.metrics.values()
        if isinstance(kind, TransferMetric) and kind.after_first is None
    ]
    if not kinds:
        return Balances(asking, campaign, Tokens({}), {}, fees, {}, {})
    tokens = Tokens.read()
    asked = [wanted_token(kind, asking.networks.get(kind.network), tokens) for kind in kinds]
    wanted = {token.pk: token for token in asked if token is not None}
    ways = {
        pk: [way for one in candidates if (way := bringing(one, token, tokens))]
        for pk, token in wanted.items()
    }
    timed = [kind for kind in kinds if kind.measure != "balance"]
    prices = known_prices(
        {*wanted.values(), *(way.given for several in ways.values() for way in several)}
    )
    return Balances(asking, campaign, tokens, ways, fees, held_of(asking, timed), prices)
