"""What all is worth, written down over time, with what a day has lost and campaigns have cost."""

from datetime import datetime
from decimal import ROUND_CEILING, Decimal, localcontext

from django.utils import timezone

from analytics.counted import begin, passing
from analytics.exposure import Sum, add_up, to_cents
from analytics.flows import Money, campaign_costs, external_flows
from analytics.items import everything
from analytics.models import Campaign, EquityPoint
from wallets.amounts import DIGITS
from wallets.models import Balance, Limit, ScopeKind

# Of what is unknown, so many sentences are kept; the first few say it in `problem`.
MOST_TOLD = 50


def record_point(now: datetime | None = None) -> EquityPoint:
    """Add all up as it is now and keep it."""
    moment = now or timezone.now()
    new: list[Balance] = []
    found = add_up(passing(everything(moment), new), moment)
    # Before the point: whoever dies in between has counted them a little early, and never late.
    begin(new, moment)
    loss = day_loss(found, moment)
    told = list(dict.fromkeys(found.problems))
    _thin_before(moment)
    return EquityPoint.objects.create(
        at=moment,
        as_of=found.as_of,
        cents=found.cents,
        problem=found.problem[:500],
        loss_cents=None if loss.dollars is None else to_cents(loss.dollars, ROUND_CEILING),
        loss_problem=loss.problem[:500],
        parts={**found.parts(), "unknown": told[:MOST_TOLD], "campaigns": _costs()},
    )


def _thin_before(moment: datetime) -> None:
    """Of an hour only the newest point says what each wallet had: there may be thousands."""
    point = latest_point()
    if point is None or "wallets" not in point.parts:
        return
    if (point.at.date(), point.at.hour) == (moment.date(), moment.hour):
        kept = {name: part for name, part in point.parts.items() if name != "wallets"}
        EquityPoint.objects.filter(pk=point.pk).update(parts=kept)


def day_loss(found: Sum, moment: datetime) -> Money:
    """What is less than at the day's first known point, but for what came and went outside."""
    if found.cents is None:
        return Money(None, found.problem)
    first = first_of_day(moment)
    if first is None or first.cents is None:
        return Money(Decimal(0))
    flows = external_flows(first.at, moment)
    if flows.dollars is None:
        return flows
    with localcontext(prec=2 * DIGITS):
        return Money(Decimal(first.cents) / 100 + flows.dollars - Decimal(found.cents) / 100)


def first_of_day(moment: datetime) -> EquityPoint | None:
    """The first point of the day (UTC) at which all was known."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    known = EquityPoint.objects.filter(at__gte=day, at__lt=moment, cents__isnull=False)
    return known.order_by("at").first()


def latest_point() -> EquityPoint | None:
    """The newest there is."""
    return EquityPoint.objects.order_by("-at", "-id").first()


def _costs() -> dict[str, dict[str, object]]:
    """By campaign with a budget: US cents rounded up, or why they are unknown."""
    budgets = Limit.objects.filter(kind=Limit.Kind.MAX_BUDGET, enabled=True)
    named = list(budgets.values_list("scope_kind", "scope_value"))
    campaigns = Campaign.objects.filter(tasks__isnull=False).distinct()
    if all(kind == ScopeKind.CAMPAIGN for kind, _ in named):
        campaigns = campaigns.filter(slug__in=[slug for _, slug in named])
    return {
        slug: {
            "cents": None if money.dollars is None else to_cents(-money.dollars, ROUND_CEILING),
            "problem": money.problem,
        }
        for slug, money in campaign_costs(campaigns).items()
    }
