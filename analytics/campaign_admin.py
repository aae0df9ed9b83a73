"""The console's pages of campaigns, of who is entitled, and of claims."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from analytics import campaign_columns as columns
from analytics.campaign_forms import CampaignForm, ClaimedElsewhere
from analytics.campaigns.claiming import SUBJECT as CLAIM
from analytics.campaigns.claiming import claimed_elsewhere, missed, reopen
from analytics.campaigns.describing import save_campaign
from analytics.campaigns.statuses import SUBJECT as CAMPAIGN
from analytics.models import Campaign, Claim, Eligibility
from analytics.services import record_eligibility
from wallets.console import show
from wallets.console.asking import AskingAdmin, Verb, actor_of
from wallets.console.columns import badge, column, full, history, link, token_amount
from wallets.console.pages import ConsoleAdmin, section
from wallets.console.paging import ConsoleList
from wallets.console.search import Exact

campaign_amount = token_amount("amount", of="campaign.token")


class CampaignList(ConsoleList):
    """With the sums of what is on the page."""

    def get_results(self, request: HttpRequest) -> None:
        """A few questions for all of them."""
        super().get_results(request)
        rows = list(self.result_list)
        sums = columns.ListSums(rows)
        for row in rows:
            sums.put(row)
        self.result_list = rows


@admin.register(Campaign)
class CampaignAdmin(ConsoleAdmin):
    """Airdrops, from rumour to end."""

    form = CampaignForm
    list_display = (
        "name",
        badge("status"),
        "protocol",
        "token",
        columns.expected,
        columns.wallets,
        columns.claims,
        columns.got,
        "claim_closes_at",
    )
    list_filter = ("status", "protocol")
    search_fields = ("name", "slug")
    sortable_by = ("name", "claim_closes_at")
    date_hierarchy = "claim_closes_at"
    exact = Exact(addresses=("claim_contract",))
    list_select_related = ("protocol", "token__network")
    autocomplete_fields = ("token", "tasks")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        section(None, columns.table),
        section("Campaign", "name", "slug", "protocol", "networks", "token"),
        section("How it stands", "status", "reason", "expected_cents", "criteria"),
        section("When", "announced_on", "snapshot_at", "claim_opens_at", "claim_closes_at"),
        section("Claim", "claim_contract", "tasks"),
        section("More", "link", "links", "notes", history(CAMPAIGN)),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ConsoleList]:
        """Ours, with sums."""
        return CampaignList

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Its budget names it by its slug."""
        fixed = ("slug",) if obj else ()
        return (*fixed, *super().get_readonly_fields(request, obj))

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Once."""
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Through the service, so that history has who did it."""
        save_campaign(
            campaign=obj, actor=actor_of(request), reason=form.cleaned_data.get("reason", "")
        )


@admin.register(Eligibility)
class EligibilityAdmin(ConsoleAdmin):
    """Who is entitled to what; unknown until somebody knows."""

    list_display = (
        "id",
        link("campaign"),
        link("wallet"),
        badge("status"),
        campaign_amount,
        "source",
        "checked_at",
    )
    list_filter = ("status", "campaign")
    search_fields = ("campaign__name", "wallet__label")
    exact = Exact(addresses=("wallet__address",))
    list_select_related = ("campaign__token", "wallet")
    autocomplete_fields = ("campaign", "wallet")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, "campaign", "wallet", "status"),
        section("Figures", "amount", column("As read", campaign_amount), "source", "checked_at"),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whose and of what it is does not change."""
        fixed = ("campaign", "wallet") if obj else ()
        return (*fixed, *super().get_readonly_fields(request, obj))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Through the service; what a person says now is the newest answer unless dated."""
        said = form.cleaned_data
        kept = record_eligibility(
            campaign=obj.campaign,
            wallet=obj.wallet,
            status=obj.status,
            source=obj.source,
            amount=obj.amount,
            checked_at=said.get("checked_at") if "checked_at" in form.changed_data else None,
        )
        obj.pk = kept.pk


def _in_explorer(row: Claim) -> Any:
    return show.explorer(row.network, "address", row.contract)


@admin.register(Claim)
class ClaimAdmin(AskingAdmin):
    """What can be or was claimed."""

    verbs = (
        Verb(
            "claimed_elsewhere",
            "Claimed elsewhere",
            "It was claimed with another program, or by somebody for you. Nothing is sent.",
            lambda row, **said: claimed_elsewhere(claim=row, **said),
            lambda row: row.status != Claim.Status.CLAIMED,
            ClaimedElsewhere,
        ),
        Verb(
            "missed",
            "Missed",
            "Nobody claimed it in time, and nobody will.",
            lambda row, **said: missed(claim=row, **said),
            lambda row: row.status == Claim.Status.CLAIMABLE,
        ),
        Verb(
            "reopen",
            "Take back",
            "What a person said of it does not hold: it can be claimed again.",
            lambda row, **said: reopen(claim=row, **said),
            lambda row: row.status != Claim.Status.CLAIMABLE and row.reason,
        ),
    )

    list_display = (
        "id",
        link("campaign"),
        link("wallet"),
        "network",
        campaign_amount,
        badge("status"),
        link("transaction"),
    )
    list_filter = ("status", "campaign", "network")
    search_fields = ("campaign__name", "wallet__label")
    exact = Exact(addresses=("contract", "wallet__address"), ids=("id",))
    list_select_related = ("campaign__token", "wallet", "network", "transaction")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, "campaign", "wallet", campaign_amount, badge("status")),
        section("Claimed by", "transaction", "transfer", full("claimed_hash"), "reason"),
        section("Contract", "network", full("contract"), column("Explorer", _in_explorer)),
        section("Proof", "proof"),
        section("History", history(CLAIM)),
    )
