"""Keys derived from a seed phrase (BIP-39, BIP-32, BIP-44), which is kept in an encrypted file.

A reference is `file.json#index`. The file names its path, by default m/44'/60'/0'/0, and holds the
phrase and its BIP-39 passphrase encrypted as a keystore holds a key.
"""

import json
import re
from functools import lru_cache
from typing import Any

from eth_account import Account
from eth_account.hdaccount import generate_mnemonic, seed_from_mnemonic
from eth_account.hdaccount.deterministic import HDPath
from eth_account.types import Language
from eth_utils.exceptions import ValidationError

from wallets.signers.interface import SignerError
from wallets.signers.local import LocalSigner
from wallets.signers.passphrases import passphrase
from wallets.signers.process import require_signing_process
from wallets.signers.vault import file_name as new_name
from wallets.signers.vault import (
    is_file_name,
    read_file,
    seal,
    unseal,
    vault_path,
    write_file,
)

DEFAULT_PATH = "m/44'/60'/0'/0"
WORDS = (12, 15, 18, 21, 24)
_KIND = "airdrops-mnemonic"
_PATH = re.compile(r"m(/\d{1,10}'?)+")
_LARGEST_INDEX = 2**31 - 1


class _Seed:
    """What keys are derived from; shows nothing of itself."""

    __slots__ = ("path", "seed")

    def __init__(self, seed: bytes, path: str) -> None:
        self.seed, self.path = seed, path

    def __repr__(self) -> str:
        return "<a seed>"

    def __reduce__(self) -> Any:
        raise TypeError("a seed is never pickled")

    def signer(self, index: int) -> LocalSigner:
        """The signer of one index."""
        return LocalSigner(Account.from_key(HDPath(f"{self.path}/{index}").derive(self.seed)))


def new_phrase(words: int = 24) -> str:
    """A phrase that nobody has had before."""
    return generate_mnemonic(words, Language.ENGLISH)


def keep_phrase(
    phrase: str,
    *,
    label: str,
    extra: str = "",
    path: str = DEFAULT_PATH,
    scrypt_n: int | None = None,
) -> str:
    """Keep a phrase (and its BIP-39 passphrase, `extra`) in a new file; the file's name."""
    require_signing_process()
    phrase = " ".join(phrase.split())
    _require_path(path)
    first = _Seed(_stretch(phrase, extra), path).signer(0).address
    secret = json.dumps({"mnemonic": phrase, "passphrase": extra}).encode()
    name = new_name(label, first[2:10])
    crypto = seal(secret, passphrase(), scrypt_n=scrypt_n)
    write_file(name, {"kind": _KIND, "version": 1, "path": path, "crypto": crypto})
    return name


def open_mnemonic(reference: str) -> LocalSigner:
    """The signer of `file.json#index`."""
    require_signing_process()
    if reason := refuse_reference(reference):
        raise SignerError(reason)
    name, _, index = reference.partition("#")
    return _seed_of(name).signer(int(index))


def refuse_reference(reference: str) -> str:
    """Why the text cannot be a place in a phrase's file; empty if it may."""
    name, _, index = reference.partition("#")
    if not is_file_name(name) or not re.fullmatch(r"0|[1-9]\d{0,9}", index, re.ASCII):
        return f"{reference!r} is not like phrase.json#7: a file of the keystore folder, an index"
    if int(index) > _LARGEST_INDEX:
        return f"index {index} is above {_LARGEST_INDEX}"
    return ""


@lru_cache(maxsize=64)
def _seed_of(name: str) -> _Seed:
    """Opened once per process: the file's scrypt is slow on purpose, its thousand keys are not."""
    what = f"seed phrase {name}"
    content = read_file(vault_path(name), what=what)
    if not isinstance(content, dict) or content.get("kind") != _KIND:
        raise SignerError(f"{name} holds no seed phrase")
    path = str(content.get("path", ""))
    _require_path(path)
    opened = unseal({"version": 3, "crypto": content.get("crypto")}, passphrase(), what=what)
    try:
        secret = json.loads(opened)
        return _Seed(_stretch(secret["mnemonic"], secret["passphrase"]), path)
    except (ValueError, KeyError, TypeError):
        raise SignerError(f"{what} is damaged inside") from None


def _stretch(phrase: str, extra: str) -> bytes:
    if len(phrase.split()) not in WORDS:
        raise SignerError(f"a seed phrase has {', '.join(map(str, WORDS))} words")
    try:
        return seed_from_mnemonic(phrase, extra)
    except (ValueError, ValidationError):
        # The library's own message quotes the phrase: it is left behind on purpose.
        raise SignerError(
            "this is no BIP-39 seed phrase: a word is not in the list or the checksum is wrong"
        ) from None


def _require_path(path: str) -> None:
    if not _PATH.fullmatch(path):
        raise SignerError(f"{path!r} is not a derivation path like {DEFAULT_PATH}")
