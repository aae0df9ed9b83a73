"""Settings are read once from the environment; what is malformed ends the start in a sentence."""

from pathlib import Path

import pytest
from django.conf import settings as project

from airdrops_site.configuration.base import env
from tests.processes import run_manage


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("AIRDROPS_PORT", "abc", "a whole number from 1 to 65535, like 8080"),
        ("AIRDROPS_PORT", "70000", "a whole number from 1 to 65535"),
        ("AIRDROPS_WORKERS", "0", "a whole number from 1"),
        ("AIRDROPS_ENV", "foo", "one of development, production"),
        ("AIRDROPS_DEBUG", "maybe", "true or false"),
        ("AIRDROPS_ENV_FILE", "/nowhere/.env", "the path of a file like .env.example"),
        ("SECRET_KEY_FILE", "/nowhere/key", "the path of a readable file"),
        ("METRICS_TOKEN_FILE", "/", "the path of a readable file"),
        ("PROMETHEUS_MULTIPROC_DIR", "/dev/null/x", "a folder this user can make and write"),
    ],
)
def test_a_malformed_setting_is_named_with_what_was_found_and_an_example(
    name: str, value: str, expected: str
) -> None:
    done = run_manage("check", **{name: value})
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"Setting {name} is '{value}'; expected {expected}")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgres://me:hunter2@host:port/db", "'postgres:…'"),
        ("postgres://me:hunter2@host", "'postgres:…'"),
        ("mysql://me:hunter2@host/db", "'mysql:…'"),
        ("sqlite://hunter2/db", "'sqlite:…'"),
        ("sqlite://:memory:", "'sqlite:…'"),
        ("hunter2", "'not a URL'"),
    ],
)
def test_a_malformed_database_url_is_refused_without_its_password(url: str, shown: str) -> None:
    done = run_manage("check", DATABASE_URL=url)
    assert (done.returncode, "hunter2" in done.stderr + done.stdout) == (2, False)
    assert done.stderr.startswith(f"Setting DATABASE_URL is {shown}; expected a database URL like")
    assert len(done.stderr.splitlines()) == 1


def test_an_empty_secret_file_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "key").touch()
    done = run_manage("check", SECRET_KEY_FILE=str(tmp_path / "key"))
    assert (done.returncode, "an empty file" in done.stderr) == (2, True)


def test_production_makes_no_secret_key_of_its_own(tmp_path: Path) -> None:
    done = run_manage("check", AIRDROPS_ENV="production", AIRDROPS_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("Setting SECRET_KEY is not set; expected 50 random characters")
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_that_can_not_be_written_is_named() -> None:
    done = run_manage("check", AIRDROPS_DATA_DIR="/dev/null/data")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert done.stderr.startswith("Setting AIRDROPS_DATA_DIR is '/dev/null/data'")


def test_an_empty_variable_is_an_unset_one(tmp_path: Path) -> None:
    data = str(tmp_path)
    done = run_manage("check", AIRDROPS_DATA_DIR=data, AIRDROPS_PORT="", AIRDROPS_ENV="")
    assert done.returncode == 0, done.stderr


def test_the_example_is_written_from_the_settings(tmp_path: Path) -> None:
    kept = (project.BASE_DIR / ".env.example").read_text()
    assert run_manage("env_example", AIRDROPS_DATA_DIR=str(tmp_path)).stdout == kept
    secret = {"AIRDROPS_ENV": "production", "SECRET_KEY": "x"}
    assert run_manage("env_example", **secret, AIRDROPS_WORKERS="7").stdout == kept


def test_every_setting_is_in_the_example_with_its_meaning() -> None:
    kept = (project.BASE_DIR / ".env.example").read_text()
    for variable in env.variables.values():
        assert f"# {variable.meaning}\n#{variable.name}=" in kept


def test_the_example_uncommented_is_accepted(tmp_path: Path) -> None:
    lines = (project.BASE_DIR / ".env.example").read_text().splitlines()
    # The files of secrets are not on this machine.
    set_lines = [line[1:] for line in lines if line[1:2].isupper() and "/run/" not in line]
    (tmp_path / ".env").write_text("\n".join(set_lines))
    done = run_manage("check", AIRDROPS_ENV_FILE=str(tmp_path / ".env"))
    assert done.returncode == 0, done.stderr
    assert len(set_lines) >= len(env.variables) - 1
