"""Gates that keep too much from being in one protocol, or in one asset."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scheduling.gates import figures
from scheduling.gates.ages import too_old
from scheduling.gates.facts import (
    Valuation,
    action_of,
    brought,
    covering,
    given,
    is_spared,
    params_of,
    scope_of,
)
from scheduling.gates.figures import Exposure, dollars, percent, share_of
from scheduling.gates.registry import Subject
from wallets.models import Limit, ScopeKind

PROTOCOL_SHARE, ASSET_SHARE = Limit.Kind.MAX_PROTOCOL_SHARE, Limit.Kind.MAX_ASSET_SHARE


@dataclass(frozen=True, slots=True)
class ProtocolShare:
    """What is inside a protocol, with what this call puts there, stays within the limit."""

    name: str = PROTOCOL_SHARE

    def check(self, subjects: Sequence[Subject]) -> list[str]:
        """One figure for all; what several of them put there counts together."""
        amounts = [given(one) if _puts_in(one) else Counter[str]() for one in subjects]
        if not any(amounts):
            return ["" for _ in subjects]
        prices = _valuation(subjects, amounts)
        exposure, added = figures.provider().exposure(), Counter[str]()
        said = []
        for subject, amount in zip(subjects, amounts, strict=True):
            more = prices.sum_cents(subject.row.network_id, amount) if amount else 0
            added[subject.row.protocol] += 0 if isinstance(more, str) else more
            said.append(more if isinstance(more, str) else "")
            if amount and not said[-1]:
                said[-1] = _protocol_sentence(subject, exposure, added[subject.row.protocol])
        return said


def _puts_in(subject: Subject) -> bool:
    if not covering(subject, PROTOCOL_SHARE):
        return False
    action = action_of(subject)
    return not is_spared(subject) and (action is None or action.stays_inside)


def _protocol_sentence(subject: Subject, exposure: Exposure, added: int) -> str:
    slug = subject.row.protocol
    part = exposure.protocols.get(slug, 0) + added
    limits = covering(subject, PROTOCOL_SHARE)
    return _sentence(subject, exposure, part, limits, f"{slug} would hold")


@dataclass(frozen=True, slots=True)
class AssetShare:
    """What is in one asset, with what this call brings of it, stays within the limit.

    A limit of a token counts that token on its network; any other counts its symbol everywhere.
    """

    name: str = ASSET_SHARE

    def check(self, subjects: Sequence[Subject]) -> list[str]:
        """One figure for all that bring something."""
        if not any(one.kind == ASSET_SHARE for subject in subjects for one in subject.limits.rows):
            return ["" for _ in subjects]
        params = params_of(subjects)
        amounts = [_given_for(*pair) for pair in zip(subjects, params, strict=True)]
        tokens = [brought(*pair) or () for pair in zip(subjects, params, strict=True)]
        known = [Counter(dict.fromkeys(one, 1)) for one in tokens]
        prices = _valuation(subjects, [a + b for a, b in zip(amounts, known, strict=True)])
        exposure = figures.provider().exposure()
        asked = _Asked(prices, exposure)
        return [
            asked.sentence(subject, amount, param)
            for subject, amount, param in zip(subjects, amounts, params, strict=True)
        ]


def _given_for(subject: Subject, params: Mapping[str, Any]) -> Counter[str]:
    """What it gives away for what it brings; nothing where it brings nothing."""
    if is_spared(subject) or brought(subject, params) == ():
        return Counter()
    return given(subject)


class _Asked:
    """What is known while the subjects are gone through, each with those before it."""

    def __init__(self, prices: Valuation, exposure: Exposure) -> None:
        self.prices = prices
        self.exposure = exposure
        self.added: Counter[str] = Counter()

    def sentence(self, subject: Subject, amount: Counter[str], params: Mapping[str, Any]) -> str:
        """Why it is held; empty where it brings nothing."""
        if not amount:
            return ""
        tokens = brought(subject, params)
        if tokens is None:
            kinds = {one.scope_kind for one in subject.limits.rows if one.kind == ASSET_SHARE}
            # Of what it gives any part may come back as the token of a limit.
            said = f"what {subject.row.action} brings is unknown, a limit of shares is not"
            return said if kinds else ""
        found = (self._of_token(subject, amount, token) for token in tokens)
        return next((sentence for sentence in found if sentence), "")

    def _of_token(self, subject: Subject, amount: Counter[str], address: str) -> str:
        limits = covering(subject, ASSET_SHARE, (address,))
        token = self.prices.tokens.get((subject.row.network_id, address))
        if not limits:
            return ""
        more = self._worth(subject, amount, address)
        if isinstance(more, str):
            return more
        scope = scope_of(subject, address)
        symbol = token.symbol if token else ""
        self.added[scope] += more
        self.added[symbol] += more
        own = [one for one in limits if one.scope_kind == ScopeKind.TOKEN]
        other = [one for one in limits if one.scope_kind != ScopeKind.TOKEN]
        held = self.exposure.tokens.get(scope, 0) + self.added[scope]
        everywhere = self.exposure.symbols.get(symbol, 0) + self.added[symbol]
        return _sentence(subject, self.exposure, held, own, f"{scope} would be") or _sentence(
            subject, self.exposure, everywhere, other, f"{symbol} would be"
        )

    def _worth(self, subject: Subject, amount: Counter[str], address: str) -> int | str:
        """What was quoted of it, else what is given for it."""
        quoted = subject.row.expectations.get("quoted_out")
        network = subject.row.network_id
        if quoted is not None:
            found = self.prices.cents((network, address), int(quoted))
            if not isinstance(found, str):
                return found
        return self.prices.sum_cents(network, amount)


def _valuation(subjects: Sequence[Subject], amounts: Sequence[Counter[str]]) -> Valuation:
    return Valuation.of(
        (subject.row.network_id, address)
        for subject, amount in zip(subjects, amounts, strict=True)
        for address in amount
    )


def _sentence(
    subject: Subject, exposure: Exposure, part: int, limits: Sequence[Limit], what: str
) -> str:
    """Why the part is too much of the whole, or that nobody knows; empty where it is not."""
    if not limits:
        return ""
    total = exposure.total
    if total.value is None:
        return f"how much all is worth is unknown: {total.problem}"
    old = too_old(subject, "what all is worth", exposure.as_of, otherwise=figures.OLDEST)
    if old:
        return old
    if total.value <= 0:
        return f"all together is worth {dollars(total.value)}; there is nothing to be a share of"
    share = share_of(part, total.value)
    lowest = min(limits, key=lambda one: one.amount)
    if share <= lowest.amount:
        return ""
    return (
        f"{what} {percent(share)} of all value ({dollars(part)} of {dollars(total.value)}), the "
        f"limit “{lowest}” is {percent(lowest.amount)}; take something out, or ask for less"
    )
