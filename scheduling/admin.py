"""The console's pages of floor 3."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import JSONField, Model
from django.forms import Form
from django.http import HttpRequest
from django.urls import reverse
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminTextareaWidget

from scheduling.allowance_pages import AllowanceAdmin as AllowanceAdmin
from scheduling.approval_admin import ApprovalAdmin as ApprovalAdmin
from scheduling.forms import TaskDependencyForm, TaskForm, TaskWalletFormSet
from scheduling.gate_admin import BreakerAdmin as BreakerAdmin
from scheduling.gate_admin import hours_of_task
from scheduling.models import (
    Occurrence,
    Pause,
    Task,
    TaskDependency,
    TaskWallet,
)
from scheduling.pause_admin import PauseAdmin as PauseAdmin
from scheduling.plan_admin import PlanAdmin as PlanAdmin
from scheduling.risk_admin import RiskReadingAdmin as RiskReadingAdmin
from scheduling.run_admin import RunAdmin as RunAdmin
from scheduling.schedule import in_words
from scheduling.services import TASK_HISTORY, note_change, save_task
from scheduling.task_columns import following_times, wallet_count
from scheduling.task_pages import TypedParamsAdmin
from scheduling.task_previews import TaskPreviews, preview_link
from wallets.console import show
from wallets.console.columns import badge, column, history, link
from wallets.console.pages import ReadOnlyAdmin, section
from wallets.console.search import Exact


class TaskWalletInline(TabularInline):
    """Which wallets it runs with."""

    model = TaskWallet
    formset = TaskWalletFormSet
    fields: ClassVar[Any] = ("wallet", "params", preview_link)
    readonly_fields: ClassVar[Any] = (preview_link,)
    autocomplete_fields = ("wallet",)
    ordering = ("id",)
    # Django takes a thousand fields in one form, and a task may have hundreds of wallets.
    per_page: Any = 50
    formfield_overrides: ClassVar[Any] = {  # type: ignore[misc]
        JSONField: {"widget": UnfoldAdminTextareaWidget({"rows": 2})}
    }
    extra = 0


class TaskDependencyInline(TabularInline):
    """What must have succeeded first."""

    model = TaskDependency
    form = TaskDependencyForm
    fk_name = "task"
    fields = ("needs", "condition", "delay_seconds")
    autocomplete_fields = ("needs",)
    extra = 0


def _task_lists(row: Task) -> Any:
    return show.joined(
        show.list_of("scheduling_run", "Runs", task__id__exact=row.pk),
        show.list_of("scheduling_occurrence", "Occurrences", task__id__exact=row.pk),
    )


def _pause(row: Task) -> Any:
    """What is paused leads to its end, what is not to a pause of just this task."""
    found = Pause.objects.filter(scope_kind=Pause.Scope.TASK, scope_value=row.name).first()
    if found is not None:
        return show.page_of(found, f"Paused: {found.reason}")
    asked = urlencode({"scope_kind": Pause.Scope.TASK, "scope_value": row.name})
    return show.link_to(f"{reverse('admin:scheduling_pause_add')}?{asked}", "Pause it")


@admin.register(Task)
class TaskAdmin(TaskPreviews, TypedParamsAdmin):
    """Standing orders."""

    form = TaskForm
    list_display = (
        "name",
        "protocol",
        "action",
        "network",
        column("When", in_words),
        "next_due_at",
        "priority",
        "enabled",
        column("Related", _task_lists),
    )
    list_filter = ("enabled", "protocol", "network", "schedule", "priority")
    search_fields = ("name", "action")
    sortable_by = ("name", "next_due_at")
    list_select_related = ("protocol", "network")
    date_hierarchy = "next_due_at"
    inlines = (TaskWalletInline, TaskDependencyInline)
    autocomplete_fields = ("groups", "tags")
    readonly_fields = ("next_due_at", "due_count")
    fieldsets = (
        section(None, "name", "enabled", "protocol", "action", "network", "params"),
        section("Wallets of groups and tags", "groups", "tags"),
        section("When", "schedule", "interval_seconds", "cron", "timezone", "starts_at", "ends_at"),
        section("How often", "times", "spread_seconds", "max_occurrences", "priority"),
        section("What is late", "misfire", "misfire_grace_seconds", "window_seconds"),
        section("Its runs", "max_running", "timeout_seconds", "max_retries", "retry_seconds"),
        section("Fees and consent", "urgency", "max_fee_ceiling", "needs_approval"),
        section("Gates", column("Allowed hours", hours_of_task)),
        section(
            "So far",
            "next_due_at",
            column("After that", following_times),
            column("With", wallet_count),
            "due_count",
            column("Pause", _pause),
            column("Fee ceiling", lambda row: show.gas_price(row.max_fee_ceiling)),
            column("Related", _task_lists),
        ),
        section("Taken off it", history(TASK_HISTORY)),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What carries a plan is as it was approved; nobody edits it."""
        if isinstance(obj, Task) and obj.plan_id is not None:
            return False
        return super().has_change_permission(request, obj)

    def save_model(
        self,
        request: HttpRequest,
        obj: Model,
        form: Form,
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """Through the service, which knows when the task is due."""
        if isinstance(obj, Task):
            save_task(task=obj, person=request.user)

    def save_related(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """Whoever says with which wallets or after what it runs has said what it does."""
        super().save_related(request, form, formsets, change)
        said = {"groups", "tags"} & set(form.changed_data)
        if said or any(formset.has_changed() for formset in formsets):
            note_change(task=form.instance, person=request.user)


class TaskPartAdmin(ReadOnlyAdmin):
    """What is edited on its task's page; it can go with its task."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As the model's own permission says."""
        meta = self.opts
        return request.user.has_perm(f"{meta.app_label}.delete_{meta.model_name}")


@admin.register(TaskWallet)
class TaskWalletAdmin(TaskPartAdmin):
    """Wallets of tasks; edited on the task's page, where they are checked together."""

    list_display = ("id", link("task"), link("wallet"), "params")
    search_fields = ("task__name", "wallet__label")
    exact = Exact(addresses=("wallet__address",))
    list_select_related = ("task", "wallet")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (section(None, "task", "wallet", "params"),)


@admin.register(TaskDependency)
class TaskDependencyAdmin(TaskPartAdmin):
    """What waits for what; edited on the task's page."""

    list_display = ("id", link("task"), link("needs", "Needs"), "condition", "delay_seconds")
    search_fields = ("task__name", "needs__name")
    list_select_related = ("task", "needs")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (section(None, "task", "needs", "condition", "delay_seconds"),)


@admin.register(Occurrence)
class OccurrenceAdmin(ReadOnlyAdmin):
    """Due times, and what became of them."""

    list_display = (
        "id",
        link("task"),
        link("wallet"),
        "due_at",
        badge("state"),
        "reason",
        link("run"),
    )
    list_filter = ("state", "task__protocol", "task__network", "due_at")
    search_fields = ("task__name", "wallet__label")
    exact = Exact(addresses=("wallet__address",), ids=("id",))
    list_select_related = ("task", "wallet", "run__task")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, "task", "wallet", "due_at", badge("state"), "reason"),
        section("Execution", link("run"), "created_at"),
        section("History", history("occurrence")),
    )
