"""Pages of the address book."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from wallets.address_book import (
    ADDRESS_BOOK_HISTORY,
    Recipient,
    change_address,
    check_recipient,
    confirm_address,
    enter_address,
    remove_address,
)
from wallets.console.asking import AskingAdmin, Verb
from wallets.console.columns import badge, full, history, short
from wallets.console.pages import section
from wallets.console.search import Exact
from wallets.models import AddressBookEntry, Network
from wallets.transactions.operator import NotPossible

_Status = AddressBookEntry.Status


class RecipientForm(forms.ModelForm[AddressBookEntry]):
    """What may stand in the book; the service has the last word."""

    class Meta:
        model = AddressBookEntry
        fields = ("label", "address", "network", "is_safe", "note")

    def clean(self) -> dict[str, Any]:
        """As the service sees it."""
        cleaned = super().clean() or {}
        if {"label", "address"} <= cleaned.keys():
            known = self.instance if self.instance.pk else None
            try:
                # The field has checksummed it: what was typed is what is judged.
                typed = self.data.get("address", "")
                check_recipient(_recipient({**cleaned, "address": typed}), known)
            except NotPossible as error:
                self.add_error("address", str(error))
        return cleaned


class Confirmation(forms.Form):
    """The address once more, from another source, and what it is for."""

    address = forms.CharField(
        max_length=60,
        widget=UnfoldAdminTextInputWidget,
        help_text="As you have it from a source of your own, with its capitals. Do not copy it "
        "from this page.",
    )
    network = forms.ModelChoiceField(
        Network.objects.order_by("slug"),
        required=False,
        empty_label="Every network",
        widget=UnfoldAdminSelectWidget,
        help_text="Where it may be paid.",
    )
    is_safe = forms.BooleanField(
        required=False,
        label="Safe address",
        widget=UnfoldBooleanWidget,
        help_text="Wallets in trouble are drained to it without asking anybody.",
    )


class Why(forms.Form):
    """For the history."""

    reason = forms.CharField(max_length=300, widget=UnfoldAdminTextInputWidget)


VERBS = (
    Verb(
        "confirm",
        "Confirm",
        "You stand behind it: from now on transfers may go there. Whoever entered it does not "
        "confirm it.",
        lambda row, **said: confirm_address(entry=row, **said),
        lambda row: row.status == _Status.ENTERED,
        Confirmation,
        of_person=True,
    ),
    Verb(
        "remove",
        "Remove",
        "Nothing goes there any more. What is signed already stays signed.",
        lambda row, **said: remove_address(entry=row, **said),
        lambda row: row.status != _Status.REMOVED,
        Why,
        button="Remove it",
        of_person=True,
    ),
)


@admin.register(AddressBookEntry)
class AddressBookEntryAdmin(AskingAdmin):
    """Recipients that are no wallets of ours."""

    form = RecipientForm
    verbs = VERBS
    list_display = (
        "label",
        short("address"),
        "network",
        badge("status"),
        "is_safe",
        "entered_by",
        "confirmed_by",
        "confirmed_alone",
    )
    list_filter = ("status", "is_safe", "network")
    search_fields = ("label",)
    sortable_by = ("label",)
    exact = Exact(addresses=("address",))
    list_select_related = ("network", "entered_by", "confirmed_by")
    readonly_fields = (
        "entered_by",
        "entered_at",
        "confirmed_by",
        "confirmed_at",
        "confirmed_alone",
    )
    fieldsets = (
        section(None, badge("status"), full("address")),
        section("Entry", "label", "address", "network", "is_safe", "note"),
        section("Entered", "entered_by", "entered_at"),
        section("Confirmed", "confirmed_by", "confirmed_at", "confirmed_alone"),
        section("History", history(ADDRESS_BOOK_HISTORY)),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """With the line of the verbs, which stands among fields that may be edited here."""
        return (*super().get_readonly_fields(request, obj), self.ask_for)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may enter."""
        return request.user.has_perm("wallets.add_addressbookentry")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may change, which voids the confirmation."""
        if isinstance(obj, AddressBookEntry) and obj.status == _Status.REMOVED:
            return False
        return request.user.has_perm("wallets.change_addressbookentry")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may ask for any of the verbs; each says for itself whose right it needs."""
        rights = ("wallets.confirm_addressbookentry", "wallets.change_addressbookentry")
        return any(map(request.user.has_perm, rights))

    def save_model(
        self,
        request: HttpRequest,
        obj: Model,
        form: forms.Form,
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """Through the service, which knows who it is."""
        if not isinstance(obj, AddressBookEntry) or not form.changed_data:
            return
        typed = {**form.cleaned_data, "address": form.data["address"]}
        recipient, person = _recipient(typed), _signed_in(request)
        if change:
            kept = AddressBookEntry.objects.get(pk=obj.pk)
            change_address(entry=kept, recipient=recipient, person=person)
        else:
            obj.pk = enter_address(recipient=recipient, person=person).pk


def _signed_in(request: HttpRequest) -> Any:
    return request.user


def _recipient(cleaned: dict[str, Any]) -> Recipient:
    return Recipient(
        label=cleaned["label"],
        address=cleaned["address"],
        network=cleaned.get("network"),
        is_safe=bool(cleaned.get("is_safe")),
        note=cleaned.get("note", ""),
    )
