"""What a campaign promised, brought and cost, for each wallet and in all."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from analytics.campaigns.sales import Sale, sales
from analytics.campaigns.worths import PastPrices, add_up
from analytics.flows import Money, campaign_costs
from analytics.models import Campaign, Claim, Eligibility, LedgerEntry
from analytics.selectors import valid_entries
from wallets.amounts import DIGITS, to_decimal
from wallets.models import Price, Token, Wallet
from wallets.prices import known_prices, worth


@dataclass(frozen=True, slots=True)
class Amount:
    """So many base units of a token that the campaign paid, and how many of them are sold."""

    token: Token
    received: int
    sold: int


@dataclass(frozen=True, slots=True)
class WalletLine:
    """A wallet in a campaign. Amounts are base units of the campaign's token; None is unknown."""

    wallet: Wallet
    eligibility: str
    entitled: int | None
    points: Decimal | None
    claim: str
    claimable: int
    claimed: int
    amounts: tuple[Amount, ...]
    received_worth: Money
    sold_worth: Money
    left_worth: Money


@dataclass(frozen=True, slots=True)
class Summary:
    """A campaign: dollars received and sold at the prices of the time, what is left at today's."""

    campaign: Campaign
    lines: tuple[WalletLine, ...]
    expected: Money
    entitled: int
    claimable: int
    claimed: int
    amounts: tuple[Amount, ...]
    received_worth: Money
    sold_worth: Money
    left_worth: Money
    cost: Money


@dataclass(frozen=True, slots=True)
class _Found:
    receipts: Mapping[int, list[LedgerEntry]]
    sales: Mapping[int, list[Sale]]
    past: PastPrices
    now: Mapping[int, Price]


def summary(*, campaign: Campaign) -> Summary:
    """Read with the same few questions however many wallets are in it."""
    receipts = list(_receipts(campaign))
    tokens = {one.token_id: one.token for one in receipts}
    sold = list(sales(campaign_id=campaign.pk, tokens=list(tokens))) if tokens else []
    for sale in sold:
        sale.entry.token = tokens[sale.entry.token_id]
    past = PastPrices([*receipts, *(sale.entry for sale in sold)])
    found = _Found(_by_wallet(receipts), _sold_by(sold), past, known_prices(tokens.values()))
    lines = tuple(_lines(campaign, found))
    amounts = _amounts(receipts, sold)
    expected = campaign.expected_cents
    unknown = Money(None, "nobody has said what it may bring")
    return Summary(
        campaign,
        lines,
        unknown if expected is None else Money(Decimal(expected) / 100),
        sum(line.entitled or 0 for line in lines),
        sum(line.claimable for line in lines),
        sum(line.claimed for line in lines),
        amounts,
        _received(receipts, found),
        _sold(sold, found),
        _left(amounts, found),
        _cost(campaign),
    )


def _cost(campaign: Campaign) -> Money:
    """What its tasks' fees were worth when they were paid, above zero."""
    told = campaign_costs(Campaign.objects.filter(pk=campaign.pk))[campaign.slug]
    return told if told.dollars is None else Money(abs(told.dollars), told.problem)


def _receipts(campaign: Campaign) -> Iterable[LedgerEntry]:
    rows = valid_entries().filter(campaign=campaign, kind=LedgerEntry.Kind.IN)
    return rows.select_related("token__network").order_by("occurred_at", "pk")


def _lines(campaign: Campaign, found: _Found) -> Iterable[WalletLine]:
    known = {row.wallet_id: row for row in Eligibility.objects.filter(campaign=campaign)}
    claims: dict[int, list[Claim]] = defaultdict(list)
    for claim in Claim.objects.filter(campaign=campaign).defer("proof").order_by("pk"):
        claims[claim.wallet_id].append(claim)
    keys = known.keys() | claims.keys() | found.receipts.keys()
    for wallet in Wallet.objects.filter(pk__in=keys).order_by("label"):
        yield _line(wallet, known.get(wallet.pk), claims[wallet.pk], found)


