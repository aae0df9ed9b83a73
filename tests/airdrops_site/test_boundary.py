"""The web never sees what signs: it does not start where it would."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from airdrops_site.quickstart.children import Child, web
from tests.processes import environment, run_manage
from wallets.signers.boundary import signer_variables, without_signers

SECRETS = {
    "WALLET_PRIVATE_KEY_MAIN": "ab" * 32,
    "AIRDROPS_KEYSTORE_PASSPHRASE": "hunter2",
    "AIRDROPS_WEB3SIGNER_TOKEN": "hunter2",
    "AIRDROPS_WEB3SIGNER_TOKEN_FILE": "/run/secrets/token",
    "AIRDROPS_WEB3SIGNER_URL": "https://me:hunter2@signer.internal",
    "AWS_SECRET_ACCESS_KEY": "hunter2",
    "AWS_SESSION_TOKEN": "hunter2",
}
HARMLESS = {
    "WALLET_ADDRESS_MAIN": "0x" + "11" * 20,
    "AIRDROPS_WEB3SIGNER_URL": "https://signer.internal",
    "AIRDROPS_KEYSTORE_PASSPHRASE_FILE": "/run/secrets/passphrase",
    "AIRDROPS_KEYSTORE_PASSPHRASE": "",
}


def test_what_signs_is_named_and_what_does_not_is_not() -> None:
    assert signer_variables(SECRETS) == sorted(SECRETS)
    assert signer_variables(HARMLESS) == []
    assert without_signers(SECRETS | {"PATH": "/bin"}) == {"PATH": "/bin"}


def test_preflight_names_the_variables_and_not_their_values() -> None:
    done = run_manage("preflight", **SECRETS)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert all(name in done.stderr for name in SECRETS)
    assert not any(value in done.stderr for value in SECRETS.values())


def test_preflight_passes_a_web_without_them() -> None:
    done = run_manage("preflight", **HARMLESS)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_web_server_does_not_start_with_a_key() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "airdrops_site.wsgi", "--bind", "127.0.0.1:0"],
        cwd=settings.BASE_DIR,
        env={**environment(), "WALLET_PRIVATE_KEY_MAIN": "ab" * 32},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, "airdrops.E007: the web process sees" in done.stderr) == (3, True)
    assert "ab" * 32 not in done.stderr


def test_a_key_in_the_shared_env_file_is_seen_too(tmp_path: Path) -> None:
    (tmp_path / "env").write_text(f"WALLET_PRIVATE_KEY_MAIN={'ab' * 32}\n")
    done = run_manage("preflight", AIRDROPS_ENV_FILE=str(tmp_path / "env"))
    assert (done.returncode, "WALLET_PRIVATE_KEY_MAIN" in done.stderr) == (2, True)


def test_quickstart_gives_the_web_none_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    assert not signer_variables(web(tmp_path, 1)._environment())
    workers = Child("workers", [], tmp_path / "log", may_sign=True)
    assert signer_variables(workers._environment()) == sorted(SECRETS)
