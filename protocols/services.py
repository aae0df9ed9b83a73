"""Registering what may be called: deployments proven on chain, and the policy rules they give."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from eth_typing import ChecksumAddress

from protocols import rules
from protocols.abi import abi_names
from protocols.actions import ERC20, Adapter, Permission
from protocols.deployments import DeploymentError, PublishedDeployment, published_deployments
from protocols.models import Deployment, Protocol
from protocols.points import ContractPoint
from protocols.registry import adapters, get_adapter
from protocols.verification import NOTHING_VOUCHED, Standing, Vouched, prove_contract
from wallets.address_book import Person, require_right
from wallets.addresses import AddressError, parse_address
from wallets.chain.client import NetworkClient
from wallets.models import Network, Token
from wallets.transactions.points import reached
from wallets.transitions import recorded

HISTORY = "deployment"
REASON_LENGTH = 300
# So often the workers look whether what is enabled is still what it was.
VERIFY_EVERY = timedelta(hours=6)

__all__ = [
    "DeploymentError",
    "disable_deployment",
    "disable_token",
    "override_doubt",
    "permissions_of",
    "register_deployment",
    "register_token",
    "sync_deployments",
    "sync_protocols",
    "verify_deployment",
]


def sync_protocols() -> None:
    """A row for every adapter there is; the operator's own settings stay."""
    known = dict(Protocol.objects.values_list("slug", "name"))
    for adapter in adapters().values():
        if adapter.slug not in known:
            Protocol.objects.get_or_create(slug=adapter.slug, defaults={"name": adapter.name})
        elif known[adapter.slug] != adapter.name:
            Protocol.objects.filter(slug=adapter.slug).update(name=adapter.name)


def sync_deployments() -> int:
    """A disabled row for every published contract on the networks we know; returns how many new.

    What is here already stays as it is, enabled or not; but what is published as not to be used
    is disabled, until a person overrides that reason.
    """
    protocols = {row.slug: row for row in Protocol.objects.all()}
    networks = {row.chain_id: row for row in Network.objects.all()}
    known = {
        (row.protocol_id, row.network_id, row.role, row.address): row
        for row in Deployment.objects.select_related("protocol", "network")
    }
    created = 0
    for adapter in adapters().values():
        for published in published_deployments(adapter):
            if adapter.slug not in protocols or published.chain_id not in networks:
                continue
            protocol, network = protocols[adapter.slug], networks[published.chain_id]
            row = known.get((protocol.pk, network.pk, published.role, published.address))
            created += _take_in(published, row, protocol, network)
    return created


def _take_in(
    published: PublishedDeployment, row: Deployment | None, protocol: Protocol, network: Network
) -> bool:
    """Whether it is new."""
    if row is not None:
        _hear(row, published)
        return False
    _, new = Deployment.objects.get_or_create(
        protocol=protocol,
        network=network,
        role=published.role,
        address=published.address,
        defaults={
            "abi": published.abi,
            "source": published.source,
            "sourced_on": published.verified_at,
            "doubt": published.disabled,
            "disabled_reason": published.disabled,
        },
    )
    return new


def _hear(row: Deployment, published: PublishedDeployment) -> None:
    """Take over what the publication says now of when it was looked up, and whether to use it."""
    if row.sourced_on != published.verified_at:
        Deployment.objects.filter(pk=row.pk).update(sourced_on=published.verified_at)
    if row.doubt == published.disabled:
        return
    with transaction.atomic():
        if published.disabled:
            disable_deployment(deployment=row, reason=published.disabled)
        # An override was for the reason that stood here before.
        same = Deployment.objects.filter(pk=row.pk)
        same.update(doubt=published.disabled, doubt_overridden="")
    recorded(HISTORY, row.pk, _word(row), "doubted", actor="", reason=published.disabled)


