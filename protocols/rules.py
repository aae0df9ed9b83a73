"""Policy rows of floor 1, as the contract registry writes them."""

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils import timezone

from protocols.actions import Permission
from protocols.models import Deployment
from wallets.models import Network, PolicyRule
from wallets.transactions.arguments import gaps
from wallets.transactions.calldata import selector_of

_REASON_LENGTH = 300
# A rule that is written anew is enabled anew.
_WRITTEN = (
    "signature",
    "arguments",
    "payable",
    "code_hash",
    "source",
    "enabled",
    "disabled_reason",
)


def selector(permission: Permission) -> str:
    """The first four bytes of such a call, as the policy compares them."""
    if permission.signature in PolicyRule.MARKS:
        return permission.signature
    return selector_of(permission.signature)


def missing_checks(permission: Permission) -> list[str]:
    """What the permission leaves open, a phrase for each; the policy refuses such a call."""
    if permission.signature in PolicyRule.MARKS:
        return []
    return gaps(permission.signature, permission.arguments)


def allow(
    *,
    network: Network,
    address: str,
    permissions: Mapping[str, Iterable[Permission]],
    code_hash: str,
    source: str,
) -> None:
    """Let protocols, by slug, make these calls at an address that carries this code."""
    written = {
        (protocol, rule.selector): rule
        for protocol, allowed in permissions.items()
        for rule in (_rule(permission, protocol) for permission in allowed)
    }
    for rule in written.values():
        rule.network, rule.address = network, address
        rule.code_hash, rule.source = code_hash, source
    PolicyRule.objects.bulk_create(
        written.values(),
        update_conflicts=True,
        unique_fields=("network", "address", "selector", "protocol"),
        update_fields=_WRITTEN,
    )


def _rule(permission: Permission, protocol: str) -> PolicyRule:
    return PolicyRule(
        protocol=protocol,
        selector=selector(permission),
        signature=permission.signature,
        arguments=[one.model_dump(mode="json") for one in permission.arguments],
        payable=permission.payable,
    )


def forbid(
    *, network: Network, address: str, protocol: str, permissions: Iterable[Permission], reason: str
) -> None:
    """Take these calls away from a protocol."""
    PolicyRule.objects.filter(
        network=network,
        address=address,
        protocol=protocol,
        selector__in=[selector(permission) for permission in permissions],
    ).update(enabled=False, disabled_reason=reason[:_REASON_LENGTH])


def distrust(*, network: Network, address: str, reason: str) -> bool:
    """Forbid everything at an address, whoever was allowed it; whether anything was in use.

    What was in use stays a finding. What a person has disabled already is none again.
    """
    changes = {"enabled": False, "disabled_reason": reason[:_REASON_LENGTH]}
    with transaction.atomic():
        here = Deployment.objects.filter(network=network, address=address)
        used = here.filter(enabled=True).update(**changes, changed_at=timezone.now(), look_at=None)
        here.update(look_at=None)
        rules = PolicyRule.objects.filter(network=network, address=address)
        allowed = rules.filter(enabled=True).update(**changes)
    return bool(used or allowed)


def recorded_code(*, network: Network, address: str) -> set[str]:
    """The code hashes on record for an address; more than one means a changed contract."""
    hashes: set[str] = set()
    for rows in (Deployment.objects, PolicyRule.objects):
        here = rows.filter(network=network, address=address).exclude(code_hash="")
        hashes.update(here.values_list("code_hash", flat=True))
    return hashes


def recorded_ways(*, network: Network, address: str) -> set[tuple[str, str]]:
    """The implementations on record for an address, each with its beacon."""
    here = Deployment.objects.filter(network=network, address=address).exclude(implementation="")
    return set(here.values_list("implementation", "beacon"))


def adopt_code(*, network: Network, address: str, code_hash: str) -> None:
    """Record the code an operator vouches for, on every row of the address."""
    for rows in (Deployment.objects, PolicyRule.objects):
        here = rows.filter(network=network, address=address).exclude(code_hash="")
        here.update(code_hash=code_hash)


def adopt_way(*, network: Network, address: str, implementation: str, beacon: str) -> None:
    """Record the implementation an operator vouches for, on every row of the address."""
    here = Deployment.objects.filter(network=network, address=address).exclude(implementation="")
    here.update(implementation=implementation, beacon=beacon)
