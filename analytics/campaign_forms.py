"""What may be typed about campaigns in the console."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldAdminURLInputWidget

from analytics.campaigns.describing import check_links
from analytics.campaigns.statuses import is_backwards
from analytics.models import Campaign
from wallets.console.asking import Reason


class CampaignForm(forms.ModelForm[Campaign]):
    """A campaign; a step back in its status needs a reason."""

    reason = forms.CharField(
        required=False,
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text="Why the status changes; a step back needs one. It stays in the history.",
    )

    link = forms.URLField(required=False, assume_scheme="https", widget=UnfoldAdminURLInputWidget)

    class Meta:
        model = Campaign
        exclude = ()  # noqa: DJ006 - the page's sections name the fields

    def clean_links(self) -> Any:
        """A list of web addresses."""
        links = self.cleaned_data["links"] or []
        try:
            check_links(links)
        except ValidationError as error:
            raise ValidationError(error.messages) from error
        return links

    def clean(self) -> dict[str, Any]:
        """The status may go on, or back with a reason."""
        said = super().clean() or self.cleaned_data
        old, new = self.initial.get("status"), said.get("status")
        if old and new and is_backwards(old, new) and not said.get("reason"):
            self.add_error("reason", f"From {old} back to {new} is a correction: say why.")
        return said


class ClaimedElsewhere(Reason):
    """By which transaction, and how it is known."""

    tx_hash = forms.CharField(
        label="Hash",
        max_length=100,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="0x…, of the transaction that claimed it, if you know it.",
    )
    field_order = ("tx_hash", "reason")
