"""Keys in V3 keystore files, opened with the installation's passphrase."""

import secrets
import uuid
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress
from eth_utils.exceptions import ValidationError

from wallets.signers.interface import SignerError
from wallets.signers.local import LocalSigner
from wallets.signers.passphrases import passphrase
from wallets.signers.process import require_signing_process
from wallets.signers.vault import (
    file_name,
    read_file,
    seal,
    unseal,
    vault_path,
    write_file,
)


def open_keystore(reference: str) -> LocalSigner:
    """Decrypt the named file with the installation's passphrase."""
    require_signing_process()
    what = f"keystore {reference}"
    content = read_file(vault_path(reference), what=what)
    return LocalSigner(_account(unseal(content, passphrase(), what=what), what=what))


def create_keystore(label: str, *, scrypt_n: int | None = None) -> tuple[ChecksumAddress, str]:
    """Make a new key in a new file; returns its address and the file's name."""
    require_signing_process()
    return _keep(Account.create(secrets.token_hex(32)), label, scrypt_n)


def import_keystore(
    path: Path, *, own_passphrase: str, label: str, scrypt_n: int | None = None
) -> tuple[ChecksumAddress, str]:
    """Copy the key of somebody's V3 file into our folder, under the installation's passphrase.

    The file's own passphrase is not kept, and the file is left where it is.
    """
    require_signing_process()
    account = _account(
        unseal(read_file(path, what=path.name), own_passphrase, what=path.name), what=path.name
    )
    return _keep(account, label, scrypt_n)


def keep_key(key: str, *, label: str, scrypt_n: int | None = None) -> tuple[ChecksumAddress, str]:
    """Put a key that was in a variable into a keystore file."""
    require_signing_process()
    return _keep(account_of(key, what="the key"), label, scrypt_n)


def account_of(key: str, *, what: str) -> LocalAccount:
    """The account of a key in hex; SignerError, without it, where it is none."""
    try:
        raw = bytes.fromhex(key.strip().removeprefix("0x"))
    except ValueError:
        raise SignerError(f"{what} is no private key of 64 hex digits") from None
    return _account(raw, what=what)


def address_in(path: Path) -> str:
    """The address a V3 file says it is for, unproven; empty where it says none."""
    content = read_file(path, what=path.name)
    found = content.get("address", "") if isinstance(content, dict) else ""
    return f"0x{found.removeprefix('0x')}" if isinstance(found, str) and found else ""


def _account(key: bytes, *, what: str) -> LocalAccount:
    try:
        account: LocalAccount = Account.from_key(key)
    except (ValueError, TypeError, ValidationError):
        # The library's own message may quote the key: it is left behind on purpose.
        raise SignerError(f"{what} holds no private key of 32 bytes") from None
    return account


def _keep(account: LocalAccount, label: str, scrypt_n: int | None) -> tuple[ChecksumAddress, str]:
    name = file_name(label, account.address[2:10])
    content = {
        "address": account.address[2:].lower(),
        "crypto": seal(bytes(account.key), passphrase(), scrypt_n=scrypt_n),
        "id": str(uuid.uuid4()),
        "version": 3,
    }
    write_file(name, content)
    return account.address, name
