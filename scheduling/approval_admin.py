"""The console's pages of approvals: what a run would do, and consent to it."""

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string

from scheduling.approvals.deciding import RIGHT, approve_run, decline_run
from scheduling.approvals.words import in_words
from scheduling.models import Approval
from scheduling.states import ApprovalState
from wallets.console.asking import AskingAdmin, NothingToSay, Reason, Verb
from wallets.console.columns import badge, column, history, link
from wallets.console.pages import section
from wallets.console.search import Exact


def review(approval: Approval) -> str:
    """The steps in words, held against policy and chain as they stand now."""
    lines = list(in_words(approval))
    return render_to_string("console/approval.html", {"approval": approval, "lines": lines})


VERBS = (
    Verb(
        "approve",
        "Approve",
        "You have read every step. The run begins with exactly these, once; whatever is changed "
        "after it is not signed.",
        lambda row, person: approve_run(approval=row, person=person),
        lambda row: row.state == ApprovalState.ASKED,
        NothingToSay,
        button="Approve it",
        shows=review,
        of_person=True,
    ),
    Verb(
        "decline",
        "Decline",
        "The run ends before these steps; one that has value under way asks for a person.",
        lambda row, person, reason: decline_run(approval=row, person=person, reason=reason),
        lambda row: row.state in (ApprovalState.ASKED, ApprovalState.APPROVED),
        Reason,
        button="Decline it",
        shows=review,
        of_person=True,
    ),
)


@admin.register(Approval)
class ApprovalAdmin(AskingAdmin):
    """A second person's consent to what a run is about to do. Runs ask for it; nobody edits it."""

    verbs = VERBS
    list_display = (
        "id",
        badge("state"),
        link("run"),
        column("Would do", lambda row: str(row.plan.get("summary", ""))),
        column("Because", lambda row: "; ".join(row.reasons)),
        "asked_for",
        "decided_by",
        "expires_at",
    )
    list_filter = ("state", "decided_alone", "created_at")
    search_fields = ("run__task__name", "run__wallet__label")
    exact = Exact(ids=("id", "run_id"))
    list_select_related = (
        "run__task__protocol",
        "run__task__network",
        "run__wallet",
        "asked_for",
        "decided_by",
    )
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, badge("state"), "run", "detail"),
        section("What it would do", column("Review", review)),
        section("Persons", "asked_for", "decided_by", "decided_at", "decided_alone"),
        section("Times", "created_at", "expires_at", "state_changed_at"),
        section("As planned", "first_step", "plan", "digest", "version"),
        section("History", history("approval")),
    )

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whoever may approve; that it is somebody else's run, the service sees to."""
        return request.user.has_perm(RIGHT)
