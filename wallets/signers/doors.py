"""The way to the remote signer: one address, in time, without a word about how we get there."""

import os
import re
import ssl
import time
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from wallets.signers.interface import SignerError

CONNECT_SECONDS = 3.0
# A signature is 132 characters; an error page may be longer and says nothing more.
MOST_BYTES = 4096
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_NOT_TRUSTED = re.compile(r"certificate verify failed: ([A-Za-z -]+)")
_MEANINGS = {
    400: "called our request malformed",
    401: "does not accept our token or client certificate",
    403: "does not accept our token or client certificate",
    404: "does not know this key",
    429: "asks for fewer requests",
}


@dataclass(frozen=True, slots=True, repr=False)
class Door:
    """Where the signer is and how we show who we are. Neither is ever part of a sentence."""

    url: str
    token: str
    certificate: str
    authorities: str
    seconds: float

    def get(self, path: str) -> str:
        """The text of an answer 200; SignerError for all else."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Any) -> str:
        """The text of an answer 200 to this JSON; SignerError for all else."""
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: Any) -> str:
        try:
            status, content = self._exchange(method, path, body)
        except httpx.TimeoutException:
            raise SignerError(
                f"the remote signer did not answer within {self.seconds:g} s"
            ) from None
        except httpx.HTTPError as error:
            raise SignerError(_unreachable(error)) from None
        if status != 200:
            meaning = f", it {_MEANINGS[status]}" if status in _MEANINGS else ""
            raise SignerError(f"the remote signer answered HTTP {status}{meaning}")
        return content.decode("utf-8", errors="replace").strip()

    def _exchange(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        ends_at, content = time.monotonic() + self.seconds, b""
        client = _client(os.getpid(), self.certificate, self.authorities)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        timeout = httpx.Timeout(self.seconds, connect=min(CONNECT_SECONDS, self.seconds))
        with client.stream(
            method, self.url + path, json=body, headers=headers, timeout=timeout
        ) as response:
            for chunk in response.iter_bytes():
                content += chunk
                if time.monotonic() > ends_at:
                    raise httpx.ReadTimeout("the answer does not end")
                if len(content) > MOST_BYTES:
                    break
            return response.status_code, content


def open_door() -> Door:
    """As the settings say; SignerError with the name of the one that is missing or wrong."""
    url = _read("AIRDROPS_WEB3SIGNER_URL", settings.WEB3SIGNER_URL).rstrip("/")
    token = _read("AIRDROPS_WEB3SIGNER_TOKEN", settings.WEB3SIGNER_TOKEN)
    _require_usable(url, token)
    door = Door(
        url=url,
        token=token,
        certificate=settings.WEB3SIGNER_CERTIFICATE_FILE,
        authorities=settings.WEB3SIGNER_CA_FILE,
        seconds=settings.WEB3SIGNER_SECONDS,
    )
    _client(os.getpid(), door.certificate, door.authorities)
    return door


def _read(name: str, setting: Any) -> str:
    try:
        found: str = setting()
    except (OSError, ValueError):
        raise SignerError(f"the file that {name}_FILE names cannot be read") from None
    return found


def _require_usable(url: str, token: str) -> None:
    if not url:
        raise SignerError("there is no remote signer: set AIRDROPS_WEB3SIGNER_URL")
    scheme, userinfo, host = _parts(url)
    if scheme not in ("http", "https") or not host:
        raise SignerError(
            "AIRDROPS_WEB3SIGNER_URL is not an http(s) address; write it like "
            "https://signer.internal:9000"
        )
    if scheme == "http" and host not in _LOOPBACK and (token or userinfo):
        raise SignerError(
            "AIRDROPS_WEB3SIGNER_URL is http to another machine, which would send the token or "
            "password in the clear; use https"
        )


def _parts(url: str) -> tuple[str, str, str]:
    """Scheme, user and password, host; all empty where the text cannot be read."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.netloc.rpartition("@")[0], parts.hostname or ""
    except ValueError:
        return "", "", ""


def _unreachable(error: httpx.HTTPError) -> str:
    # The library's text may hold the address: only these words of it are of use.
    if refused := _NOT_TRUSTED.search(str(error)):
        return (
            f"the remote signer's certificate is not trusted ({refused[1].strip()}); see "
            "AIRDROPS_WEB3SIGNER_CA_FILE"
        )
    return f"the remote signer cannot be reached: {type(error).__name__}"


@cache
def _client(_pid: int, certificate: str, authorities: str) -> httpx.Client:
    """One client of a process: a forked worker must not share its parent's connections."""
    # No proxy of the environment, no redirect: bytes to sign go where the operator wrote.
    return httpx.Client(
        verify=_tls(certificate, authorities), trust_env=False, follow_redirects=False
    )


def _tls(certificate: str, authorities: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=authorities or None)
    except (OSError, ssl.SSLError):
        _refuse("AIRDROPS_WEB3SIGNER_CA_FILE")
    try:
        if certificate:
            context.load_cert_chain(certificate)
    except (OSError, ssl.SSLError):
        _refuse("AIRDROPS_WEB3SIGNER_CERTIFICATE_FILE")
    return context


def _refuse(name: str) -> NoReturn:
    raise SignerError(f"the file that {name} names is no readable PEM file") from None
