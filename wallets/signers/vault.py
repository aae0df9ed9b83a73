"""Secrets in files of our own: as a V3 keystore encrypts a key (scrypt, AES-CTR, keccak MAC)."""

import hashlib
import json
import os
import re
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from eth_keyfile.keyfile import decode_keyfile_json, encrypt_aes_ctr
from eth_utils.crypto import keccak

from wallets.signers.interface import SignerError

_R, _LENGTH = 8, 32
_FILE_NAME = re.compile(r"\w[\w.-]{0,99}\.json", re.ASCII)


def seal(secret: bytes, passphrase: str, *, scrypt_n: int | None = None) -> dict[str, Any]:
    """The `crypto` part of a V3 keystore around any bytes."""
    scrypt_n = scrypt_n or 2**settings.KEYSTORE_SCRYPT_LOG2
    salt, iv = secrets.token_bytes(16), secrets.token_bytes(16)
    derived = hashlib.scrypt(
        passphrase.encode(),
        salt=salt,
        n=scrypt_n,
        r=_R,
        p=1,
        maxmem=2**20 + 256 * _R * scrypt_n,
        dklen=_LENGTH,
    )
    ciphertext = encrypt_aes_ctr(secret, derived[:16], int.from_bytes(iv, "big"))
    return {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": iv.hex()},
        "ciphertext": ciphertext.hex(),
        "kdf": "scrypt",
        "kdfparams": {"dklen": _LENGTH, "n": scrypt_n, "r": _R, "p": 1, "salt": salt.hex()},
        "mac": keccak(derived[16:] + ciphertext).hex(),
    }


def unseal(content: Any, passphrase: str, *, what: str) -> bytes:
    """What is inside; SignerError, without the library's words, where it does not open."""
    try:
        return bytes(decode_keyfile_json(content, passphrase))
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError, NotImplementedError):
        # The library's own message may quote the file: it is left behind on purpose.
        raise SignerError(f"{what} does not open with the passphrase") from None


def read_file(path: Path, *, what: str) -> Any:
    """The JSON of a file; SignerError where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise SignerError(f"{what} cannot be read in {path.parent}") from None
    except ValueError:
        raise SignerError(f"{what} is no JSON file") from None


def write_file(name: str, content: Any) -> None:
    """A new file that only its owner can read; never over an old one, and on disk when it returns.

    The key in it may receive money as soon as its address is known.
    """
    path = vault_path(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise SignerError(
            f"{name} is there already in {path.parent}; nothing was written"
        ) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())


def vault_path(name: str) -> Path:
    """The file behind a reference: a plain file name inside the keystore folder."""
    if not is_file_name(name):
        raise SignerError(f"{name!r} is not the name of a keystore file")
    return settings.KEYSTORE_DIR / name


def is_file_name(name: str) -> bool:
    """Whether it can name a file of the keystore folder: no path, and it ends in .json."""
    return bool(_FILE_NAME.fullmatch(name))


def file_name(label: str, mark: str) -> str:
    """What a new file is called."""
    stem = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "wallet"
    return f"{stem[:60]}-{mark}.json"
