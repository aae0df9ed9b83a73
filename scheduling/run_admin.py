"""The console's pages of runs: what they did, what they wait for, what may be asked of them."""

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string

from scheduling.cancelling import cancel_run
from scheduling.continuing import give_up_run, restart_run
from scheduling.models import Run, RunAllowance, Step
from scheduling.retries import is_tried_again
from scheduling.states import UNFINISHED_RUN, RunState
from scheduling.timeline import timeline_of
from wallets.console import show
from wallets.console.asking import AskingAdmin, Reason, Verb
from wallets.console.columns import badge, choice, column, full, history, link, short
from wallets.console.pages import ReadOnlyAdmin, ReadOnlyInline, section
from wallets.console.search import Exact


class CancelForm(Reason):
    """Why, and how far."""

    and_pending = forms.BooleanField(
        required=False,
        label="Also ask for a cancel of what is signed and in no block yet",
    )
    give_up = forms.BooleanField(
        required=False,
        label="Give up what it waits for; what it has sent is mine to see to",
    )


RUN_VERBS = (
    Verb(
        "restart",
        "Restart",
        "The run goes on from what it has done: a wait is looked for again, and what failed is "
        "planned anew. What it has already done is not done again.",
        lambda row, **said: restart_run(run_id=row.pk, **said),
        lambda row: row.state == RunState.NEEDS_OPERATOR,
    ),
    Verb(
        "give_up",
        "Give up",
        "Nobody looks any more for what the run waits for, and it plans nothing further. What it "
        "began, such as a transfer to another network, is yours to see to.",
        lambda row, **said: give_up_run(run_id=row.pk, **said),
        lambda row: row.state == RunState.NEEDS_OPERATOR,
        button="Give it up",
    ),
    Verb(
        "cancel",
        "Cancel",
        "Nothing further of the run begins and what is not signed ends. What is signed is watched "
        "until it is decided, and the run ends with it.",
        lambda row, **said: cancel_run(run_id=row.pk, **said) and None,
        lambda row: row.state in UNFINISHED_RUN or is_tried_again(row),
        form=CancelForm,
        button="Cancel the run",
    ),
)

allowance_state = column(
    "State",
    lambda row: (
        show.flag("Looked after", "info") if row.look_at else show.flag("Settled", "success")
    ),
)


timeline = column(
    "Timeline",
    lambda row: render_to_string("console/timeline.html", {"moments": reversed(timeline_of(row))}),
)


class StepInline(ReadOnlyInline):
    """What the run does, in order."""

    model = Step
    fields = (
        column("Step", lambda row: show.page_of(row, f"{row.index + 1}. {row.label}")),
        choice("kind"),
        badge("state"),
        link("transaction"),
        column(
            "On chain",
            lambda row: show.badge(row.transaction.state) if row.transaction else show.NOTHING,
        ),
        "look_at",
        "detail",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Step]:
        """With the transactions."""
        rows: QuerySet[Step] = super().get_queryset(request)
        return rows.select_related("transaction").order_by("index")


class RunAllowanceInline(ReadOnlyInline):
    """What it allowed for its own use, and what became of that."""

    model = RunAllowance
    verbose_name_plural = "Allowances given for its own use"
    fields = (
        column("Allowance", lambda row: show.page_of(row, f"{row.amount} base units")),
        short("token"),
        short("spender"),
        allowance_state,
        "detail",
    )


@admin.register(Run)
class RunAdmin(AskingAdmin):
    """Executions."""

    list_display = (
        "id",
        badge("state"),
        link("task"),
        link("wallet"),
        "summary",
        "detail",
        "created_at",
        "state_changed_at",
    )
    list_filter = ("state", "task__protocol", "task__network", "created_at")
    search_fields = ("task__name", "wallet__label")
    search_help_text = "Number, task, wallet or its address"
    exact = Exact(addresses=("wallet__address",), ids=("id",))
    list_select_related = ("task", "wallet")
    ordering = ("-id",)
    sortable_by = ("id",)
    inlines = (StepInline, RunAllowanceInline)
    verbs = RUN_VERBS
    fieldsets = (
        section(None, badge("state"), "summary", "detail", "task", "wallet", "occurrence"),
        section("Planned with", "params", "readings", "priority"),
        section("Times", "created_at", "started_at", "state_changed_at", "wake_at", "tries"),
        section("Behind it", "version"),
        section("Timeline", timeline),
    )


@admin.register(Step)
class StepAdmin(ReadOnlyAdmin):
    """Calls, waits and signed requests of runs."""

    list_display = (
        "id",
        link("run"),
        "index",
        "label",
        badge("state"),
        link("transaction"),
        "state_changed_at",
    )
    list_filter = ("state", "kind")
    search_fields = ("run__task__name",)
    exact = Exact(hashes=("transaction__attempts__hash",), ids=("run_id", "transaction_id"))
    list_select_related = ("run__task", "transaction")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, badge("state"), "detail", "run", "index", choice("kind"), "label"),
        section("On chain", "transaction", "settled_receipt", "settlement"),
        section("Waits", "looks", "look_at", "overdue_at", "found"),
        section("Asked of a venue", "request"),
        section("As planned", "spec", "version", "state_changed_at"),
        section("History", history("step")),
    )


@admin.register(RunAllowance)
class RunAllowanceAdmin(ReadOnlyAdmin):
    """Allowances that runs gave for their own use; what is left of one is taken back."""

    list_display = (
        "id",
        link("run"),
        short("token"),
        short("spender"),
        "amount",
        allowance_state,
        "detail",
    )
    search_fields = ("run__task__name",)
    exact = Exact(addresses=("token", "spender"), ids=("run_id",))
    list_select_related = ("run__task", "last_use")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, "run", full("token"), full("spender"), "amount", "last_use"),
        section("Taking back what is left", allowance_state, "detail", "tries", "clear_at"),
        section("Times", "look_at"),
    )
