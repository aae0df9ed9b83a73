"""Keys in variables, as operators of older systems keep them: WALLET_PRIVATE_KEY_<NAME>.

A worker takes them out of its environment before it forks: what dumps or inherits an environment
then has none of them. (The kernel still shows the first environment to the same user and root.)
"""

import os
import re
from typing import Any

from django.conf import settings

from wallets.signers.interface import SignerError, WrongKey
from wallets.signers.keystore import account_of
from wallets.signers.local import LocalSigner
from wallets.signers.process import require_signing_process

KEY, ADDRESS = "WALLET_PRIVATE_KEY_", "WALLET_ADDRESS_"
_NAME = re.compile(r"[A-Z0-9_]{1,80}", re.ASCII)


class _Taken(dict[str, str]):
    """Variables that were taken; shows nothing of itself."""

    def __repr__(self) -> str:
        return f"<{len(self)} taken variables>"

    def __reduce__(self) -> Any:
        raise TypeError("keys are never pickled")


_taken = _Taken()


def take_keys() -> None:
    """Move the keys of this process' environment where no dump of it and no child finds them."""
    for name in [name for name in os.environ if name.startswith(KEY)]:
        _taken[name] = os.environ.pop(name)


def open_environment(reference: str) -> LocalSigner:
    """The signer whose key is in the variable of this name."""
    require_signing_process()
    require_allowed()
    if reason := refuse_name(reference):
        raise SignerError(reason)
    name = KEY + reference
    key = _taken.get(name) or os.environ.get(name, "")
    if not key:
        raise SignerError(f"{name} is not set in the environment of this process")
    signer = LocalSigner(account_of(key, what=name))
    _require_said_address(reference, signer)
    return signer


def require_allowed() -> None:
    """SignerError in production, unless the operator wants keys in variables there too."""
    if settings.PRODUCTION and not settings.ALLOW_ENVIRONMENT_KEYS:
        raise SignerError(
            "keys in environment variables are for development; keep them in keystores or a "
            "remote signer (`wallets import-env --keystores` makes keystores of them), or set "
            "AIRDROPS_ALLOW_ENVIRONMENT_KEYS=true"
        )


def refuse_name(reference: str) -> str:
    """Why the text cannot name a variable; empty if it may."""
    if _NAME.fullmatch(reference) and not re.fullmatch(r"(0X)?[0-9A-F]{64}", reference):
        return ""
    return "a variable is named by what follows WALLET_PRIVATE_KEY_: capitals, digits and _ only"


def _require_said_address(reference: str, signer: LocalSigner) -> None:
    said = os.environ.get(ADDRESS + reference, "").strip()
    if said and said.lower() != signer.address.lower():
        raise WrongKey(
            f"{KEY}{reference} is the key of {signer.address}, but {ADDRESS}{reference} says {said}"
        )
