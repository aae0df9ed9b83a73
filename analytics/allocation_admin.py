"""The console's pages of allocation: policies, what they come to, rebalances and their review."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from unfold.admin import TabularInline

from analytics.allocation import proposing
from analytics.allocation.approving import apply, approve, refuse
from analytics.allocation.charts import bars_of
from analytics.allocation.computing import compute_run
from analytics.allocation.states import RebalanceState
from analytics.models import (
    AllocationBucket,
    AllocationCap,
    AllocationPolicy,
    AllocationRun,
    Rebalance,
    RebalanceEvent,
)
from protocols.bounded import BoundedClient
from scheduling.gates.figures import dollars
from scheduling.plans.making import Maker
from wallets.chain.deadlines import Deadline
from wallets.console import show
from wallets.console.asking import AskingAdmin, NothingToSay, Reason, ReasonIfAny, Verb
from wallets.console.columns import badge, choice, column, full, history, link
from wallets.console.pages import ReadOnlyAdmin, section
from wallets.console.search import Exact

# A web server gives up on a page after half a minute.
PAGE_SECONDS = 20.0
S = RebalanceState


def _dollars(cents: int | None) -> Any:
    return show.flag("Unknown", "warning") if cents is None else dollars(cents)


def _of_policy(row: Any) -> AllocationPolicy:
    policy: AllocationPolicy = row if isinstance(row, AllocationPolicy) else row.policy
    return policy


def _compute(row: AllocationPolicy, _person: Any) -> str:
    run = compute_run(policy=row)
    return run.problem or f"computed as run {run.pk}"


def _propose(row: Any, person: Any) -> str:
    deadline = Deadline(PAGE_SECONDS)
    made = proposing.propose(
        policy=_of_policy(row),
        maker=Maker.of(person),
        client_of=lambda network: BoundedClient(network, deadline),
    )
    return f"{made} is {made.get_state_display().lower()}. {made.detail}"


PROPOSE = Verb(
    "propose",
    "Propose a rebalance",
    "Computed anew, with what each move costs asked of the chains. Nothing is signed for it, and "
    "nothing moves before it is approved and applied.",
    lambda row, person: _propose(row, person),
    lambda row: _of_policy(row).enabled,
    NothingToSay,
    button="Propose it",
    of_person=True,
)
COMPUTE = Verb(
    "compute",
    "Compute",
    "Where capital is now, and where the policy wants it; nothing moves.",
    lambda row, person: _compute(row, person),
    lambda row: True,
    NothingToSay,
    button="Compute now",
    of_person=True,
)


class BucketInline(TabularInline):
    """What capital is spread over."""

    model = AllocationBucket
    extra = 0


class CapInline(TabularInline):
    """What buckets may have together."""

    model = AllocationCap
    extra = 0


newest = column(
    "Runs",
    lambda row: show.list_of("analytics_allocationrun", "Its runs", policy__id__exact=row.pk),
)


@admin.register(AllocationPolicy)
class AllocationPolicyAdmin(AskingAdmin):
    """How capital is to be spread."""

    verbs = (COMPUTE, PROPOSE)
    inlines: ClassVar[Any] = (BucketInline, CapInline)
    warn_unsaved_form = True
    list_display = ("name", choice("method"), choice("dimension"), "enabled", newest)
    list_filter = ("enabled", "method")
    search_fields = ("name",)
    sortable_by = ("name",)
    fieldsets = (
        section(None, "name", "enabled", "dimension", "method", newest),
        section("Method", "lookback_days", "risk_aversion", "kelly_fraction", "means_from_history"),
        section("Reserve", "reserve_bps", "reserve_cents", "reserve_symbol"),
        section("At work", "at_low_bps", "at_medium_bps", "at_high_bps", "at_critical_bps"),
        section(
            "Rebalances",
            "min_trade_cents",
            "max_turnover_bps",
            "slippage_bps",
            "horizon_days",
            "assumed_gas",
        ),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Made by hand."""
        return request.user.has_perm("analytics.add_allocationpolicy")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """And changed: an open proposal is void then."""
        return request.user.has_perm("analytics.change_allocationpolicy")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What leads to the verbs is no field of a form."""
        return (*super().get_readonly_fields(request, obj), self.ask_for)

    def stands(self, row: Any) -> str:
        """Its method."""
        return str(row.get_method_display())


class _PartAdmin(ReadOnlyAdmin):
    """Parts of policies: edited on their policy's page."""

    list_select_related = ("policy",)
    ordering = ("-id",)
    sortable_by = ("id",)


@admin.register(AllocationBucket)
class AllocationBucketAdmin(_PartAdmin):
    """What capital is spread over."""

    list_display = ("id", link("policy"), "symbol", "network", "protocol", "min_bps", "max_bps")
    search_fields = ("policy__name", "symbol")
    fieldsets = (
        section(None, link("policy"), "symbol", "network", "protocol"),
        section("Weight", "min_bps", "max_bps", "target_bps", "expected_return", "source"),
    )


@admin.register(AllocationCap)
class AllocationCapAdmin(_PartAdmin):
    """What buckets may have together."""

    list_display = ("id", link("policy"), choice("kind"), "key", "max_bps")
    search_fields = ("policy__name", "key")
    fieldsets = (section(None, link("policy"), choice("kind"), "key", "max_bps"),)


