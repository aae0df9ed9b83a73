"""Estimates as sentences: fees in dollars and coins, what they rest on, capital apart from them."""

from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, Decimal, localcontext

from analytics.criteria.estimates import Capital, Estimate, Part
from analytics.criteria.fees import Fee
from analytics.criteria.words import plain

# So many digits of a fee say all that a median can say.
DIGITS = 6
_CENT = Decimal("0.01")


def say(one: Estimate) -> list[str]:
    """A line each: the fees of all of it, each part where there are several, what is unknown."""
    lines = list(_fees(one))
    if one.capital is not None:
        lines.append(_bound(one.capital))
    if one.problem:
        lines.append(f"cost unknown: {one.problem}")
    return lines


def _fees(one: Estimate) -> Iterator[str]:
    if len(one.parts) == 1:
        yield _part(one.parts[0])
        return
    if len(one.parts) > 1:
        every = all(part.fee.dollars is not None for part in one.parts)
        known = _money(one.known_dollars, one.coins)
        total = f"about {known}" if every else f"{known or 'nothing'} of it known"
        yield f"{total} for {_counted(one.parts)}, the cheapest first"
        yield from (_part(part) for part in one.parts)


def _counted(parts: tuple[Part, ...]) -> str:
    gives = sum((part.gives for part in parts), Decimal(0))
    return f"{plain(gives)} of what is missing by {len(parts)} tasks"


def _part(part: Part) -> str:
    what = f"fees with {part.task.name}"
    if part.runs is not None:
        what = f"{part.runs} run{'' if part.runs == 1 else 's'} of {part.task.name}"
    linked = "" if part.linked else " (a task that is not of this campaign)"
    return f"{_fee(part.fee, what)}{linked}"


def _fee(fee: Fee, what: str) -> str:
    money = _money(fee.dollars, fee.coins)
    if not money:
        return f"cost of {what} unknown: {fee.problem}"
    dark = f" (in USD unknown: {fee.problem})" if fee.dollars is None else ""
    return f"about {money}{dark} for {what}, {fee.basis}"


def _money(dollars: Decimal | None, coins: Mapping[str, Decimal]) -> str:
    paid = " + ".join(f"{_short(amount)} {symbol}" for symbol, amount in sorted(coins.items()))
    if dollars is None:
        return paid
    return f"{dollars_text(dollars)} ({paid})" if paid else dollars_text(dollars)


def dollars_text(dollars: Decimal) -> str:
    """With cents; what is less than one keeps two digits of its own, for it is not nothing."""
    if dollars == 0 or dollars >= _CENT:
        return f"${dollars:,.2f}"
    return f"${_short(dollars, 2)}"


def _short(amount: Decimal, digits: int = DIGITS) -> str:
    with localcontext(prec=digits):
        return plain(+amount)


def _bound(one: Capital) -> str:
    days = ""
    if one.days is not None:
        whole = one.days.quantize(Decimal("0.1"), ROUND_CEILING)
        days = f" for {plain(whole)} day{'' if whole == 1 else 's'}"
        days += f" ({one.remark})" if one.remark else ""
    if one.amount == 0:
        return f"nothing to bring: what is there does it if it stays{days}"
    worth = "USD unknown: no price" if one.dollars is None else dollars_text(one.dollars)
    most = "at most " if one.at_most else ""
    return f"capital bound, not spent: {most}{_short(one.amount, 12)} {one.symbol} ({worth}){days}"
