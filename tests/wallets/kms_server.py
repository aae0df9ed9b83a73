"""AWS KMS over HTTP: moto's server, made to sign digests as AWS does, and slow to when told.

moto hashes what it is given once more even for `MessageType=DIGEST` (its documentation says so), so
this server signs the digest itself with moto's own key; everything else is moto's.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from django.conf import settings
from moto.kms import utils as moto_keys
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from wallets.signers import kms

Start = Callable[..., Any]


@dataclass(slots=True)
class KmsServer:
    """Keys as moto keeps them; the next answers may be errors instead."""

    url: str = ""
    errors: list[str] = field(default_factory=list)
    # How many are answered as they should be before those.
    pass_first: int = 0
    asked: int = 0
    application: Any = None

    def __call__(self, environ: dict[str, Any], start: Start) -> Any:
        """Answer as moto, or with the next error."""
        self.asked += 1
        self.pass_first -= 1
        if not self.errors or self.pass_first >= 0:
            return self.application(environ, start)
        body = json.dumps({"__type": self.errors.pop(0), "message": "as told"}).encode()
        start("400 Bad Request", [("Content-Type", "application/x-amz-json-1.1")])
        return [body]

    def new_key(self, **fields: str) -> str:
        """A signing key's ARN."""
        wanted = {"KeySpec": "ECC_SECG_P256K1", "KeyUsage": "SIGN_VERIFY", **fields}
        client = boto3.client("kms", endpoint_url=self.url, region_name="us-east-1")
        return str(client.create_key(**wanted)["KeyMetadata"]["Arn"])


def _sign_digest(self: Any, message: bytes, signing_algorithm: str) -> bytes:
    moto_keys.validate_signing_algorithm(signing_algorithm, self.valid_signing_algorithms)
    signature: bytes = self.private_key.sign(message, ec.ECDSA(Prehashed(hashes.SHA256())))
    return signature


@contextmanager
def serve_kms(environment: Callable[[str, str], None]) -> Iterator[KmsServer]:
    """A KMS of its own for the length of the block, as the settings' KMS."""
    moto_keys.ECDSAPrivateKey.sign = _sign_digest  # type: ignore[method-assign]
    server = KmsServer(application=DomainDispatcherApplication(create_backend_app))
    http = make_server("127.0.0.1", 0, server, threaded=True)
    server.url = f"http://127.0.0.1:{http.server_port}"
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        environment(name, "of-the-tests")
    before = settings.KMS_ENDPOINT_URL, settings.KMS_REGION, settings.KMS_SECONDS
    settings.KMS_ENDPOINT_URL, settings.KMS_REGION = server.url, "us-east-1"
    kms._client.cache_clear()
    try:
        yield server
    finally:
        settings.KMS_ENDPOINT_URL, settings.KMS_REGION, settings.KMS_SECONDS = before
        kms._client.cache_clear()
        http.shutdown()
        http.server_close()