def _line(
    wallet: Wallet, known: Eligibility | None, claims: Sequence[Claim], found: _Found
) -> WalletLine:
    receipts, sold = found.receipts.get(wallet.pk, []), found.sales.get(wallet.pk, [])
    amounts = _amounts(receipts, sold)
    sums = {status: _sum_of(claims, status) for status in Claim.Status}
    return WalletLine(
        wallet,
        known.status if known else Eligibility.Status.UNKNOWN.value,
        known.amount if known else None,
        known.points if known else None,
        _claim_status(claims),
        sums[Claim.Status.CLAIMABLE],
        sums[Claim.Status.CLAIMED],
        amounts,
        _received(receipts, found),
        _sold(sold, found),
        _left(amounts, found),
    )


def _sum_of(claims: Sequence[Claim], status: str) -> int:
    return sum(one.amount for one in claims if one.status == status)


def _claim_status(claims: Sequence[Claim]) -> str:
    """What is still to be done comes first."""
    said = {one.status for one in claims}
    return next((one.value for one in Claim.Status if one.value in said), "")


def _amounts(receipts: Sequence[LedgerEntry], sold: Sequence[Sale]) -> tuple[Amount, ...]:
    got: dict[int, int] = defaultdict(int)
    gone: dict[int, int] = defaultdict(int)
    tokens = {one.token_id: one.token for one in receipts}
    for one in receipts:
        got[one.token_id] += one.amount
    for sale in sold:
        gone[sale.entry.token_id] += sale.amount
    return tuple(Amount(token, got[pk], gone[pk]) for pk, token in tokens.items())


def _received(receipts: Sequence[LedgerEntry], found: _Found) -> Money:
    return add_up((found.past.worth(one.amount, one), one) for one in receipts)


def _sold(sold: Sequence[Sale], found: _Found) -> Money:
    return add_up((found.past.worth(one.amount, one.entry), one.entry) for one in sold)


def _left(amounts: Sequence[Amount], found: _Found) -> Money:
    """What was not sold, at the prices of now."""
    total = Decimal(0)
    with localcontext(prec=2 * DIGITS):
        for one in amounts:
            left = one.received - one.sold
            value = worth(left, one.token, found.now.get(one.token.pk))
            if left and value is None:
                return Money(None, f"the price of {one.token} is not known now")
            total += value or 0
    return Money(total)


def _by_wallet(receipts: Iterable[LedgerEntry]) -> dict[int, list[LedgerEntry]]:
    grouped: dict[int, list[LedgerEntry]] = defaultdict(list)
    for one in receipts:
        grouped[one.wallet_id].append(one)
    return grouped


def _sold_by(sold: Iterable[Sale]) -> dict[int, list[Sale]]:
    grouped: dict[int, list[Sale]] = defaultdict(list)
    for one in sold:
        grouped[one.wallet].append(one)
    return grouped


def facts(found: Summary) -> dict[str, Any]:
    """For programs: amounts in base units and in tokens as texts, dollars as texts or null."""
    return {
        "campaign": found.campaign.slug,
        "status": found.campaign.status,
        "entitled": str(found.entitled),
        "claimable": str(found.claimable),
        "claimed": str(found.claimed),
        "received": [_amount_facts(one) for one in found.amounts],
        "expected": _money(found.expected),
        "received_worth": _money(found.received_worth),
        "sold_worth": _money(found.sold_worth),
        "left_worth": _money(found.left_worth),
        "cost": _money(found.cost),
        "wallets": [_line_facts(one) for one in found.lines],
    }


def _line_facts(line: WalletLine) -> dict[str, Any]:
    return {
        "wallet": line.wallet.label,
        "address": line.wallet.address,
        "eligibility": line.eligibility,
        "entitled": None if line.entitled is None else str(line.entitled),
        "points": None if line.points is None else str(line.points),
        "claim": line.claim,
        "claimable": str(line.claimable),
        "claimed": str(line.claimed),
        "received": [_amount_facts(one) for one in line.amounts],
        "received_worth": _money(line.received_worth),
        "sold_worth": _money(line.sold_worth),
        "left_worth": _money(line.left_worth),
    }


def _amount_facts(one: Amount) -> dict[str, str]:
    return {
        "token": str(one.token),
        "received": str(one.received),
        "received_tokens": f"{to_decimal(one.received, one.token.decimals):f}",
        "sold": str(one.sold),
    }


def _money(money: Money) -> dict[str, str | None]:
    dollars = None if money.dollars is None else f"{money.dollars:f}"
    return {"dollars": dollars, "problem": money.problem}
