"""Filters that do not read a long table to know their choices."""

from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from wallets.minimums import balances_under_minimum
from wallets.models import PolicyRule


class ProtocolFilter(SimpleListFilter):
    """By protocol: those that have policy rules."""

    title = "protocol"
    parameter_name = "protocol"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """A slug each."""
        slugs = PolicyRule.objects.order_by("protocol").values_list("protocol", flat=True)
        return [(slug, slug) for slug in slugs.distinct()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the chosen protocol."""
        slug = self.value()
        return queryset.filter(protocol=slug) if slug else queryset


class UnderMinimumFilter(SimpleListFilter):
    """Balances below a minimum that covers them."""

    title = "minimum"
    parameter_name = "minimum"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """One choice."""
        return [("under", "Below it")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows below, or all."""
        if self.value() != "under":
            return queryset
        return queryset.filter(pk__in=balances_under_minimum().values("pk"))
