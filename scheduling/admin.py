"""The console's pages of floor 3."""

from django.contrib import admin
from django.db.models import Model
from django.forms import Form
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import TabularInline

from scheduling.models import Occurrence, Run, Step, Task, TaskDependency, TaskWallet
from scheduling.services import save_task
from wallets.console import ConsoleAdmin, ReadOnlyAdmin, page_of


class TaskWalletInline(TabularInline):
    """The wallets of a task."""

    model = TaskWallet
    extra = 0


@admin.register(Task)
class TaskAdmin(ConsoleAdmin):
    """Standing orders."""

    list_display = ("name", "protocol", "action", "network", "schedule", "next_due_at", "enabled")
    list_filter = ("protocol", "network", "schedule", "enabled")
    search_fields = ("name",)
    list_select_related = ("protocol", "network")
    inlines = (TaskWalletInline,)

    def save_model(
        self,
        request: HttpRequest,
        obj: Model,
        form: Form,
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """Through the service, which knows when the task is due."""
        if isinstance(obj, Task):
            save_task(task=obj)


class StepInline(TabularInline):
    """What the run does."""

    model = Step
    fields = ("index", "label", "state", "link", "detail")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never."""
        return False

    @admin.display(description="transaction")
    def link(self, row: Step) -> SafeString | str:
        """The transaction's page."""
        return page_of(row.transaction)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Executions."""

    list_display = ("id", "task", "wallet", "state", "summary", "created_at", "detail")
    list_filter = ("state", "task")
    list_select_related = ("task", "wallet")
    inlines = (StepInline,)


@admin.register(Occurrence)
class OccurrenceAdmin(ReadOnlyAdmin):
    """Due times."""

    list_display = ("task", "wallet", "due_at", "state", "reason")
    list_filter = ("state", "task")
    list_select_related = ("task", "wallet")


@admin.register(Step)
class StepAdmin(ReadOnlyAdmin):
    """Steps."""

    list_display = ("id", "run", "index", "label", "state", "transaction")
    list_filter = ("state",)
    list_select_related = ("run__task", "transaction")


admin.site.register(TaskDependency, ConsoleAdmin)
admin.site.register(TaskWallet, ConsoleAdmin)
