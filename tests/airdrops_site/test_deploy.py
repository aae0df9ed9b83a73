"""What deploy/ installs keeps keys from the web, and ends processes in order."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from pytest_django import Settings

from airdrops_site.devnet.ports import free_port
from tests.processes import environment, eventually

DEPLOY = Path(settings.BASE_DIR, "deploy")
TOKEN = "token-of-the-test"
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


@dataclass(frozen=True, slots=True)
class Web:
    """gunicorn with its file, on a free port."""

    process: subprocess.Popen[bytes]
    bind: str
    log: Path


@pytest.fixture
def web(tmp_path: Path, settings: Settings) -> Iterator[Web]:
    """It answers; at the end it must stop in order."""
    (tmp_path / "counter_1.db").write_bytes(b"of a process that ended")
    bind, log = f"127.0.0.1:{free_port()}", tmp_path / "log"
    variables = {"AIRDROPS_WEB_BIND": bind, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    command = [".venv/bin/python", "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
    process = subprocess.Popen(
        [*command, "airdrops_site.wsgi"],
        cwd=settings.BASE_DIR,
        env={**environment(), **variables, "METRICS_TOKEN": TOKEN},
        stderr=log.open("w"),
    )
    try:
        assert eventually(lambda: answers(f"http://{bind}/health")), log.read_text()
        yield Web(process, bind, log)
    finally:
        process.terminate()
        assert process.wait(30) == 0


@pytest.mark.db
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_gunicorn_starts_with_its_file_and_forgets_old_metrics(web: Web) -> None:
    assert not (web.log.parent / "counter_1.db").exists()
    web.process.send_signal(1)
    assert eventually(lambda: "Hang up" in web.log.read_text())
    assert eventually(lambda: answers(f"http://{web.bind}/health"))


@pytest.mark.db
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_the_pages_ask_with_curl_is_answered(web: Web) -> None:
    if not shutil.which("curl") or not shutil.which("jq"):
        pytest.skip("curl or jq is not here")
    said = {line: asked(line, web) for line in curls()}
    assert len(said) >= 3
    for line, answer in said.items():
        assert '"components"' in answer if "jq" in line else "airdrops_database_up 1.0" in answer


def curls() -> set[str]:
    """Every line of docs/ that asks the web."""
    texts = [page.read_text() for page in Path(settings.BASE_DIR, "docs").glob("*.md")]
    return {line.strip() for text in texts for line in re.findall(r"^ *(curl .*)$", text, re.M)}


def asked(line: str, web: Web) -> str:
    """What a shell prints for it; the documented address must be gunicorn's own."""
    asks_here = re.sub(r"(localhost|127\.0\.0\.1):8080", web.bind, line)
    assert asks_here != line, f"{line} asks another address"
    variables = {**environment(), "METRICS_TOKEN": TOKEN}
    done = subprocess.run(["sh", "-c", asks_here], env=variables, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), line
    return done.stdout


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=10).status_code in (200, 503)
    except httpx.HTTPError:
        return False
