"""The console's pages of plans: review, approval, progress."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from unfold.widgets import UnfoldAdminTextInputWidget

from scheduling.models import Plan, PlanLine
from scheduling.plan_states import OPEN_PLAN, LineState, PlanState
from scheduling.plans.making import Maker
from scheduling.plans.preview import preview_plan
from scheduling.plans.services import approve_plan, cancel_plan, retry_plan, run_plan
from wallets.console.asking import AskingAdmin, NothingToSay, Verb
from wallets.console.columns import badge, choice, column, full, history, link, short, token_amount
from wallets.console.pages import ReadOnlyAdmin, section
from wallets.console.search import Exact


class Why(forms.Form):
    """For the history."""

    reason = forms.CharField(max_length=300, widget=UnfoldAdminTextInputWidget)


def review(plan: Plan) -> str:
    """The plan in words with every line, as it is to be approved or as far as it is."""
    preview = preview_plan(plan, ask_chain=True)
    return render_to_string("console/plan.html", {"plan": plan, "preview": preview})


def _has_failed(plan: Plan) -> bool:
    running = plan.state in (PlanState.DONE, PlanState.RUNNING)
    return running and plan.lines.filter(state=LineState.FAILED).exists()


VERBS = (
    Verb(
        "approve",
        "Approve",
        "You have looked at every line. Above the limits only a second person approves; nothing "
        "moves before the plan is run.",
        lambda row, person: approve_plan(plan=row, maker=Maker.of(person)),
        lambda row: row.state == PlanState.DRAFT,
        NothingToSay,
        button="Approve it",
        shows=review,
        of_person=True,
    ),
    Verb(
        "run",
        "Run",
        "The workers carry it out: each line becomes a transaction, once.",
        lambda row, person: run_plan(plan=row, maker=Maker.of(person)),
        lambda row: row.state == PlanState.APPROVED,
        NothingToSay,
        button="Run it",
        shows=review,
        of_person=True,
    ),
    Verb(
        "retry",
        "Try failed lines again",
        "Only lines of which it is certain that they did not happen are tried again.",
        lambda row, person: f"{len(retry_plan(plan=row, maker=Maker.of(person)))} lines again",
        _has_failed,
        NothingToSay,
        button="Try again",
        of_person=True,
    ),
    Verb(
        "cancel",
        "Cancel",
        "Nothing more of it starts, and what is not signed is taken back. What is signed is "
        "watched to its end.",
        lambda row, person, reason: cancel_plan(plan=row, maker=Maker.of(person), reason=reason),
        lambda row: row.state in OPEN_PLAN,
        Why,
        button="Cancel it",
        of_person=True,
    ),
)


@admin.register(Plan)
class PlanAdmin(AskingAdmin):
    """Batches of transfers. They are made by commands and never edited."""

    verbs = VERBS
    list_display = (
        "id",
        "title",
        choice("kind"),
        badge("state"),
        "detail",
        "created_from",
        "approved_by",
        "created_at",
    )
    list_filter = ("state", "kind", "created_at")
    search_fields = ("title",)
    exact = Exact(addresses=("lines__recipient", "lines__wallet__address"), ids=("id",))
    list_select_related = ("created_by", "approved_by")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, badge("state"), choice("kind"), "title", "urgency"),
        section("Review", column("Lines", review)),
        section("Made", "created_from", "created_at", "balances_at", full("digest")),
        section("Approved", "approved_by", "approved_at", "approved_alone", "cancel_reason"),
        section("History", history("plan")),
    )

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may ask for any of the verbs; each says for itself whose right it needs."""
        rights = ("scheduling.operate_plan", "scheduling.approve_plan")
        return any(map(request.user.has_perm, rights))


@admin.register(PlanLine)
class PlanLineAdmin(ReadOnlyAdmin):
    """Payments of plans."""

    list_display = (
        "id",
        link("plan"),
        "index",
        badge("state"),
        link("wallet"),
        token_amount("amount", of="token"),
        short("recipient"),
        "purpose",
        "detail",
        link("run"),
    )
    list_filter = ("state",)
    search_fields = ("plan__title", "wallet__label")
    exact = Exact(addresses=("recipient", "wallet__address"), ids=("plan_id",))
    list_select_related = ("plan", "wallet", "token__network", "run__task")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, badge("state"), "detail", link("plan"), "index"),
        section("Pays", link("wallet"), token_amount("amount", of="token"), "everything"),
        section("To", full("recipient"), "purpose"),
        section("Carried out by", link("run"), "tries", full("digest")),
        section("History", history("plan_line")),
    )
