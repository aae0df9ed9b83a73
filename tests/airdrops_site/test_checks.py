"""What would put money or keys at risk is refused at the start, in a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as project
from pytest_django import Settings

from airdrops_site.checks import check_settings
from tests.processes import run_manage
from wallets.checks import check_signing_library

KEY = "3vJq8m0Yb6sXc1Rk9tLw5zNf2hDp7gUa4eTy8iOo0lKj3bVx6mQn"


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """What a production environment sets."""
    for name, secret in (("secret_key", KEY), ("metrics_token", "a word for Prometheus")):
        (tmp_path / name).write_text(f"{secret}\n")
    return {
        "AIRDROPS_ENV": "production",
        "AIRDROPS_DATA_DIR": str(tmp_path),
        "SECRET_KEY_FILE": str(tmp_path / "secret_key"),
        "METRICS_TOKEN_FILE": str(tmp_path / "metrics_token"),
        "ALLOWED_HOSTS": "airdrops.example.org",
        "DATABASE_URL": "postgres://airdrops@127.0.0.1/airdrops",
    }


def refusals() -> list[str | None]:
    """The names of what is refused now."""
    return [message.id for message in check_settings()]


def test_production_settings_pass_the_deployment_check(production: dict[str, str]) -> None:
    done = run_manage("check", "--deploy", "--fail-level", "WARNING", **production)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "System check identified no issues (0 silenced).\n"
    assert done.stderr == ""


def test_the_tests_own_settings_are_not_refused() -> None:
    assert refusals() == []
    assert check_signing_library() == []


@pytest.mark.parametrize("key", ["short", "x" * 60, "abc" * 20, f"django-insecure-{KEY}", KEY[:49]])
def test_a_weak_secret_key_is_refused_in_production(settings: Settings, key: str) -> None:
    settings.PRODUCTION, settings.SECRET_KEY = True, key
    assert refusals() == ["airdrops.E003"]
    settings.PRODUCTION = False
    assert refusals() == []


def test_debug_is_refused_in_production_and_beside_mainnet(settings: Settings) -> None:
    settings.SECRET_KEY, settings.DEBUG = KEY, True
    assert refusals() == []
    settings.CHAIN_ACCESS = "mainnet"
    assert refusals() == ["airdrops.E002"]
    settings.CHAIN_ACCESS, settings.PRODUCTION = "devnet", True
    assert refusals() == ["airdrops.E001"]


def test_sqlite_is_refused_on_several_hosts(settings: Settings) -> None:
    settings.SQLITE, settings.HOSTS = True, 2
    assert refusals() == ["airdrops.E004"]
    settings.SQLITE = False
    assert refusals() == []


def test_production_needs_a_metrics_token(settings: Settings) -> None:
    settings.SECRET_KEY, settings.PRODUCTION, settings.METRICS_TOKEN = KEY, True, ""
    assert refusals() == ["airdrops.E005"]


def test_hosts_of_any_name_are_refused(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["airdrops.example.org", "*"]
    assert refusals() == ["airdrops.E006"]


def test_signing_in_pure_python_is_refused(production: dict[str, str]) -> None:
    slow = "eth_keys.backends.NativeECCBackend"
    done = run_manage("check", ECC_BACKEND_CLASS=slow, **production)
    assert (done.returncode, "(wallets.E001) coincurve" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("AIRDROPS_DEBUG", "true", "airdrops.E001: AIRDROPS_DEBUG is on"),
        ("ALLOWED_HOSTS", "*", "airdrops.E006: ALLOWED_HOSTS allows every name"),
        ("AIRDROPS_PORT", "abc", "Setting AIRDROPS_PORT is 'abc'"),
    ],
)
def test_the_web_server_does_not_start_either(
    production: dict[str, str], name: str, value: str, sentence: str
) -> None:
    kept = {known: os.environ[known] for known in ("PATH", "HOME") if known in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "airdrops_site.wsgi", "--bind", "127.0.0.1:0"],
        cwd=project.BASE_DIR,
        env={**kept, "AIRDROPS_ENV_FILE": os.devnull, **production, name: value},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, sentence in done.stderr) == (3, True), done.stderr
    assert "Traceback" not in done.stderr
