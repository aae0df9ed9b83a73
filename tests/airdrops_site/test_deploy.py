"""What deploy/ installs keeps keys from the web, and ends processes in order."""

import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from pytest_django import Settings

from airdrops_site.devnet.ports import free_port
from tests.processes import environment, eventually

DEPLOY = Path(settings.BASE_DIR, "deploy")
SERVICES = sorted(path.name for path in DEPLOY.glob("systemd/*.service"))


def unit(name: str) -> dict[str, str]:
    """A unit's [Service]; of what stands several times the last counts here."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string((DEPLOY / "systemd" / name).read_text())
    return dict(parser["Service"])


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units, as if this folder were /opt/airdrops."""
    for path in DEPLOY.glob("systemd/airdrops*"):
        text = path.read_text().replace("/opt/airdrops", str(settings.BASE_DIR))
        (tmp_path / path.name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", SERVICES)
def test_only_the_main_process_hears_the_signal_and_nothing_dumps_memory(name: str) -> None:
    found = unit(name)
    assert (found["KillMode"], found["LimitCORE"], found["UMask"]) == ("mixed", "0", "0077")
    assert (found["NoNewPrivileges"], found["ProtectSystem"]) == ("yes", "strict")


def test_a_worker_has_time_to_finish_its_jobs_and_is_killed_when_wedged() -> None:
    found = unit("airdrops-worker.service")
    assert int(found["TimeoutStopSec"]) > int(str(settings.Q_CLUSTER["timeout"]))
    assert int(found["WatchdogSec"]) > 2 * 30
    assert "preflight --worker" in found["ExecStartPre"]


def test_the_web_is_another_user_who_reaches_nothing_of_the_worker() -> None:
    web, worker = unit("airdrops-web.service"), unit("airdrops-worker.service")
    assert web["User"] != worker["User"]
    assert web["EnvironmentFile"] != worker["EnvironmentFile"]
    assert worker["EnvironmentFile"] in web["InaccessiblePaths"]
    assert "/var/lib/airdrops" in web["InaccessiblePaths"]


def test_systemd_finds_nothing_wrong_with_the_units(installed: Path) -> None:
    if not (program := shutil.which("systemd-analyze")):
        pytest.skip("systemd-analyze is not here")
    paths = sorted(map(str, installed.glob("airdrops*")))
    done = subprocess.run([program, "verify", "--man=no", *paths], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", SERVICES)
def test_systemd_calls_each_service_little_exposed(installed: Path, name: str) -> None:
    if not (program := shutil.which("systemd-analyze")):
        pytest.skip("systemd-analyze is not here")
    command = [program, "security", "--offline=true", "--threshold=30", str(installed / name)]
    assert subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.db
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_gunicorn_starts_with_its_file_and_forgets_old_metrics(
    tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "counter_1.db").write_bytes(b"of a process that ended")
    bind = f"127.0.0.1:{free_port()}"
    variables = {"AIRDROPS_WEB_BIND": bind, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    command = [".venv/bin/python", "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
    process = subprocess.Popen(
        [*command, "airdrops_site.wsgi"],
        cwd=settings.BASE_DIR,
        env={**environment(), **variables, "METRICS_TOKEN": "token-of-the-test"},
        stderr=(tmp_path / "log").open("w"),
    )
    try:
        assert eventually(lambda: answers(f"http://{bind}/health")), (tmp_path / "log").read_text()
        assert not (tmp_path / "counter_1.db").exists()
        process.send_signal(1)
        assert eventually(lambda: "Hang up" in (tmp_path / "log").read_text())
        assert eventually(lambda: answers(f"http://{bind}/health"))
    finally:
        process.terminate()
        assert process.wait(30) == 0


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=10).status_code in (200, 503)
    except httpx.HTTPError:
        return False
