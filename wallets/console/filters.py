"""Filters that do not read a long table to know their choices."""

from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from wallets.minimums import balances_under_minimum
from wallets.models import Allowance, PolicyRule, Wallet
from wallets.models.allowances import UNLIMITED
from wallets.selectors import pending_transactions, stuck_transactions

# A filter is no directory: the search box finds any wallet by its label.
MOST_WALLETS = 50


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


class WalletFilter(SimpleListFilter):
    """By wallet; under the name by which other pages link to a wallet's rows."""

    title = "wallet"
    parameter_name = "lane__wallet__id__exact"
    of = "lane__wallet"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """The first wallets, by label, and the one that is chosen."""
        found = Wallet.objects.order_by("label").values_list("pk", "label")
        names = {str(pk): label for pk, label in found[:MOST_WALLETS]}
        chosen = self.value()
        if chosen and chosen.isdecimal() and len(chosen) < 19 and chosen not in names:
            names |= {str(pk): label for pk, label in found.filter(pk=chosen)}
        return list(names.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the chosen wallet; none for what is no wallet."""
        chosen = self.value()
        if not chosen:
            return queryset
        known = {key for key, _ in self.lookup_choices}
        return queryset.filter(**{self.of: chosen}) if chosen in known else queryset.none()


class OwnerFilter(WalletFilter):
    """By wallet, where the rows themselves have one."""

    parameter_name = "wallet__id__exact"
    of = "wallet"


class SpenderFilter(SimpleListFilter):
    """By spender: those that some allowance is known of."""

    title = "spender"
    parameter_name = "spender"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """An address each; any other is found by the search box."""
        found = Allowance.objects.order_by("spender").values_list("spender", flat=True)
        return [(one, f"{one[:8]}…{one[-6:]}") for one in found.distinct()[:MOST_WALLETS]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the chosen one."""
        chosen = self.value()
        return queryset.filter(spender=chosen) if chosen else queryset


class StandingFilter(SimpleListFilter):
    """Allowances by how they stand."""

    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """What is open for sure, and what nobody knows."""
        return [
            ("open", "Open"),
            ("unlimited", "Open: unlimited"),
            ("unknown", "Not known"),
            ("none", "Nothing left"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that stand so."""
        match self.value():
            case "open":
                return queryset.filter(amount__gt=0)
            case "unlimited":
                return queryset.filter(UNLIMITED)
            case "unknown":
                return queryset.filter(amount=None)
            case "none":
                return queryset.filter(amount=0)
        return queryset


class ProgressFilter(SimpleListFilter):
    """Transactions that wait for their block, in time or overdue."""

    title = "progress"
    parameter_name = "progress"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Both."""
        return [("pending", "Pending: in no block yet"), ("stuck", "Stuck: overdue for a block")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """As `tx pending` and its `--stuck` find them."""
        match self.value():
            case "pending":
                return queryset.filter(pk__in=pending_transactions().values("pk"))
            case "stuck":
                return queryset.filter(pk__in=stuck_transactions().values("pk"))
        return queryset


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
