"""The console's pages of floor 1."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline

from wallets import models
from wallets.amounts import show_amount
from wallets.chain.rpc import mask_url
from wallets.console import ConsoleAdmin, ReadOnlyAdmin, page_of


@admin.register(models.Network)
class NetworkAdmin(ConsoleAdmin):
    """Chains."""

    list_display = ("name", "chain_id", "kind", "confirm_depth", "final_rule", "enabled")
    list_filter = ("kind", "enabled")
    search_fields = ("name", "slug", "chain_id")


@admin.register(models.RpcEndpoint)
class RpcEndpointAdmin(ConsoleAdmin):
    """Ways to reach a chain; URLs are masked."""

    list_display = ("__str__", "masked_url", "answered_at", "latency_ms", "consecutive_errors")
    list_filter = ("network", "enabled")
    list_select_related = ("network",)

    @admin.display(description="URL")
    def masked_url(self, row: models.RpcEndpoint) -> str:
        """The URL without anything that could be a credential."""
        return mask_url(row.url)


@admin.register(models.Token)
class TokenAdmin(ConsoleAdmin):
    """Coins and tokens."""

    list_display = ("symbol", "network", "address", "decimals", "enabled")
    list_filter = ("network", "enabled")
    search_fields = ("symbol", "address")
    list_select_related = ("network",)


@admin.register(models.Wallet)
class WalletAdmin(ConsoleAdmin):
    """Addresses. Keys are made by commands and workers, never here."""

    list_display = ("label", "address", "signer_kind", "status")
    list_filter = ("status", "signer_kind")
    search_fields = ("label", "address")
    readonly_fields = ("status",)


class AttemptInline(TabularInline):
    """The signed forms; their bytes are never shown, who reads them could send them."""

    model = models.Attempt
    fields = ("kind", "hash", "state", "times_sent", "last_sent_at", "last_answer")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never."""
        return False


class ReceiptInline(TabularInline):
    """What blocks said."""

    model = models.Receipt
    fields = ("block_number", "block_at", "succeeded", "gas_used", "fee", "canonical")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Never."""
        return False


@admin.register(models.Transaction)
class TransactionAdmin(ReadOnlyAdmin):
    """Intents and what became of them."""

    list_display = ("id", "protocol", "action", "wallet", "network", "state", "outcome", "run")
    list_filter = ("state", "outcome", "network", "protocol")
    search_fields = ("idempotency_key", "to", "attempts__hash")
    list_select_related = ("lane__wallet", "network", "step__run__task")
    exclude = ("data",)
    readonly_fields = ("run", "explorer", "native_value", "history")
    inlines = (AttemptInline, ReceiptInline)

    @admin.display(ordering="lane__wallet__label")
    def wallet(self, row: models.Transaction) -> str:
        """The sender."""
        return str(row.lane.wallet)

    @admin.display(description="run")
    def run(self, row: models.Transaction) -> SafeString | str:
        """The run it is a step of."""
        step = getattr(row, "step", None)
        return page_of(step.run) if step else row.origin

    @admin.display(description="value")
    def native_value(self, row: models.Transaction) -> str:
        """The value as a person reads it."""
        return show_amount(row.value, 18)

    @admin.display(description="explorer")
    def explorer(self, row: models.Transaction) -> SafeString | str:
        """The explorer's page of the newest attempt."""
        attempt = row.attempts.order_by("-id").first()
        link = row.network.explorer_link("tx", attempt.hash) if attempt else ""
        return format_html('<a href="{0}">{0}</a>', link) if link else "this network has none"

    @admin.display(description="history")
    def history(self, row: models.Transaction) -> str:
        """Every state it has been in."""
        found = models.Transition.objects.filter(subject="transaction", subject_id=row.pk)
        return "\n".join(
            f"{step.at:%Y-%m-%d %H:%M:%S} {step.to_state} {step.reason}" for step in found
        )


@admin.register(models.NonceLane)
class NonceLaneAdmin(ReadOnlyAdmin):
    """Nonce sequences."""

    list_display = ("__str__", "baseline_nonce", "paused", "pause_reason", "wake_at")
    list_filter = ("paused", "network")
    list_select_related = ("wallet", "network")


@admin.register(models.Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    """Signed forms."""

    list_display = ("id", "transaction", "kind", "nonce", "hash", "state", "times_sent")
    list_filter = ("state", "kind")
    search_fields = ("hash",)
    list_select_related = ("transaction",)


@admin.register(models.Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    """Receipts."""

    list_display = ("id", "transaction", "block_number", "block_at", "succeeded", "canonical")
    list_filter = ("succeeded", "canonical")
    list_select_related = ("transaction",)


@admin.register(models.Transition)
class TransitionAdmin(ReadOnlyAdmin):
    """History."""

    list_display = ("at", "subject", "subject_id", "from_state", "to_state", "reason", "actor")
    list_filter = ("subject", "to_state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.Transition]:
        """The newest first."""
        found: QuerySet[models.Transition] = super().get_queryset(request)
        return found.order_by("-id")


@admin.register(models.SignedRequest)
class SignedRequestAdmin(ReadOnlyAdmin):
    """Requests to venues."""

    list_display = ("client_id", "wallet", "protocol", "action", "state")
    list_filter = ("state", "protocol")
    list_select_related = ("wallet",)


@admin.register(models.Limit)
class LimitAdmin(ConsoleAdmin):
    """Numbers that hold."""

    list_display = ("kind", "scope_kind", "scope_value", "amount", "enabled")
    list_filter = ("kind", "scope_kind", "enabled")


@admin.register(models.PolicyRule)
class PolicyRuleAdmin(ReadOnlyAdmin):
    """What may be called; written by the contract registry."""

    list_display = ("signature", "address", "network", "protocol", "enabled")
    list_filter = ("network", "protocol", "enabled")
    search_fields = ("address", "signature")
    list_select_related = ("network",)


@admin.register(models.EmergencyStop)
class EmergencyStopAdmin(ReadOnlyAdmin):
    """The stop switch, as it stands."""

    list_display = ("__str__", "engaged", "mode", "reason", "actor", "changed_at")


@admin.register(models.WorkerCluster)
class WorkerClusterAdmin(ReadOnlyAdmin):
    """Clusters of workers."""

    list_display = ("__str__", "started_at", "beat_at", "fenced_at")


@admin.register(models.WakeUp)
class WakeUpAdmin(ReadOnlyAdmin):
    """Repeating work."""

    list_display = ("key", "enqueued_at", "started_at", "finished_at", "failures", "last_error")


admin.site.register(models.Installation, ReadOnlyAdmin)
admin.site.register(models.SpendReservation, ReadOnlyAdmin)
admin.site.register(models.Allowance, ReadOnlyAdmin)
admin.site.register(models.Lease, ReadOnlyAdmin)
