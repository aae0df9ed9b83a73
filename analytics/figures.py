"""What this floor tells the gates: the newest point, as long as it is new enough."""

from collections import defaultdict
from collections.abc import Iterable

from django.utils import timezone

from analytics.equity import latest_point
from analytics.models import Campaign, EquityPoint
from scheduling.gates.figures import OLDEST, Costs, Exposure, Figure

NEVER = "nothing was added up yet; the workers do it (AIRDROPS_FIGURE_SECONDS)"


class Figures:
    """Answers from stored points: one question each, two for campaigns."""

    def exposure(self) -> Exposure:
        """As it was last added up."""
        point, problem = fresh_point()
        if point is None:
            return Exposure(Figure(None, problem))
        return Exposure(
            Figure(point.cents, point.problem),
            point.as_of or point.at,
            *(point.parts.get(name, {}) for name in ("protocols", "networks", "tokens", "symbols")),
        )

    def day_loss(self) -> Figure:
        """As it was then."""
        point, problem = fresh_point()
        return Figure(None, problem) if point is None else _loss(point)

    def costs(self, task_ids: Iterable[int]) -> Costs:
        """Of each campaign that a task belongs to."""
        wanted = Campaign.objects.filter(tasks__in=list(task_ids)).order_by()
        pairs = list(wanted.values_list("tasks", "slug"))
        point, problem = fresh_point() if pairs else (None, "")
        found: dict[int, dict[str, Figure]] = defaultdict(dict)
        for task, slug in pairs:
            found[task][slug] = _cost(point, slug) if point else Figure(None, problem)
        return found


def fresh_point() -> tuple[EquityPoint | None, str]:
    """The newest point, or the sentence that says why there is none to rely on."""
    point = latest_point()
    if point is None:
        return None, NEVER
    if timezone.now() - point.at > OLDEST:
        return None, f"all was last added up {point.at:%Y-%m-%d %H:%M} UTC; look at the workers"
    return point, ""


def _loss(point: EquityPoint) -> Figure:
    if point.at.date() != timezone.now().date():
        return Figure(None, "nothing was added up yet today (UTC)")
    return Figure(point.loss_cents, point.loss_problem, point.as_of or point.at)


def _cost(point: EquityPoint, slug: str) -> Figure:
    known = point.parts.get("campaigns", {}).get(slug)
    if known is None:
        return Figure(None, "its costs were not added up yet")
    return Figure(known["cents"], known["problem"], point.at)
