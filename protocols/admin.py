"""The console's pages of floor 2."""

from django.contrib import admin

from protocols.models import Deployment, Protocol
from wallets.console import ConsoleAdmin, ReadOnlyAdmin


@admin.register(Protocol)
class ProtocolAdmin(ConsoleAdmin):
    """Adapters."""

    list_display = ("name", "slug", "enabled")
    readonly_fields = ("slug",)


@admin.register(Deployment)
class DeploymentAdmin(ReadOnlyAdmin):
    """Contracts; registered by the registry after a look at the chain."""

    list_display = ("role", "protocol", "network", "address", "enabled", "verified_at")
    list_filter = ("protocol", "network", "enabled")
    search_fields = ("address", "role")
    list_select_related = ("protocol", "network")
