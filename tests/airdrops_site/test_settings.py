"""Settings are read once, and refused in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A management command with these variables and no others of ours."""
    ours = ("AIRDROPS_", "DATABASE_URL", "METRICS_TOKEN", "DJANGO_SETTINGS_MODULE", "SECRET_KEY")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={**kept, "AIRDROPS_ENV_FILE": os.devnull, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """What a production environment sets."""
    secret = tmp_path / "secret"
    secret.write_text("a-long-enough-secret-for-a-check-of-settings-0123456789abcdefXYZ")
    return {
        "AIRDROPS_ENV": "production",
        "SECRET_KEY_FILE": str(secret),
        "METRICS_TOKEN": "token",
        "ALLOWED_HOSTS": "airdrops.example.org",
        "AIRDROPS_DATA_DIR": str(tmp_path),
    }


def test_production_settings_pass_the_deployment_check(production: dict[str, str]) -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", **production)
    assert (done.returncode, "no issues" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("AIRDROPS_DEBUG", "true", "shows secrets"),
        ("ALLOWED_HOSTS", "*", "allows every name"),
        ("METRICS_TOKEN", "", "METRICS_TOKEN is not set"),
        ("AIRDROPS_SINGLE_HOST", "false", "SQLite serves one host only"),
    ],
)
def test_dangerous_production_settings_are_refused(
    production: dict[str, str], name: str, value: str, sentence: str
) -> None:
    done = manage("check", **{**production, name: value})
    assert done.returncode == 1
    assert sentence in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [("AIRDROPS_PORT", "abc"), ("AIRDROPS_ENV", "staging"), ("SECRET_KEY_FILE", "/nowhere")],
)
def test_a_malformed_setting_is_named_and_ends_with_2(name: str, value: str) -> None:
    done = manage("check", **{name: value})
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1), done.stderr
    assert name in done.stderr
    assert value in done.stderr


def test_production_needs_a_secret_key(production: dict[str, str]) -> None:
    del production["SECRET_KEY_FILE"]
    done = manage("check", **production)
    assert done.returncode == 2
    assert done.stderr.startswith("Setting SECRET_KEY ")


def test_the_example_of_the_environment_is_the_settings_own() -> None:
    kept = (settings.BASE_DIR / ".env.example").read_text()
    assert manage("env_example").stdout == kept
