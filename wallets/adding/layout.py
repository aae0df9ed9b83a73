"""Wallets of an older system: WALLET_PRIVATE_KEY_<NAME> and WALLET_ADDRESS_<NAME>."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from wallets.adding.rows import NewWallet, Refusal, new_wallet
from wallets.signers.environment import ADDRESS, KEY, refuse_name
from wallets.signers.interface import SignerError
from wallets.signers.keystore import account_of, keep_key

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """One name of the layout. Its repr shows the name and nothing more."""

    name: str
    address: str
    key: str

    def __repr__(self) -> str:
        return f"<Found {self.name}>"


def read_env_file(path: Path) -> dict[str, str]:
    """NAME=value lines, as shells and .env files write them; SignerError where it is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        raise SignerError(f"{path} cannot be read") from None
    return dict(_variables(lines))


def found_in(variables: Mapping[str, str]) -> list[Found]:
    """What the layout names, in order of the names."""
    names = {name.removeprefix(KEY) for name in variables if name.startswith(KEY)}
    names |= {name.removeprefix(ADDRESS) for name in variables if name.startswith(ADDRESS)}
    return [
        Found(name, variables.get(ADDRESS + name, "").strip(), variables.get(KEY + name, ""))
        for name in sorted(names)
    ]


def as_references(found: list[Found], *, group: str = "") -> Iterator[NewWallet | Refusal]:
    """Wallets whose keys stay in the variables; those without a key are watched."""
    for one in found:
        signer = f"environment:{one.name}" if one.key else "watch_only"
        yield _wallet(one, signer, group)


def as_watched(found: list[Found], *, group: str = "") -> Iterator[NewWallet | Refusal]:
    """The same addresses without their keys: what there is to check before keys are copied."""
    for one in found:
        yield _wallet(one, "watch_only", group)


def as_keystores(found: list[Found], *, group: str = "") -> Iterator[NewWallet | Refusal]:
    """The same with the keys copied into keystore files of ours, one by one as they are asked."""
    for one in found:
        if not one.key:
            yield _wallet(one, "watch_only", group)
            continue
        _, name = keep_key(one.key, label=one.name)
        yield _wallet(one, f"keystore:{name}", group)


def _wallet(one: Found, signer: str, group: str) -> NewWallet | Refusal:
    try:
        address = _address(one)
    except SignerError as error:
        return Refusal(0, str(error))
    label = one.name.lower().replace("_", "-")
    return new_wallet(label=label, address=address, signer=signer, group=group)


def _address(one: Found) -> str:
    if reason := refuse_name(one.name):
        raise SignerError(reason)
    if not one.key:
        return one.address
    account = account_of(one.key, what=KEY + one.name)
    if one.address and one.address.lower() != account.address.lower():
        raise SignerError(
            f"{KEY}{one.name} is the key of {account.address}, but {ADDRESS}{one.name} says "
            f"{one.address[:42]}"
        )
    return account.address


def _variables(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        match = _LINE.fullmatch(line)
        if match:
            yield match[1], _unquoted(match[2])


def _unquoted(value: str) -> str:
    if value[:1] in ("'", '"'):
        return value[1:].partition(value[0])[0]
    return value.partition(" #")[0].strip()
