"""The console's pages of calls that two persons stand behind."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminTextInputWidget

from protocols.approved_calls import (
    MACHINE,
    Proposal,
    approve_call,
    check_proposal,
    propose_call,
    revoke_call,
)
from protocols.models import ApprovedCall
from wallets.console.asking import AskingAdmin, NothingToSay, Verb
from wallets.console.columns import badge, column, full, history, short
from wallets.console.pages import section
from wallets.console.search import Exact
from wallets.transactions.operator import NotPossible

_State = ApprovedCall.State
FIELDS = (
    "network",
    "address",
    "function",
    "arguments",
    "value",
    "wallet",
    "max_uses",
    "expires_at",
    "note",
)


class ProposalForm(forms.ModelForm[ApprovedCall]):
    """What may be proposed; the service has the last word."""

    class Meta:
        model = ApprovedCall
        fields = FIELDS

    def clean(self) -> dict[str, Any]:
        """As the service sees it."""
        cleaned = super().clean() or {}
        # The model says by itself what is no amount.
        if set(FIELDS) <= cleaned.keys() and str(cleaned["value"]).isdecimal():
            try:
                check_proposal(_proposal(cleaned))
            except NotPossible as error:
                self.add_error(None, str(error))
        return cleaned


class Why(forms.Form):
    """For the history."""

    reason = forms.CharField(max_length=300, widget=UnfoldAdminTextInputWidget)


def _calldata(row: ApprovedCall) -> str:
    return f"0x{bytes(row.data).hex()}"


def review(row: ApprovedCall) -> str:
    """All that is approved, down to the bytes."""
    return format_html(
        "<p>On {} at <code>{}</code>: <code>{}</code> with {} wei, until {}.</p>"
        "<p>{}, {}.</p>"
        "<p>{}</p><p><code>{}</code></p><p><code style='word-break:break-all'>{}</code></p>",
        *(row.network, row.address, row.function, row.value, row.expires_at),
        f"For the wallet {row.wallet}" if row.wallet else "For any wallet",
        f"{row.max_uses} times at most" if row.max_uses else "as often as tasks are told to",
        *(row.note, row.arguments, _calldata(row)),
    )


VERBS = (
    Verb(
        "approve",
        "Approve",
        "You stand behind these very bytes: until its time is over tasks may make the call, whose "
        "and as often as it says. Whoever proposed it does not approve it.",
        lambda row, person: approve_call(call=row, person=person),
        lambda row: row.state == _State.PROPOSED,
        NothingToSay,
        button="Approve it",
        shows=review,
        of_person=True,
    ),
    Verb(
        "revoke",
        "Revoke",
        "Nothing makes the call any more. What is signed already stays signed.",
        lambda row, **said: revoke_call(call=row, **said),
        lambda row: row.state != _State.ENDED,
        Why,
        button="Revoke it",
        of_person=True,
    ),
)


@admin.register(ApprovedCall)
class ApprovedCallAdmin(AskingAdmin):
    """Proposed by one person, approved by another; never edited."""

    form = ProposalForm
    autocomplete_fields = ("wallet",)
    verbs = VERBS
    list_display = (
        "function",
        short("address"),
        "network",
        badge("state"),
        "value",
        "wallet",
        "max_uses",
        "expires_at",
        "proposed_by",
        "approved_by",
    )
    list_filter = ("state", "network")
    search_fields = ("function", "note")
    exact = Exact(addresses=("address",))
    list_select_related = ("network", "wallet", "proposed_by", "approved_by")
    readonly_fields = ("digest", "proposed_by", "approved_by", "approved_at", "approved_alone")
    fieldsets = (
        section(None, badge("state"), full("address")),
        section("Call", *FIELDS),
        section("Bytes", column("Calldata", _calldata), "digest"),
        section("Persons", "proposed_by", "approved_by", "approved_at", "approved_alone"),
        section("History", history(MACHINE.subject)),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may propose."""
        return request.user.has_perm("protocols.add_approvedcall")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may ask for any of the verbs; each says for itself whose right it needs."""
        rights = ("protocols.approve_approvedcall", "protocols.change_approvedcall")
        return any(map(request.user.has_perm, rights))

    def save_model(
        self,
        request: HttpRequest,
        obj: Model,
        form: forms.Form,
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """Through the service, which knows who it is."""
        person: Any = request.user
        obj.pk = propose_call(proposal=_proposal(form.cleaned_data), person=person).pk


def _proposal(cleaned: dict[str, Any]) -> Proposal:
    said = {name: cleaned[name] for name in FIELDS}
    return Proposal(**{**said, "value": int(cleaned["value"])})