def weights(row: AllocationRun) -> str:
    """Now and target, as a table and as bars."""
    return render_to_string("console/allocation.html", {"run": row, "bars": bars_of(row.lines)})


@admin.register(AllocationRun)
class AllocationRunAdmin(AskingAdmin):
    """What policies came to."""

    verbs = (PROPOSE,)
    list_display = (
        "id",
        link("policy"),
        "at",
        badge("status"),
        column("All is worth", lambda row: _dollars(row.total_cents)),
        "level",
        "problem",
    )
    list_filter = ("status", "policy")
    search_fields = ("policy__name", "problem")
    exact = Exact(ids=("id",))
    list_select_related = ("policy",)
    ordering = ("-id",)
    sortable_by = ("id",)
    linked_by = ("policy__id__exact",)
    fieldsets = (
        section(None, link("policy"), "at", badge("status"), "problem"),
        section("Now and target", column("Weights", weights)),
        section("How", "solver", "level", column("To know", lambda row: _sentences(row.problems))),
        section("Worked out from", full("digest"), "inputs"),
    )

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """The service asks for the right to propose."""
        return request.user.has_perm("analytics.operate_rebalance")


def _sentences(found: Any) -> Any:
    return show.text("\n".join(found)) if found else show.NOTHING


def review(row: Rebalance) -> str:
    """The moves with their cost, what they bring, and what cannot be done."""
    facts = {
        "rebalance": row,
        "cost": _dollars(row.cost_cents),
        "benefit": _dollars(row.benefit_cents),
        "moves": [
            {**one, "dollars": dollars(one["cents"]), "cost": dollars(one["cost_cents"])}
            for one in row.moves
        ],
        "tasks": list(row.tasks.order_by("pk")) if row.pk else [],
    }
    return render_to_string("console/rebalance.html", facts)


def _is(*states: str) -> Any:
    return lambda row: row.state in states


VERBS = (
    Verb(
        "approve",
        "Approve",
        "You have looked at every move. Its tasks are made, switched off; above the limits only a "
        "second person approves, and each run asks its gates and limits again.",
        lambda row, person, reason: approve(rebalance=row, person=person, reason=reason),
        _is(S.PROPOSED),
        ReasonIfAny,
        button="Approve it",
        shows=review,
        of_person=True,
    ),
    Verb(
        "apply",
        "Apply",
        "Its tasks are switched on and due now.",
        lambda row, person, reason: apply(rebalance=row, person=person, reason=reason),
        _is(S.APPROVED),
        ReasonIfAny,
        button="Apply it",
        shows=review,
        of_person=True,
    ),
    Verb(
        "refuse",
        "Refuse",
        "It is not done; tasks that were made for it are deleted.",
        lambda row, person, reason: refuse(rebalance=row, person=person, reason=reason),
        _is(S.PROPOSED, S.APPROVED),
        Reason,
        button="Refuse it",
        of_person=True,
    ),
)


@admin.register(Rebalance)
class RebalanceAdmin(AskingAdmin):
    """Moves towards a target, reviewed before they become due."""

    verbs = VERBS
    list_display = (
        "id",
        link("policy"),
        badge("state"),
        column("Costs", lambda row: _dollars(row.cost_cents)),
        column("Brings", lambda row: _dollars(row.benefit_cents)),
        "detail",
        "created_from",
        "approved_by",
        "created_at",
    )
    list_filter = ("state", "policy")
    search_fields = ("policy__name", "detail")
    exact = Exact(ids=("id",))
    list_select_related = ("policy", "approved_by")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, link("policy"), badge("state"), "detail", link("run")),
        section("Review", column("Moves", review)),
        section("Made", "created_from", "created_at", "expires_at", full("digest")),
        section("Approved", "approved_by", "approved_at", "approved_alone"),
        section("History", history("rebalance")),
    )

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may ask for any of the verbs; each says for itself whose right it needs."""
        rights = ("analytics.operate_rebalance", "analytics.approve_rebalance")
        return any(map(request.user.has_perm, rights))


def _ended(row: RebalanceEvent) -> str:
    return render_to_string("console/rebalanced.html", {"lines": _before_and_after(row)})


def _before_and_after(row: RebalanceEvent) -> list[dict[str, Any]]:
    after = {one["name"]: one for one in row.after}
    return [
        {"name": one["name"], "before": one, "after": after.get(one["name"])} for one in row.before
    ]


@admin.register(RebalanceEvent)
class RebalanceEventAdmin(ReadOnlyAdmin):
    """What became of rebalances."""

    list_display = (
        "id",
        link("rebalance"),
        "began_at",
        "ended_at",
        column("Planned", lambda row: _dollars(row.planned_cost_cents)),
        column("Really", lambda row: _dollars(row.actual_cost_cents) if row.ended_at else "–"),
    )
    search_fields = ("rebalance__policy__name",)
    exact = Exact(ids=("rebalance_id",))
    list_select_related = ("rebalance__policy",)
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, link("rebalance"), "began_at", "ended_at"),
        section("Weights", column("Before and after", _ended), "after_problem"),
        section(
            "Cost",
            column("Planned", lambda row: _dollars(row.planned_cost_cents)),
            column("Really", lambda row: _dollars(row.actual_cost_cents)),
            "cost_problem",
        ),
    )
