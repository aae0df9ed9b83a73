"""Registering what may be called: deployments proven on chain, and the policy rules they give."""

from django.db import transaction
from django.utils import timezone
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.crypto import keccak

from protocols.actions import Permission
from protocols.models import Deployment, Protocol
from protocols.registry import adapters, get_adapter
from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient
from wallets.models import Network, PolicyRule, Token

# What adapters may do with any registered token of ours.
TOKEN_PERMISSIONS = (
    Permission("erc20", "transfer(address,uint256)"),
    Permission("erc20", "approve(address,uint256)"),
)


class DeploymentError(Exception):
    """The contract cannot be registered; one sentence, and it stays or becomes disabled."""


def sync_protocols() -> None:
    """A row for every adapter there is; the operator's own settings stay."""
    for adapter in adapters().values():
        Protocol.objects.get_or_create(slug=adapter.slug, defaults={"name": adapter.name})


def register_deployment(
    *,
    protocol: Protocol,
    network: Network,
    role: str,
    address: str,
    abi: str,
    source: str,
    client: NetworkClient,
) -> Deployment:
    """Enable a contract after finding its code on chain, and allow what its adapter needs.

    A contract whose code is not the recorded one is disabled with all its rules.
    """
    checked = parse_address(address)
    code_hash = _code_hash(client, checked, role)
    known = Deployment.objects.filter(
        protocol=protocol, network=network, role=role, address=checked
    ).first()
    if known and known.code_hash not in ("", code_hash):
        reason = f"its code changed from {known.code_hash} to {code_hash}"
        disable_deployment(deployment=known, reason=reason)
        raise DeploymentError(f"{role} at {checked} on {network.name} is disabled: {reason}")
    permissions = [
        permission
        for action in get_adapter(protocol.slug).actions.values()
        for permission in action.permissions
        if permission.role == role
    ]
    with transaction.atomic():
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
        for permission in permissions:
            _allow(network, checked, protocol.slug, permission, code_hash, source)
    return row


def register_token(*, token: Token, source: str, client: NetworkClient) -> None:
    """Allow `evm` to transfer and approve a registered ERC-20."""
    address = parse_address(token.address)
    code_hash = _code_hash(client, address, token.symbol)
    with transaction.atomic():
        for permission in TOKEN_PERMISSIONS:
            _allow(token.network, address, "evm", permission, code_hash, source)


def disable_deployment(*, deployment: Deployment, reason: str) -> None:
    """Forbid every call to the contract, with the reason the operator will read."""
    with transaction.atomic():
        Deployment.objects.filter(pk=deployment.pk).update(
            enabled=False, disabled_reason=reason[:300]
        )
        PolicyRule.objects.filter(
            network=deployment.network,
            address=deployment.address,
            protocol=deployment.protocol.slug,
        ).update(enabled=False, disabled_reason=reason[:300])


def _code_hash(client: NetworkClient, address: str, role: str) -> str:
    code = client.code(parse_address(address))
    if not code:
        raise DeploymentError(
            f"there is no contract at {address} ({role}) on {client.network.name}; "
            "check address and network"
        )
    return "0x" + keccak(code).hex()


def _allow(
    network: Network,
    address: str,
    protocol: str,
    permission: Permission,
    code_hash: str,
    source: str,
) -> None:
    PolicyRule.objects.update_or_create(
        network=network,
        address=address,
        selector="0x" + function_signature_to_4byte_selector(permission.signature).hex(),
        protocol=protocol,
        defaults={
            "signature": permission.signature,
            "code_hash": code_hash,
            "source": source,
            "enabled": True,
            "disabled_reason": "",
        },
    )