def register_deployment(
    *,
    protocol: Protocol,
    network: Network,
    role: str,
    address: str,
    abi: str,
    source: str,
    client: NetworkClient,
    vouched: Vouched = NOTHING_VOUCHED,
    actor: str = "",
) -> Deployment:
    """Enable a contract after finding it on chain, and allow what its adapter needs.

    A contract that is not the recorded one is disabled with all its rules, until somebody who
    has looked at it registers it as `vouched`.
    """
    checked = _usable_address(address)
    _require_abi(get_adapter(protocol.slug), abi)
    if not source:
        raise DeploymentError(f"{role} at {checked} has no source; say where it is published")
    same = Deployment.objects.filter(
        protocol=protocol, network=network, role=role, address=checked
    ).select_related("protocol", "network")
    require_no_doubt(same.first())
    seen = _standing_of(network, checked)
    found = prove_contract(
        network=network, client=client, address=checked, what=role, vouched=vouched
    )
    reached(ContractPoint.PROVEN)
    with transaction.atomic():
        _require_free_role(protocol, network, role, checked)
        _require_as_seen(network, checked, seen)
        before = same.first()
        require_no_doubt(before)
        row, _ = Deployment.objects.update_or_create(
            protocol=protocol,
            network=network,
            role=role,
            address=checked,
            defaults={"abi": abi, "source": source, **_enabled_as(found)},
        )
        protocol.networks.add(network)
        _allow_role(row)
        if before is None or not before.enabled:
            was = _word(before) if before else ""
            reason = f"code {found.code_hash}, implementation {found.implementation}"
            recorded(HISTORY, row.pk, was, "enabled", actor=actor, reason=reason)
    return row


def _standing_of(network: Network, address: str) -> dict[int, tuple[Any, ...]]:
    """Which rows of the address are in use, and what was found of them."""
    here = Deployment.objects.filter(network=network, address=address)
    return {row.pk: (row.enabled, row.changed_at) for row in here.order_by("pk")}


def _require_as_seen(network: Network, address: str, seen: dict[int, tuple[Any, ...]]) -> None:
    """A look at the chain is not good against what was found or decided since; rows are locked."""
    here = Deployment.objects.select_for_update().filter(network=network, address=address)
    list(here.order_by("pk"))
    now = _standing_of(network, address)
    if any(now.get(pk) != was for pk, was in seen.items()):
        raise DeploymentError(
            f"{address} on {network.name} was disabled or enabled while it was looked at; see why, "
            "and try again"
        )


def _enabled_as(found: Standing) -> dict[str, Any]:
    now = timezone.now()
    return {
        "code_hash": found.code_hash,
        "implementation": found.implementation,
        "beacon": found.beacon,
        "verified_at": now,
        "look_at": now + VERIFY_EVERY,
        "changed_at": None,
        "enabled": True,
        "disabled_reason": "",
    }


def is_doubted(row: Deployment) -> bool:
    """Whether it is published as not to be used, and no person overrode that."""
    return bool(row.doubt) and not row.doubt_overridden


def require_no_doubt(row: Deployment | None) -> None:
    """DeploymentError for what is published as not to be used, unless a person overrode that."""
    if row is not None and is_doubted(row):
        raise DeploymentError(
            f"{row.role} at {row.address} is published as not to be used: {row.doubt}; somebody "
            "who knows better says so with --override-reason"
        )


def override_doubt(*, deployment: Deployment, person: Person, reason: str) -> None:
    """Let a person who knows better use what is published as not to be used."""
    require_right(person, "protocols.vouch_deployment")
    if not deployment.doubt:
        raise DeploymentError(f"{deployment} is published without a doubt; enable it")
    kept = f"{person.get_username()}: {reason}"
    if len(kept) > REASON_LENGTH:
        raise DeploymentError(f"the reason is longer than {REASON_LENGTH} letters; shorten it")
    with transaction.atomic():
        same = Deployment.objects.filter(pk=deployment.pk, doubt=deployment.doubt)
        if not same.update(doubt_overridden=kept):
            raise DeploymentError(f"{deployment} was changed meanwhile; look at it and try again")
        actor = f"user {person.get_username()}"
        recorded(HISTORY, deployment.pk, "doubted", "overridden", actor=actor, reason=reason)
    deployment.doubt_overridden = kept


