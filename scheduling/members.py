"""Which wallets a task runs with: its own, those of its groups, and those with its tags."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from scheduling.models import Task
from wallets.models import Wallet


@dataclass(frozen=True, slots=True)
class Member:
    """A wallet, and the parameters that the task has for it alone."""

    wallet: Wallet
    params: Mapping[str, Any]


def wallets_of(task: Task) -> QuerySet[Wallet]:
    """Each once, by label; retired ones never."""
    grouped = Q(group__in=task.groups.values("pk"))
    tagged = Q(
        pk__in=Wallet.tags.through.objects.filter(wallettag__in=task.tags.values("pk")).values(
            "wallet"
        )
    )
    own = Q(pk__in=task.task_wallets.values("wallet"))
    rows = Wallet.objects.exclude(status=Wallet.Status.RETIRED)
    return rows.filter(own | grouped | tagged).order_by("label")


def members_of(task: Task) -> list[Member]:
    """The wallets as they are now, with two questions however many there are."""
    own = dict(task.task_wallets.values_list("wallet", "params"))
    return [Member(wallet, own.get(wallet.pk, {})) for wallet in wallets_of(task)]
