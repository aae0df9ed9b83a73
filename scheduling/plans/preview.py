"""A plan in words, before and while it runs: every line with its checks, totals, fees, consent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scheduling.models import Plan, PlanLine
from scheduling.plan_states import LineState, PlanState
from scheduling.plans.checks import holds_of, recipient_names, refusals_of, rivals
from scheduling.plans.digest import PlanChanged, lines_of, require_unchanged
from scheduling.plans.fates import reason_not_to_retry
from scheduling.plans.fees import Estimate, estimate_fees
from scheduling.plans.persons import reasons_for_second
from wallets.amounts import show_amount
from wallets.models import Network, Token

_UNDECIDED = (PlanState.DRAFT, PlanState.APPROVED)


@dataclass(frozen=True, slots=True)
class LineView:
    """A line as a person reads it."""

    line: PlanLine
    sentence: str
    to: str
    fee: int | None
    checks: tuple[str, ...]
    may_retry: bool = False


@dataclass(slots=True)
class Preview:
    """The whole plan as a person reads it."""

    plan: Plan
    lines: list[LineView]
    totals: list[str] = field(default_factory=list)
    fees: list[str] = field(default_factory=list)
    second_person: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def in_words(self) -> list[str]:
        """What it comes to, a sentence each."""
        said = [f"{len(self.lines)} lines send {', '.join(self.totals) or 'nothing'}."]
        said += [f"Fees: {one}." for one in self.fees]
        if self.plan.state == PlanState.DRAFT:
            said.append(self._whose_word())
        return said

    def _whose_word(self) -> str:
        if not self.second_person:
            return "Whoever made it may confirm it."
        return f"A second person approves it: {'; '.join(self.second_person)}."


def preview_plan(plan: Plan, *, ask_chain: bool) -> Preview:
    """The plan in words; with `ask_chain` also what it may cost now."""
    lines = lines_of(plan)
    is_open = plan.state in _UNDECIDED
    estimates = estimate_fees(lines) if ask_chain and is_open else {}
    checks, names = _checks(lines, estimates) if is_open else {}, recipient_names(lines)
    fees = {pk: one.fee for pk, one in estimates.items()}
    views = [_view(line, names[line.pk], fees.get(line.pk), checks) for line in lines]
    found = Preview(plan, views)
    found.totals = _totals(lines)
    found.fees = _fee_totals(lines, estimates)
    found.second_person = reasons_for_second(plan, lines)
    if is_open:
        found.problems = _problems(plan, lines)
    return found


def sentence_of(line: PlanLine, to: str) -> str:
    """What the line does, with the name of whoever gets it."""
    token = line.token
    amount = show_amount(line.amount, token.decimals, token.symbol)
    if line.everything:
        amount = f"all {token.symbol} less the fee, at most {amount}"
    return (
        f"{amount} from {line.wallet.label} to {to} {line.recipient} on "
        f"{token.network.slug}: {line.purpose}"
    )


def _checks(lines: Sequence[PlanLine], estimates: dict[int, Estimate]) -> dict[int, list[str]]:
    """What stands in the way of each, by line."""
    refused, held = refusals_of(lines), holds_of(lines)
    asked = {pk: one.problem for pk, one in estimates.items()}
    return {
        line.pk: [
            *refused[line.index],
            *filter(None, (held[line.pk], asked.get(line.pk, ""))),
        ]
        for line in lines
    }


def _view(
    line: PlanLine, to: str, fee: int | None, checks: Mapping[int, Sequence[str]]
) -> LineView:
    retry = line.state == LineState.FAILED and not reason_not_to_retry(line)
    found = tuple(checks.get(line.pk, ()))
    return LineView(line, sentence_of(line, to), to, fee, found, retry)


def _problems(plan: Plan, lines: Sequence[PlanLine]) -> list[str]:
    found = list(rivals(plan, lines))
    try:
        require_unchanged(plan)
    except PlanChanged as error:
        found.append(str(error))
    return found


def _totals(lines: Sequence[PlanLine]) -> list[str]:
    totals: Counter[Token] = Counter()
    for line in lines:
        totals[line.token] += line.amount
    return [_amount(token, amount) for token, amount in totals.items()]


def _amount(token: Token, amount: int) -> str:
    return f"{show_amount(amount, token.decimals, token.symbol)} on {token.network.slug}"


def _fee_totals(lines: Sequence[PlanLine], estimates: dict[int, Estimate]) -> list[str]:
    fees: dict[Network, list[int | None]] = {}
    for line in lines:
        if line.pk in estimates:
            fees.setdefault(line.token.network, []).append(estimates[line.pk].fee)
    return [_fee_total(network, found) for network, found in fees.items()]


def _fee_total(network: Network, fees: Sequence[int | None]) -> str:
    known = [fee for fee in fees if fee is not None]
    if not known:
        return f"unknown on {network.slug}"
    text = f"at most {show_amount(sum(known), 18)} of the coin of {network.slug}"
    unknown = len(fees) - len(known)
    return f"{text}, and unknown for {unknown} of {len(fees)} lines" if unknown else text
