"""The console's own corner: people, roles, the queue and what was changed by hand."""

from typing import Any, ClassVar

import django_q.admin  # noqa: F401 - registers its pages, which ours replace
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

import airdrops_site.operations_admin  # noqa: F401 - registers its pages
from airdrops_site.redaction import redact_text
from wallets.console import show
from wallets.console.columns import column
from wallets.console.pages import ConsoleAdmin, ReadOnlyAdmin, section

_SHOWN_RESULT = 2_000
# Whoever may change these could make themselves anything.
_FOR_SUPERUSERS = ("is_superuser", "user_permissions")

for model in (User, Group, Success, Failure, Schedule, OrmQ):
    admin.site.unregister(model)


@admin.register(User)
class PersonAdmin(UserAdmin[User], ConsoleAdmin):
    """Who may sign in. Roles add up; only a superuser makes or changes a superuser."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser", "groups")
    sortable_by = ("username", "last_login")
    ordering = ("username",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What makes a superuser is fixed for everyone else."""
        fixed = () if request.user.is_superuser else _FOR_SUPERUSERS
        return (*super().get_readonly_fields(request, obj), *fixed)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody else changes a superuser, nor their password."""
        return _may_touch(request, obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody else deletes a superuser."""
        return _may_touch(request, obj) and bool(super().has_delete_permission(request, obj))


def _may_touch(request: HttpRequest, person: Any) -> bool:
    return bool(request.user.is_superuser) or not (person and person.is_superuser)


@admin.register(Group)
class RoleAdmin(GroupAdmin, ReadOnlyAdmin):
    """What roles may do; `manage.py roles` writes them."""

    search_fields = ("name",)
    ordering = ("name",)
    fieldsets = (section(None, "name", "permissions"),)


class JobAdmin(ReadOnlyAdmin):
    """Jobs of the queue. They only wake our own rows, and nobody makes one by hand:
    a job names the function it runs."""

    list_display: Any = ("name", "func", "started", "stopped")
    search_fields = ("func",)
    ordering = ("-stopped",)
    fieldsets: ClassVar[Any] = (section(None, "name", "func", "cluster", "started", "stopped"),)


admin.site.register(Success, JobAdmin)


@admin.register(Failure)
class FailureAdmin(JobAdmin):
    """Jobs that failed."""

    list_display = (
        *JobAdmin.list_display,
        column("Result", lambda row: redact_text(str(row.result))[:100]),
    )
    fieldsets = (
        *JobAdmin.fieldsets,
        section("Result", column("Text", lambda row: redact_text(str(row.result))[:_SHOWN_RESULT])),
    )


@admin.register(OrmQ)
class QueuedAdmin(ReadOnlyAdmin):
    """Jobs that wait."""

    list_display = ("id", "key", "func", "lock")
    search_fields = ("key",)
    ordering = ("-id",)
    fieldsets = (section(None, "key", "lock", column("Function", lambda row: row.func())),)


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    """The queue's own schedules, which are switched off: the pulse keeps time."""

    list_display = ("id", "name", "func", "next_run")
    fieldsets = (section(None, "name", "func", "next_run", "repeats"),)


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """What was changed in the console, and by whom."""

    list_display = (
        "action_time",
        "user",
        column("What", lambda row: f"{row.get_action_flag_display()} {row.content_type}"),
        column("Row", lambda row: _changed_row(row)),
        column("Changes", lambda row: row.get_change_message()),
    )
    list_filter = ("action_flag",)
    search_fields = ("user__username", "object_repr")
    list_select_related = ("user", "content_type")
    ordering = ("-id",)
    fieldsets = (
        section(None, "user", "action_time", column("Row", lambda row: _changed_row(row))),
        section("Changes", column("Text", lambda row: row.get_change_message())),
    )


def _changed_row(row: LogEntry) -> Any:
    address = row.get_admin_url()
    return show.link_to(address, row.object_repr) if address else row.object_repr
