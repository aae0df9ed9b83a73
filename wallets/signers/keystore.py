"""Keys in keystore V3 files: decrypted once per signing process, kept in memory only."""

import json
import re
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress

from wallets.signers.encoding import challenge, typed_message
from wallets.signers.interface import Fields, SignedBytes, SignerError, TypedMessage

SCRYPT_N = 2**18
_FILE_NAME = re.compile(r"[\w.-]{1,100}\.json")


class KeystoreSigner:
    """A decrypted keystore. Its repr shows the address and nothing more."""

    is_remote = False
    answers_within = 0.0

    def __init__(self, account: LocalAccount) -> None:
        self._account = account

    def __repr__(self) -> str:
        return f"<KeystoreSigner {self.address}>"

    def __reduce__(self) -> Any:
        raise TypeError("a signer is never pickled")

    @property
    def address(self) -> ChecksumAddress:
        """The address whose key this is."""
        return self._account.address

    def require_ready(self) -> None:
        """It always is: the key is in memory."""

    def sign_transaction(self, fields: Fields) -> SignedBytes:
        """Sign exactly these fields (RFC 6979: the same fields give the same bytes)."""
        signed = self._account.sign_transaction(dict(fields))
        return SignedBytes(bytes(signed.raw_transaction), "0x" + signed.hash.hex())

    def sign_typed_data(self, message: TypedMessage) -> bytes:
        """An EIP-712 signature in 65 bytes."""
        return bytes(self._account.sign_message(typed_message(message)).signature)

    def sign_challenge(self, text: str) -> bytes:
        """An EIP-191 signature over a text."""
        return bytes(self._account.sign_message(challenge(text)).signature)


def open_keystore(reference: str) -> KeystoreSigner:
    """Decrypt the named file with the installation's passphrase."""
    path = keystore_path(reference)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        key = Account.decrypt(content, passphrase())
    except OSError:
        raise SignerError(f"keystore {reference} cannot be read in {path.parent}") from None
    except (ValueError, KeyError, TypeError):
        # The library's own message may quote the file: it is left behind on purpose.
        raise SignerError(f"keystore {reference} does not open with the passphrase") from None
    return KeystoreSigner(Account.from_key(key))


def create_keystore(label: str, *, scrypt_n: int = SCRYPT_N) -> tuple[ChecksumAddress, str]:
    """Make a new key in a new file; returns its address and the file's name."""
    account = Account.create(secrets.token_hex(32))
    content = account.encrypt(passphrase(), kdf="scrypt", iterations=scrypt_n)
    name = f"{re.sub(r'[^a-z0-9]+', '-', label.lower()).strip('-')}-{account.address[2:10]}.json"
    path = keystore_path(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(json.dumps(content), encoding="utf-8")
    return account.address, name


def keystore_path(reference: str) -> Path:
    """The file behind a reference: a plain file name inside the keystore folder."""
    if not _FILE_NAME.fullmatch(reference):
        raise SignerError(f"{reference!r} is not the name of a keystore file")
    return settings.KEYSTORE_DIR / reference


def passphrase() -> str:
    """The keystores' passphrase, from its file."""
    path: Path = settings.KEYSTORE_PASSPHRASE_FILE
    try:
        found = path.read_text(encoding="utf-8").strip()
    except OSError:
        raise SignerError(
            f"the passphrase file {path} cannot be read; set AIRDROPS_KEYSTORE_PASSPHRASE_FILE"
        ) from None
    if not found:
        raise SignerError(f"the passphrase file {path} is empty")
    return found
