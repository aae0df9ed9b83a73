"""What consoles may ask of floor 2."""

from collections.abc import Iterator, Sequence

from django.db.models import QuerySet

from protocols.abi import Abi, abi_names, load_abi
from protocols.codec import DecodedCall
from protocols.models import Deployment
from protocols.registry import adapters
from wallets.chain.reverts import KnownError


def describe_call(*, protocol: str, data: bytes) -> DecodedCall | None:
    """Calldata as a person reads it, by the protocol's own ABIs first; None if none fits."""
    for abi in _abis(protocol):
        if decoded := abi.decode_call(data):
            return decoded
    return None


def known_errors() -> Iterator[KnownError]:
    """The custom errors of every ABI of every adapter."""
    for abi in _abis(""):
        yield from abi.errors


def deployed_contracts(addresses: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Those of the addresses that are contracts of a protocol, and which."""
    for row in Deployment.objects.filter(address__in=addresses).select_related("network"):
        yield row.address, f"the contract {row}"


def changed_deployments() -> QuerySet[Deployment]:
    """Those where another contract was found, which no person has seen to yet."""
    return Deployment.objects.filter(changed_at__isnull=False)


def _abis(protocol: str) -> Iterator[Abi]:
    for adapter in sorted(adapters().values(), key=lambda adapter: adapter.slug != protocol):
        for name in abi_names(adapter.package):
            yield load_abi(adapter.package, name)
