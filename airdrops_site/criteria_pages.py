"""The console's page "where does each wallet stand": what is missing, and what it would cost."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from analytics.criteria.costs import costs_of
from analytics.criteria.gaps import RuleGap, gaps_of, is_over
from analytics.criteria.library import CriteriaError, Found
from analytics.criteria.making_tasks import make_tasks
from analytics.criteria.recording import evaluate_campaign, rule_set_of
from analytics.criteria.standing import Standing, latest_evaluation, standing
from analytics.criteria.words import range_text
from analytics.models import Campaign, CriterionEvaluation, CriterionResult
from scheduling.models import Task
from wallets.console.asking import actor_of

PER_PAGE = 25
SEE, EVALUATE = "analytics.view_eligibility", "analytics.change_eligibility"
MAKE = "scheduling.add_task"


@dataclass(frozen=True, slots=True)
class Line:
    """A wallet as the page shows it."""

    standing: Standing
    gaps: list[RuleGap]

    @property
    def points(self) -> str:
        """From and to."""
        return range_text(*self.standing.points)

    @property
    def amount(self) -> str:
        """From and to, in tokens."""
        return range_text(*self.standing.amount)

    @property
    def reached(self) -> int:
        """How many rules are."""
        return sum(gap.state == "reached" for gap in self.gaps)

    @property
    def nearest(self) -> list[RuleGap]:
        """The next threshold of each metric."""
        return [gap for gap in self.gaps if gap.next]

    @property
    def unknown(self) -> int:
        """About how many rules nobody knows."""
        return sum(gap.state == "unknown" for gap in self.gaps)


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The campaigns that have rules."""
    _require(request, SEE)
    rows = Campaign.objects.exclude(criteria="").annotate(
        evaluated=Max("evaluations__evaluated_at"), times=Count("evaluations")
    )
    context = {**admin.site.each_context(request), "title": "Where wallets stand", "rows": rows}
    return TemplateResponse(request, "console/criteria.html", context)


@require_safe
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    """Every wallet by every rule, as of the newest evaluation."""
    _require(request, SEE)
    row = get_object_or_404(Campaign.objects.select_related("token"), slug=slug)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": f"Where wallets stand: {row.name}",
        "campaign": row,
        "may_evaluate": _may(request, EVALUATE),
    }
    try:
        found = rule_set_of(row)
    except CriteriaError as error:
        context["problem"] = str(error)
    else:
        context |= _standing(request, row, found)
    return TemplateResponse(request, "console/standing.html", context)


def _standing(request: HttpRequest, row: Campaign, found: Found) -> dict[str, Any]:
    rules, over = found.rules, is_over(row, found.rules, timezone.now())
    evaluation = latest_evaluation(row)
    told: dict[str, Any] = {"rules": rules, "over": over, "evaluation": evaluation}
    told["snapshot"] = rules.snapshot or row.snapshot_at
    if evaluation is None:
        return told
    page = _page(request, evaluation)
    wallets = list(page.object_list)
    costs = costs_of(row, rules, wallets)
    standings = standing(campaign=row, evaluation=evaluation, wallets=wallets)
    lines = [Line(one, gaps_of(one, rules, costs, over=over)) for one in standings]
    may_make = _may(request, MAKE) and not over
    return told | {
        "page": page,
        "lines": lines,
        "changed": (found.rules.version, found.digest) != (evaluation.version, evaluation.digest),
        "choices": _choices(lines) if may_make else [],
        "templates": sorted(costs.templates, key=lambda task: task.name),
    }


def _page(request: HttpRequest, evaluation: CriterionEvaluation) -> Page[Any]:
    rows = CriterionResult.objects.filter(evaluation=evaluation)
    ordered = rows.order_by("wallet__label", "wallet_id").values_list("wallet_id", flat=True)
    return Paginator(ordered, PER_PAGE).get_page(request.GET.get("p"))


def _choices(lines: list[Line]) -> list[RuleGap]:
    """The rules of which this page shows that runs of one of the campaign's tasks bring them."""
    found: dict[str, RuleGap] = {}
    for line in lines:
        for gap in line.gaps:
            if any(one.estimate and one.estimate.runs and one.estimate.task for one in gap.needs):
                found.setdefault(gap.rule.name, gap)
    return list(found.values())


@require_POST
def evaluate(request: HttpRequest, slug: str) -> HttpResponse:
    """Set all wallets against the rules, now."""
    _require(request, EVALUATE)
    row = get_object_or_404(Campaign.objects.select_related("token"), slug=slug)
    try:
        done, _ = evaluate_campaign(
            campaign=row,
            actor=actor_of(request),
            assume_complete=bool(request.POST.get("assume_complete")),
        )
    except CriteriaError as error:
        messages.error(request, str(error))
    else:
        said = f"{done.eligible} of {done.wallets} wallets are eligible, {done.unknown} unknown."
        messages.success(request, said)
    return HttpResponseRedirect(reverse("criteria_campaign", args=[slug]))


@require_POST
def tasks(request: HttpRequest, slug: str) -> HttpResponse:
    """Make switched-off tasks from what is missing."""
    _require(request, MAKE)
    row = get_object_or_404(Campaign, slug=slug)
    template, person = _template(request, row), _person(request)
    try:
        rule = request.POST.get("rule", "")
        made = make_tasks(campaign=row, rule=rule, template=template, person=person)
    except CriteriaError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("criteria_campaign", args=[slug]))
    said = f"Made {len(made)} tasks, switched off: look at them, then enable what you want."
    messages.success(request, said)
    return HttpResponseRedirect(reverse("admin:scheduling_task_change", args=[made[0].pk]))


def _template(request: HttpRequest, row: Campaign) -> Task | None:
    """The one that was chosen; None for the cheapest."""
    if not (chosen := request.POST.get("template", "")):
        return None
    tasks = Task.objects.select_related("protocol", "network").filter(campaigns=row)
    return get_object_or_404(tasks, pk=int(chosen) if chosen.isdecimal() else 0)


def _person(request: HttpRequest) -> Any:
    return request.user


def _may(request: HttpRequest, right: str) -> bool:
    user: Any = request.user
    return bool(user.has_perm(right))


def _require(request: HttpRequest, right: str) -> None:
    if not _may(request, right):
        raise PermissionDenied
