"""What a task would do with one of its wallets now: a page that asks the chain and records nothing.

A run plans anew when it is due; this is how it would look at this moment.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse

from protocols.actions import PlanError
from protocols.bounded import BoundedClient
from protocols.preview_words import names_of
from protocols.registry import UnknownAction
from scheduling.dry_runs import dry_run, words_of
from scheduling.models import TaskWallet
from wallets.chain.deadlines import Deadline
from wallets.chain.errors import ChainError
from wallets.console import show
from wallets.console.columns import column
from wallets.console.pages import ConsoleAdmin

# A web server gives up on a page after half a minute.
PAGE_SECONDS = 12.0
_NAME = "scheduling_task_preview"


def _link(row: TaskWallet) -> Any:
    if row._state.adding:
        return show.NOTHING
    return show.link_to(reverse(f"admin:{_NAME}", args=[row.task_id, row.pk]), "What it would do")


preview_link = column("Now", _link)


class TaskPreviews(ConsoleAdmin):
    """Pages of tasks, with one for what each wallet's run would do now."""

    def get_urls(self) -> list[Any]:
        """With the page."""
        view = self.admin_site.admin_view(self.preview_view)
        return [path("<int:task>/preview/<int:member>/", view, name=_NAME), *super().get_urls()]

    def preview_view(self, request: HttpRequest, task: int, member: int) -> HttpResponse:
        """Plan, judge and simulate, for whoever may change the task: it costs requests."""
        rows = TaskWallet.objects.select_related("task__protocol", "task__network", "wallet")
        row = rows.filter(pk=member, task=task).first()
        if row is None:
            raise Http404("the task has no such wallet")
        if not request.user.has_perm("scheduling.change_task"):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"{row.task} with {row.wallet}",
            "opts": self.opts,
            "lines": preview_lines(row),
            "back": reverse("admin:scheduling_task_change", args=[task]),
        }
        return TemplateResponse(request, "console/preview.html", context)


def preview_lines(row: TaskWallet) -> list[str]:
    """The preview in words, or why there is none."""
    deadline = Deadline(PAGE_SECONDS)
    try:
        found = dry_run(
            task=row.task,
            wallet=row.wallet,
            params={**row.task.params, **row.params},
            client_of=lambda network: BoundedClient(network, deadline),
        )
    except (PlanError, UnknownAction) as error:
        return [f"It would not begin: {error}"]
    except ChainError as error:
        return [f"It cannot be planned now: {error}"]
    return list(words_of(found, names_of(found.preview)))
