"""Registering what may be called: deployments proven on chain, and the policy rules they give."""

from django.db import transaction
from django.utils import timezone
from eth_typing import ChecksumAddress

from protocols import rules
from protocols.abi import abi_names
from protocols.actions import ERC20, Adapter
from protocols.deployments import DeploymentError, published_deployments
from protocols.models import Deployment, Protocol
from protocols.registry import adapters, get_adapter
from protocols.verification import prove_code
from wallets.addresses import AddressError, parse_address
from wallets.chain.client import NetworkClient
from wallets.models import Network, Token

__all__ = [
    "DeploymentError",
    "disable_deployment",
    "disable_token",
    "register_deployment",
    "register_token",
    "sync_deployments",
    "sync_protocols",
    "verify_deployment",
]


def sync_protocols() -> None:
    """A row for every adapter there is; the operator's own settings stay."""
    for adapter in adapters().values():
        row, _ = Protocol.objects.get_or_create(slug=adapter.slug, defaults={"name": adapter.name})
        if row.name != adapter.name:
            Protocol.objects.filter(pk=row.pk).update(name=adapter.name)


def sync_deployments() -> int:
    """A disabled row for every published contract on the networks we know; returns how many new.

    What is here already stays as it is, enabled or not.
    """
    protocols = {row.slug: row for row in Protocol.objects.all()}
    networks = {row.chain_id: row for row in Network.objects.all()}
    created = 0
    for adapter in adapters().values():
        for published in published_deployments(adapter):
            if adapter.slug not in protocols or published.chain_id not in networks:
                continue
            _, new = Deployment.objects.get_or_create(
                protocol=protocols[adapter.slug],
                network=networks[published.chain_id],
                role=published.role,
                address=published.address,
                defaults={"abi": published.abi, "source": published.source},
            )
            created += new
    return created


def register_deployment(
    *,
    protocol: Protocol,
    network: Network,
    role: str,
    address: str,
    abi: str,
    source: str,
    client: NetworkClient,
    expected_code_hash: str = "",
) -> Deployment:
    """Enable a contract after finding its code on chain, and allow what its adapter needs.

    A contract whose code is not the recorded one is disabled with all its rules, until somebody
    who has looked at it registers it with the new hash as `expected_code_hash`.
    """
    checked = _usable_address(address)
    _require_abi(get_adapter(protocol.slug), abi)
    if not source:
        raise DeploymentError(f"{role} at {checked} has no source; say where it is published")
    code_hash = prove_code(
        network=network, client=client, address=checked, what=role, expected=expected_code_hash
    )
    with transaction.atomic():
        _require_free_role(protocol, network, role, checked)
        row, _ = Deployment.objects.update_or_create(
            protocol=protocol,
            network=network,
            role=role,
            address=checked,
            defaults={
                "abi": abi,
                "code_hash": code_hash,
                "source": source,
                "verified_at": timezone.now(),
                "enabled": True,
                "disabled_reason": "",
            },
        )
        protocol.networks.add(network)
        _allow_role(row)
    return row


def _allow_role(row: Deployment) -> None:
    rules.allow(
        network=row.network,
        address=row.address,
        protocol=row.protocol.slug,
        permissions=get_adapter(row.protocol.slug).permissions(row.role),
        code_hash=row.code_hash,
        source=row.source,
    )


def verify_deployment(
    *, deployment: Deployment, client: NetworkClient, expected_code_hash: str = ""
) -> Deployment:
    """Look at a recorded contract on chain and enable it, or disable it if its code changed."""
    return register_deployment(
        protocol=deployment.protocol,
        network=deployment.network,
        role=deployment.role,
        address=deployment.address,
        abi=deployment.abi,
        source=deployment.source,
        client=client,
        expected_code_hash=expected_code_hash,
    )


def disable_deployment(*, deployment: Deployment, reason: str) -> None:
    """Take the contract and what its role allowed out of use, with the reason to be read.

    What another enabled role of the same protocol allows at the same address stays.
    """
    same_place = Deployment.objects.filter(
        protocol=deployment.protocol, network=deployment.network, address=deployment.address
    )
    adapter = get_adapter(deployment.protocol.slug)
    with transaction.atomic():
        same_place.filter(pk=deployment.pk).update(enabled=False, disabled_reason=reason[:300])
        others = same_place.filter(enabled=True).values_list("role", flat=True)
        kept = {permission for role in others for permission in adapter.permissions(role)}
        rules.forbid(
            network=deployment.network,
            address=deployment.address,
            protocol=adapter.slug,
            permissions=set(adapter.permissions(deployment.role)) - kept,
            reason=reason,
        )


def register_token(
    *, token: Token, source: str, client: NetworkClient, expected_code_hash: str = ""
) -> None:
    """Let every adapter that handles tokens transfer and approve a registered ERC-20."""
    address = _usable_address(token.address)
    code_hash = prove_code(
        network=token.network,
        client=client,
        address=address,
        what=token.symbol,
        expected=expected_code_hash,
    )
    with transaction.atomic():
        for adapter in adapters().values():
            rules.allow(
                network=token.network,
                address=address,
                protocol=adapter.slug,
                permissions=adapter.permissions(ERC20),
                code_hash=code_hash,
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
