"""The project's settings over a database of the tests' own: PostgreSQL, or SQLite on request."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

FOLDER_VARIABLE = "AIRDROPS_TEST_FOLDER"
_PREFIX = f"airdrops-tests-{os.getuid()}-"


def _run_folder() -> Path:
    """A folder of this run; the workers of pytest-xdist inherit the environment and share it."""
    if known := os.environ.get(FOLDER_VARIABLE):
        return Path(known)
    _remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    os.environ[FOLDER_VARIABLE] = str(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _remove_leftovers() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).split("-")[0]
        if not Path("/proc", pid).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _database_url(folder: Path) -> str:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    if os.environ.get("AIRDROPS_TEST_DATABASE") == "sqlite":
        return f"sqlite:///{folder}/tests-{worker}.sqlite3"
    if url := os.environ.get("TEST_DATABASE_URL"):
        return url
    from tests.postgres import start

    # One server serves all workers of the run.
    os.environ["TEST_DATABASE_URL"] = start(folder / "postgres")
    return os.environ["TEST_DATABASE_URL"]


_FOLDER = _run_folder()
os.environ["DATABASE_URL"] = _database_url(_FOLDER)
os.environ["AIRDROPS_DATA_DIR"] = tempfile.mkdtemp(prefix="data-", dir=_FOLDER)
os.environ["AIRDROPS_CHAIN_ACCESS"] = "devnet"
os.environ["AIRDROPS_ENV"] = "development"
os.environ["AIRDROPS_ENV_FILE"] = os.devnull
os.environ["METRICS_TOKEN"] = "metrics-token-of-the-tests"

from airdrops_site.settings import *  # noqa: E402, F403
from airdrops_site.settings import DATABASES, SQLITE  # noqa: E402

if SQLITE:
    # A file, so that other processes can open it too; the same file under both names.
    name = DATABASES["default"]["NAME"]
    DATABASES["default"]["TEST"] = {"NAME": str(name)}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    # A test is one database transaction, and some start processes meanwhile.
    options = DATABASES["default"]["OPTIONS"]
    options["options"] = options["options"].replace("session_timeout=30s", "session_timeout=300s")
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
