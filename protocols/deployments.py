"""The addresses an adapter knows from publications: `deployments.toml` beside it.

They are where to look, not what to trust: each stays disabled until its code was found on chain.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from eth_typing import ChecksumAddress

from protocols.abi import abi_names
from protocols.actions import Adapter
from wallets.addresses import AddressError, parse_address

_KEYS = {"chain_id", "role", "address", "abi", "source"}
_MAY_HAVE = {"verified_at", "disabled"}
_REASON_LENGTH = 300


class DeploymentError(Exception):
    """A contract cannot be registered; one sentence, and it stays or becomes disabled."""


@dataclass(frozen=True, slots=True)
class PublishedDeployment:
    """A contract as it was published, with where, and when that was looked up.

    That date may stand once, above all entries. `disabled` says why it is not to be used; empty
    for most.
    """

    chain_id: int
    role: str
    address: ChecksumAddress
    abi: str
    source: str
    verified_at: date | None = None
    disabled: str = ""


@cache
def _content(package: str) -> Mapping[str, Any]:
    path = files(package) / "deployments.toml"
    if not path.is_file():
        return {}
    where = f"{package}/deployments.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DeploymentError(f"{where} cannot be read: {error}") from error
    if unknown := content.keys() - {"deployment", "verified_at"}:
        raise DeploymentError(f"{where} has {min(unknown)}, which nothing reads; remove it")
    return content


def published_deployments(adapter: Adapter) -> tuple[PublishedDeployment, ...]:
    """All entries of the adapter's file, or DeploymentError for the first wrong one."""
    abis, content = abi_names(adapter.package), _content(adapter.package)
    looked_up = {"verified_at": content["verified_at"]} if "verified_at" in content else {}
    return tuple(
        _read(
            {**looked_up, **entry},
            f"deployment {place} of {adapter.package}/deployments.toml",
            abis,
        )
        for place, entry in enumerate(content.get("deployment", ()), start=1)
    )


def _read(entry: Mapping[str, Any], where: str, abis: tuple[str, ...]) -> PublishedDeployment:
    if entry.keys() - _MAY_HAVE != _KEYS:
        raise DeploymentError(
            f"{where} has the keys {sorted(entry)}; it needs exactly {sorted(_KEYS)}, and may "
            f"have {sorted(_MAY_HAVE)}"
        )
    if entry["abi"] not in abis:
        raise DeploymentError(f"{where} names the ABI {entry['abi']}; there are {', '.join(abis)}")
    if not entry["source"]:
        raise DeploymentError(f"{where} has no source; say where the address is published")
    return PublishedDeployment(
        chain_id=int(entry["chain_id"]),
        role=str(entry["role"]),
        address=_strict_address(entry["address"], where),
        abi=str(entry["abi"]),
        source=str(entry["source"]),
        verified_at=_date(entry.get("verified_at"), where),
        disabled=_reason(entry.get("disabled", ""), where),
    )


def _date(value: Any, where: str) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise DeploymentError(f"{where}: verified_at is {value!r}; write a date, like 2026-11-26")


def _reason(value: Any, where: str) -> str:
    if isinstance(value, str) and len(value) <= _REASON_LENGTH and value == value.strip():
        return value
    raise DeploymentError(
        f"{where}: disabled is {value!r}; write why in {_REASON_LENGTH} letters at most"
    )


def _strict_address(text: Any, where: str) -> ChecksumAddress:
    """An address whose letters carry the checksum: a typing error must not pass."""
    try:
        address = parse_address(text)
    except AddressError as error:
        raise DeploymentError(f"{where}: {error}") from error
    if text != address:
        raise DeploymentError(f"{where}: write {text} with its checksum, {address}")
    return address
