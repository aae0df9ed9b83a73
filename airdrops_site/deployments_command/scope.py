"""Which deployments are meant by what was typed."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from airdrops_site.answers import BadInput
from airdrops_site.tx.known import require_network, require_protocol
from protocols.models import Deployment
from protocols.services import sync_deployments, sync_protocols

Options = dict[str, Any]


def refresh() -> None:
    """Take in what the installed adapters publish; nothing is enabled by it."""
    sync_protocols()
    sync_deployments()


def chosen(options: Options) -> QuerySet[Deployment]:
    """The deployments of the network and the protocol that were named; all without names."""
    require_network(options["network"])
    require_protocol(options["protocol"])
    rows = Deployment.objects.select_related("network", "protocol")
    if options["network"]:
        rows = rows.filter(network__slug=options["network"])
    if options["protocol"]:
        rows = rows.filter(protocol__slug=options["protocol"])
    return rows.order_by("network__slug", "protocol__slug", "role", "pk")


def named(options: Options) -> QuerySet[Deployment]:
    """As `chosen`, or those whose numbers were given: one of the two."""
    numbers: Sequence[int] = options["numbers"]
    filtered = bool(options["network"] or options["protocol"])
    if bool(numbers) == filtered:
        raise BadInput(
            "name deployments by their numbers, or by --network and --protocol; "
            "`deployments list` shows them"
        )
    if not numbers:
        return chosen(options)
    rows = Deployment.objects.select_related("network", "protocol").filter(pk__in=numbers)
    if missing := set(numbers) - set(rows.values_list("pk", flat=True)):
        raise BadInput(
            f"there is no deployment {min(missing)}; `deployments list` shows their numbers"
        )
    return rows.order_by("pk")
