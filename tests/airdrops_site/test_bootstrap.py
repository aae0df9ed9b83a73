"""The bootstrap in a folder of its own, with stand-ins for the programs that need a network."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import PATIENCE

PROJECT = Path(__file__).resolve().parents[2]
TOOLS = [
    "sh",
    "make",
    "dirname",
    "grep",
    "cut",
    "cmp",
    "cp",
    "mv",
    "rm",
    "mkdir",
    "cat",
    "sleep",
    "ln",
]
UV = """#!/bin/sh
case "$1" in
    --version) echo "uv 0.13.9" ;;
    sync)
        echo "uv $*" >>calls
        sleep "${SYNC_SECONDS:-0}"
        [ -z "${SYNC_ERROR:-}" ] || { echo "error: $SYNC_ERROR"; exit 1; }
        mkdir -p .venv/bin && ln -sf "$PYTHON_HERE" .venv/bin/python ;;
    *) echo "uv $*" >>calls; exit 1 ;;
esac
"""
NPM = """#!/bin/sh
[ "$1" = --version ] || { echo "npm $*" >>calls; mkdir -p node_modules; }
"""
PROGRAM = """import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped in order"))
print("started", flush=True)
time.sleep(30)
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """A bare clone and the few programs that its PATH has."""

    clone: Path
    programs: Path

    def add(self, name: str, script: str) -> None:
        program = self.programs / name
        program.write_text(script)
        program.chmod(0o755)

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        python = os.path.realpath(sys.executable)
        known = {"PATH": str(self.programs), "HOME": str(self.programs), "PYTHON_HERE": python}
        return subprocess.Popen(
            command,
            cwd=self.clone,
            env=known | environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def bootstrap(self, mode: str, **environment: str) -> tuple[int, str]:
        process = self.start("sh", "deploy/bootstrap.sh", mode, **environment)
        _, told = process.communicate(timeout=PATIENCE)
        return process.returncode, told

    def calls(self) -> list[str]:
        record = self.clone / "calls"
        return record.read_text().splitlines() if record.exists() else []

    def wait_for_call(self) -> None:
        until = time.monotonic() + PATIENCE
        while not self.calls() and time.monotonic() < until:
            time.sleep(0.02)


@pytest.fixture
def bare(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path / "a bare clone", tmp_path / "programs")
    machine.programs.mkdir()
    (machine.clone / "deploy").mkdir(parents=True)
    for name in ("Makefile", "deploy/bootstrap.sh", "uv.lock", "package-lock.json"):
        shutil.copy(PROJECT / name, machine.clone / name)
    for tool in TOOLS:
        (machine.programs / tool).symlink_to(shutil.which(tool) or tool)
    return machine


@pytest.fixture
def machine(bare: Machine) -> Machine:
    bare.add("uv", UV)
    bare.add("npm", NPM)
    bare.add("node", "#!/bin/sh\n")
    (bare.programs / "python3").symlink_to(os.path.realpath(sys.executable))
    return bare


def test_without_python_and_uv_it_says_one_sentence_and_exits_2(bare: Machine) -> None:
    code, told = bare.bootstrap("run")
    assert code == 2
    assert told.startswith("airdrops: no Python was found")
    assert told.count("\n") == 1


def test_run_leaves_out_the_development_packages(machine: Machine) -> None:
    assert machine.bootstrap("run")[0] == 0
    uv, npm = machine.calls()
    assert "--frozen" in uv
    assert "--no-dev" in uv
    assert "--omit=dev" in npm
    assert "--ignore-scripts" in npm


def test_a_second_start_does_and_says_nothing(machine: Machine) -> None:
    machine.bootstrap("run")
    done = machine.calls()
    assert machine.bootstrap("run") == (0, "")
    assert machine.calls() == done


def test_a_folder_ready_for_tests_is_ready_to_run(machine: Machine) -> None:
    machine.bootstrap("run")
    machine.bootstrap("test")
    done = machine.calls()
    assert len(done) == 4
    assert "--no-dev" not in done[2]
    assert machine.bootstrap("run") == (0, "")


def test_a_changed_lock_is_installed(machine: Machine) -> None:
    machine.bootstrap("run")
    with (machine.clone / "uv.lock").open("a") as lock:
        lock.write("# changed\n")
    machine.bootstrap("run")
    assert [call.split()[0] for call in machine.calls()] == ["uv", "npm", "uv"]


def test_a_python_that_refuses_to_run_is_passed_over(machine: Machine) -> None:
    machine.add(
        "python3.13", "#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2; exit 127\n"
    )
    assert machine.bootstrap("run")[0] == 0
    assert f"--python {os.path.dirname(machine.programs)}" in machine.calls()[0]


def test_a_failed_install_is_one_sentence_and_is_tried_again(machine: Machine) -> None:
    code, told = machine.bootstrap("run", SYNC_ERROR="no space left")
    assert code == 2
    assert "could not be installed (error: no space left)" in told.splitlines()[-1]
    assert machine.bootstrap("run")[0] == 0


def test_of_two_starts_at_once_one_installs(machine: Machine) -> None:
    first = machine.start("sh", "deploy/bootstrap.sh", "run", SYNC_SECONDS="1")
    machine.wait_for_call()
    code, told = machine.bootstrap("run")
    first.communicate(timeout=PATIENCE)
    assert (first.returncode, code) == (0, 0)
    assert "waiting for it" in told
    assert len(machine.calls()) == 2


def test_a_stop_while_installing_ends_the_installer_too(machine: Machine) -> None:
    process = machine.start("sh", "deploy/bootstrap.sh", "run", SYNC_SECONDS="0.7")
    machine.wait_for_call()
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=PATIENCE)
    time.sleep(1)
    assert process.returncode == 128 + signal.SIGTERM
    assert not (machine.clone / ".venv").exists()


def test_make_run_hands_sigterm_to_the_program(machine: Machine) -> None:
    (machine.clone / "manage.py").write_text(PROGRAM)
    machine.bootstrap("run")
    process = machine.start("make", "run")
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    process.send_signal(signal.SIGTERM)
    assert "stopped in order" in process.communicate(timeout=PATIENCE)[1]
