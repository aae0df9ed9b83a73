"""What startprotocol writes works as it is: installed as a package, and inside this repository."""

import ast
import os
import shlex
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from airdrops_site.startprotocol import writing
from tests.airdrops_site.guides import commands
from tests.processes import environment
from tests.settings import FOLDER_VARIABLE

ROOT = Path(settings.BASE_DIR)


def _uv() -> str:
    """The uv that bootstrap.sh found or put into the folder."""
    own = next((ROOT / ".tools").glob("uv/**/bin/uv"), None)
    found = str(own) if own else shutil.which("uv")
    assert found is not None
    return found


def _program(word: str) -> list[str]:
    programs = {
        "manage.py": [sys.executable, str(ROOT / "manage.py")],
        "uv": [_uv()],
        "pytest": [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
    }
    return programs[word]


def _environment(program: str, site: Path) -> dict[str, str]:
    """Of a shell in which somebody wrote where the program and the package are."""
    found = {
        **environment(),
        "PYTHONPATH": f"{site}{os.pathsep}{ROOT}",
        "UV_OFFLINE": "1",
        "VIRTUAL_ENV": str(ROOT / ".venv"),
    }
    if program == "pytest":
        # The tests of the new package have settings and a database of their own.
        found["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        found["AIRDROPS_TEST_DATABASE"] = "sqlite"
        del found["DATABASE_URL"], found[FOLDER_VARIABLE]
    return found


def shell(line: str, folder: Path) -> str:
    """Run one line of the guide, which must succeed; what it printed."""
    site = folder / "site"
    for name, place in {"$DIR": folder / "harbour", "$SITE": site}.items():
        line = line.replace(name, str(place))
    program, *words = shlex.split(line)
    done = subprocess.run(
        [*_program(program), *words],
        cwd=folder,
        env=_environment(program, site),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{line}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


@pytest.mark.django_db
def test_the_guide_works_as_it_is_written(tmp_path: Path) -> None:
    said = {line.split()[0]: shell(line, tmp_path) for line in commands("adding-a-protocol.md")}
    assert "passed" in said["pytest"]
    assert "failed" not in said["pytest"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with our registry, and our rules of style."""
    for name in ("protocols", "tests", "wallets"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_inside_it_is_registered_and_in_good_order(repository: Path) -> None:
    written = writing.write_inside("harbour-lend", repository)
    source = (repository / "protocols" / "registry.py").read_text()
    assert "from protocols.harbour_lend.adapter import ADAPTER as HARBOUR_LEND" in source
    assert ast.parse(source)
    python = [str(path) for path in written if path.suffix == ".py"]
    for check in (("check", "--no-cache"), ("format", "--check", "--no-cache")):
        command = [sys.executable, "-m", "ruff", *check, *python]
        done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_inside_there_is_a_test_and_a_page(repository: Path) -> None:
    names = {
        str(path.relative_to(repository)) for path in writing.write_inside("harbour", repository)
    }
    assert {"tests/protocols/harbour/test_adapter.py", "docs/protocols/harbour.md"} <= names


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Harbour", "is no name for a protocol"),
        ("harbour_lend", "write lower-case words with hyphens"),
        ("../harbour", "is no name for a protocol"),
        ("class", "is no name for a protocol"),
        ("h" * 41, "is no name for a protocol"),
        ("evm", "there is a protocol evm already"),
    ],
)
def test_a_name_that_cannot_be_is_one_sentence(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence) as refused:
        call_command("startprotocol", name, "--into", str(tmp_path / "new"), stdout=StringIO())
    assert (refused.value.returncode, (tmp_path / "new").exists()) == (2, False)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(CommandError, match=r"README\.md is there already; nothing was written"):
        call_command("startprotocol", "harbour", "--into", str(tmp_path), stdout=StringIO())
    assert [one.name for one in tmp_path.iterdir()] == ["README.md"]


def test_what_was_begun_is_taken_away_where_it_cannot_be_finished(tmp_path: Path) -> None:
    (tmp_path / "checks").write_text("a file where a folder should be")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("startprotocol", "harbour", "--into", str(tmp_path), stdout=StringIO())
    assert [one.name for one in tmp_path.iterdir()] == ["checks"]


def test_a_registry_that_was_changed_is_left_alone(repository: Path) -> None:
    registry = repository / "protocols" / "registry.py"
    registry.write_text("# something else\n")
    with pytest.raises(writing.NotWritten, match="add the adapter there yourself"):
        writing.write_inside("harbour", repository)
    assert not (repository / "docs").exists()
    assert registry.read_text() == "# something else\n"
