"""Files in the age format (age-encryption.org/v1) under a passphrase, written and read as streams.

The `age` tool opens them. pyrage, which we keep, holds a whole file in memory under a passphrase;
only a backup's size is without bound, so the framing is here and the ciphers are pycryptodome's.
Source: https://github.com/C2SP/C2SP/blob/main/age.md
"""

import hashlib
import hmac
import os
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import IO

from Crypto.Cipher import ChaCha20_Poly1305

from airdrops_site.backup.errors import BackupRefused

INTRO = b"age-encryption.org/v1\n"
CHUNK = 64 * 1024
TAG = 16
# 64 MiB for a second's tenth; age's own 18 would take 256 MiB beside everything else.
_LOG_N = 16
_MOST_LOG_N = 20
_LABEL = b"age-encryption.org/v1/scrypt"
_DAMAGED = "the backup is damaged or cut short: its encryption does not check; use another copy"


class AgeWriter:
    """Encrypts what is written to it; nothing of it is readable until `close`."""

    def __init__(self, raw: IO[bytes], passphrase: str) -> None:
        key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
        wrapped = _sealer(_scrypt(passphrase, salt, _LOG_N), bytes(12)).encrypt_and_digest(key)
        stanza = b"-> scrypt %b %d\n%b\n" % (_text(salt), _LOG_N, _text(b"".join(wrapped)))
        head = INTRO + stanza + b"---"
        raw.write(head + b" " + _text(_mac(key, head)) + b"\n" + nonce)
        self._raw = raw
        self._chunks = _Chunks(_derive(key, nonce, b"payload"))
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        """Take the bytes; whole chunks go on at once, the last is kept as it is marked so."""
        self._held += data
        while len(self._held) > CHUNK:
            self._raw.write(self._chunks.seal(bytes(self._held[:CHUNK]), last=False))
            del self._held[:CHUNK]
        return len(data)

    def flush(self) -> None:
        """Nothing: a chunk is written when it is whole."""

    def close(self) -> None:
        """Write the last chunk; the file below stays open."""
        self._raw.write(self._chunks.seal(bytes(self._held), last=True))


class AgeReader:
    """Decrypts a file; BackupRefused for a wrong passphrase, and for any byte that was changed."""

    def __init__(self, raw: IO[bytes], passphrase: str) -> None:
        key = _file_key(raw, passphrase)
        nonce = raw.read(16)
        if len(nonce) != 16:
            raise BackupRefused(_DAMAGED)
        self._raw = raw
        self._chunks = _Chunks(_derive(key, nonce, b"payload"))
        self._ahead = raw.read(CHUNK + TAG)
        self._held = b""
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes; empty at the end."""
        while not self._ended and (size < 0 or len(self._held) < size):
            self._held += self._next()
        given = self._held if size < 0 else self._held[:size]
        self._held = self._held[len(given) :]
        return given

    def _next(self) -> bytes:
        sealed, self._ahead = self._ahead, self._raw.read(CHUNK + TAG)
        self._ended = not self._ahead
        return self._chunks.open(sealed, last=self._ended)


class _Chunks:
    """The chunks of one file in order: each is bound to its place, the last to being the last."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._count = 0

    def seal(self, plain: bytes, *, last: bool) -> bytes:
        sealed, tag = _sealer(self._key, self._nonce(last=last)).encrypt_and_digest(plain)
        return sealed + tag

    def open(self, sealed: bytes, *, last: bool) -> bytes:
        try:
            cipher = _sealer(self._key, self._nonce(last=last))
            return cipher.decrypt_and_verify(sealed[:-TAG], sealed[-TAG:])
        except ValueError as error:
            raise BackupRefused(_DAMAGED) from error

    def _nonce(self, *, last: bool) -> bytes:
        place = self._count.to_bytes(11, "big") + bytes([last])
        self._count += 1
        return place


def _file_key(raw: IO[bytes], passphrase: str) -> bytes:
    lines = [raw.readline(200) for _ in range(4)]
    try:
        arrow, kind, salt, cost = lines[1].split()
        dashes, mac = lines[3].split()
        wrapped, log_n = _bytes(lines[2].strip()), int(cost)
        if (lines[0], arrow, kind, dashes) != (INTRO, b"->", b"scrypt", b"---"):
            raise ValueError(kind)
        seal = _sealer(_scrypt(passphrase, _bytes(salt), _bounded(log_n)), bytes(12))
    except (ValueError, Base64Error) as error:
        sentence = "the backup is not encrypted with a passphrase, or its first lines are damaged"
        raise BackupRefused(sentence) from error
    try:
        key = seal.decrypt_and_verify(wrapped[:-TAG], wrapped[-TAG:])
    except ValueError as error:
        sentence = (
            "the passphrase does not open this backup; AIRDROPS_BACKUP_PASSPHRASE must be the one "
            "it was made with"
        )
        raise BackupRefused(sentence) from error
    if not hmac.compare_digest(_mac(key, b"".join(lines[:3]) + b"---"), _bytes(mac)):
        raise BackupRefused(_DAMAGED)
    return key


def _bounded(log_n: int) -> int:
    """A made-up cost must not take all of the memory."""
    if not 1 <= log_n <= _MOST_LOG_N:
        raise ValueError(log_n)
    return log_n


def _scrypt(passphrase: str, salt: bytes, log_n: int) -> bytes:
    return hashlib.scrypt(
        passphrase.encode(), salt=_LABEL + salt, n=1 << log_n, r=8, p=1, maxmem=2**31 - 1, dklen=32
    )


def _derive(key: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA-256, of which age only needs the first block."""
    extracted = hmac.digest(salt or bytes(32), key, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def _mac(key: bytes, head: bytes) -> bytes:
    return hmac.digest(_derive(key, b"", b"header"), head, "sha256")


def _sealer(key: bytes, nonce: bytes) -> ChaCha20_Poly1305.ChaCha20Poly1305Cipher:
    return ChaCha20_Poly1305.new(key=key, nonce=nonce)


def _text(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


def _bytes(text: bytes) -> bytes:
    return b64decode(text + b"=" * (-len(text) % 4), validate=True)
