"""Evaluate a campaign's rule set, and keep what came of it as eligibilities and as history."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from itertools import batched

from django.db import transaction as database
from django.utils import timezone

from analytics.criteria import ranges
from analytics.criteria.evaluation import (
    ELIGIBLE,
    UNKNOWN,
    WalletStanding,
    as_json,
    evaluate,
)
from analytics.criteria.library import CriteriaError, Found, get_rule_set
from analytics.criteria.ranges import Range
from analytics.models import Campaign, CriterionEvaluation, CriterionResult, Eligibility
from wallets.amounts import MAX_UINT256

BATCH = 500
OURS = "criteria: "
# As the columns keep them.
_SMALLEST, _MOST = Decimal(1).scaleb(-18), Decimal(10) ** 20
_LEAST = -(Decimal(10) ** 18)
_ALL = ("status", "amount", "points", "details", "source", "checked_at")


def evaluate_campaign(
    *,
    campaign: Campaign,
    actor: str,
    assume_complete: bool = False,
    now: datetime | None = None,
    dry_run: bool = False,
) -> tuple[CriterionEvaluation, list[WalletStanding]]:
    """All wallets against the campaign's rule set, written down all or nothing.

    `assume_complete`: the actor says that the histories have all there is. An eligibility that
    another source told keeps its status and amount, and only gets points and details.
    CriteriaError if the campaign has no rule set, or one that cannot be used.
    """
    found, at = rule_set_of(campaign), now or timezone.now()
    standings = evaluate(
        found.rules, now=_until(campaign, found, at), assume_complete=assume_complete
    )
    evaluation = _evaluation(campaign, found, standings)
    evaluation.complete, evaluation.evaluated_by = assume_complete, actor
    evaluation.evaluated_at = at
    if not dry_run:
        with database.atomic():
            _write(evaluation, standings, found)
    return evaluation, standings


def rule_set_of(campaign: Campaign) -> Found:
    """The one that the campaign names; CriteriaError says what to do without one."""
    if not campaign.criteria:
        raise CriteriaError(
            f"the campaign {campaign.slug} names no rule set; put one into its field Criteria"
        )
    return get_rule_set(campaign.criteria)


def _until(campaign: Campaign, found: Found, at: datetime) -> datetime:
    """A rule set without a snapshot takes that of the campaign."""
    if found.rules.snapshot is None and campaign.snapshot_at is not None:
        return min(at, campaign.snapshot_at)
    return at


def _evaluation(
    campaign: Campaign, found: Found, standings: Sequence[WalletStanding]
) -> CriterionEvaluation:
    statuses = [one.status for one in standings]
    return CriterionEvaluation(
        campaign=campaign,
        rule_set=found.rules.slug,
        version=found.rules.version,
        digest=found.digest,
        confidence=found.rules.confidence,
        wallets=len(statuses),
        eligible=statuses.count(ELIGIBLE),
        unknown=statuses.count(UNKNOWN),
    )


def _write(
    evaluation: CriterionEvaluation, standings: Sequence[WalletStanding], found: Found
) -> None:
    evaluation.save()
    for some in batched(standings, BATCH):
        CriterionResult.objects.bulk_create(_result(evaluation, one) for one in some)
    known = Eligibility.objects.filter(campaign=evaluation.campaign)
    told = known.exclude(source__startswith=OURS).exclude(source="")
    theirs = set(told.values_list("wallet_id", flat=True))
    rows = list(_eligibilities(evaluation, standings, found, theirs))
    _upsert((row for row in rows if row.wallet_id not in theirs), _ALL)
    _upsert((row for row in rows if row.wallet_id in theirs), ("points", "details"))


def _upsert(rows: Iterable[Eligibility], fields: tuple[str, ...]) -> None:
    Eligibility.objects.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=("campaign", "wallet"),
        update_fields=fields,
    )


def _eligibilities(
    evaluation: CriterionEvaluation,
    standings: Iterable[WalletStanding],
    found: Found,
    theirs: set[int],
) -> Iterator[Eligibility]:
    token = evaluation.campaign.token
    for one in standings:
        yield Eligibility(
            campaign=evaluation.campaign,
            wallet_id=one.wallet,
            status=one.status,
            amount=None if token is None else _base_units(one.amount, token.decimals),
            points=_known(one.points),
            details=as_json(one),
            source=f"{OURS}{found.source}",
            checked_at=evaluation.evaluated_at,
        )


def _known(found: Range | None) -> Decimal | None:
    """With the six decimals of the column, where it is one number that fits."""
    if found is None or not ranges.is_known(found) or found[0] >= Decimal(10) ** 14:
        return None
    return round(found[0], 6)


def _base_units(amount: Range | None, decimals: int) -> int | None:
    """An amount is known whole or not at all; a part of a base unit is nobody's."""
    if amount is None or not ranges.is_known(amount):
        return None
    with localcontext(prec=ranges.PRECISION):
        units = int(amount[0].scaleb(decimals).to_integral_value(ROUND_FLOOR))
    return units if units <= MAX_UINT256 else None


def _result(evaluation: CriterionEvaluation, one: WalletStanding) -> CriterionResult:
    points, amount = _bounds(one.points), _bounds(one.amount)
    return CriterionResult(
        evaluation=evaluation,
        wallet_id=one.wallet,
        status=one.status,
        unread=list(one.unread),
        points_from=points[0],
        points_to=points[1],
        amount_from=amount[0],
        amount_to=amount[1],
    )


def _bounds(found: Range | None) -> tuple[Decimal | None, Decimal | None]:
    """As the columns keep them: outwards, so that what is true stays between."""
    if found is None:
        return None, None
    low, high = found
    if low >= _MOST:
        raise CriteriaError(f"the rule set comes to {low:.3E}, more than can be kept")
    with localcontext(prec=ranges.PRECISION):
        # Without an end downwards it is a number below all that is given away.
        least = max(low, _LEAST).quantize(_SMALLEST, ROUND_FLOOR)
        most = None if high >= _MOST else high.quantize(_SMALLEST, ROUND_CEILING)
    return least, most