def permissions_of(row: Deployment) -> tuple[Permission, ...]:
    """What its adapter may call there once it is enabled."""
    return get_adapter(row.protocol.slug).permissions(row.role)


def _allow_role(row: Deployment) -> None:
    rules.allow(
        network=row.network,
        address=row.address,
        permissions={row.protocol.slug: permissions_of(row)},
        code_hash=row.code_hash,
        source=row.source,
    )


def verify_deployment(
    *,
    deployment: Deployment,
    client: NetworkClient,
    vouched: Vouched = NOTHING_VOUCHED,
    actor: str = "",
) -> Deployment:
    """Look at a recorded contract on chain and enable it, or disable it if it has changed."""
    return register_deployment(
        protocol=deployment.protocol,
        network=deployment.network,
        role=deployment.role,
        address=deployment.address,
        abi=deployment.abi,
        source=deployment.source,
        client=client,
        vouched=vouched,
        actor=actor,
    )


def disable_deployment(*, deployment: Deployment, reason: str, actor: str = "") -> None:
    """Take the contract and what its role allowed out of use, with the reason to be read.

    What another enabled role of the same protocol allows at the same address stays. A change that
    was found there has been seen to by that.
    """
    same_place = Deployment.objects.filter(
        protocol=deployment.protocol, network=deployment.network, address=deployment.address
    )
    adapter = get_adapter(deployment.protocol.slug)
    with transaction.atomic():
        same_place.filter(pk=deployment.pk).update(
            enabled=False,
            disabled_reason=reason[:REASON_LENGTH],
            look_at=None,
            changed_at=None,
            # Who uses it again in spite of a doubt answers for that again.
            doubt_overridden="",
        )
        others = same_place.filter(enabled=True).values_list("role", flat=True)
        kept = {permission for role in others for permission in adapter.permissions(role)}
        rules.forbid(
            network=deployment.network,
            address=deployment.address,
            protocol=adapter.slug,
            permissions=set(adapter.permissions(deployment.role)) - kept,
            reason=reason,
        )
        was = _word(deployment)
        recorded(HISTORY, deployment.pk, was, "disabled", actor=actor, reason=reason)


def register_token(
    *, token: Token, source: str, client: NetworkClient, vouched: Vouched = NOTHING_VOUCHED
) -> None:
    """Let every adapter that handles tokens transfer and approve a registered ERC-20."""
    address = _usable_address(token.address)
    found = prove_contract(
        network=token.network,
        client=client,
        address=address,
        what=token.symbol,
        vouched=vouched,
    )
    rules.allow(
        network=token.network,
        address=address,
        permissions={one.slug: one.permissions(ERC20) for one in adapters().values()},
        code_hash=found.code_hash,
        source=source,
    )


def disable_token(*, token: Token, reason: str) -> None:
    """Take the token out of use: nothing transfers or approves it any more."""
    with transaction.atomic():
        Token.objects.filter(pk=token.pk).update(enabled=False)
        for adapter in adapters().values():
            rules.forbid(
                network=token.network,
                address=token.address,
                protocol=adapter.slug,
                permissions=adapter.permissions(ERC20),
                reason=reason,
            )


def _word(row: Deployment) -> str:
    return "enabled" if row.enabled else "disabled"


def _usable_address(text: str) -> ChecksumAddress:
    try:
        return parse_address(text)
    except AddressError as error:
        raise DeploymentError(str(error)) from error


def _require_abi(adapter: Adapter, abi: str) -> None:
    names = abi_names(adapter.package)
    if abi not in names:
        raise DeploymentError(f"{adapter.slug} has no ABI {abi}; it has {', '.join(names)}")


def _require_free_role(protocol: Protocol, network: Network, role: str, address: str) -> None:
    other = (
        Deployment.objects.filter(protocol=protocol, network=network, role=role, enabled=True)
        .exclude(address=address)
        .first()
    )
    if other is not None:
        raise DeploymentError(
            f"{role} on {network.name} is {other.address} already; disable that first, or name "
            f"this one {role}-something"
        )
