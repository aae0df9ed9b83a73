"""The project's settings over a database of the tests' own: PostgreSQL, or SQLite on request."""

import os
import tempfile
from pathlib import Path

SCRATCH = Path(tempfile.gettempdir()) / f"airdrops-tests-{os.getuid()}"
SCRATCH.mkdir(mode=0o700, exist_ok=True)


def _database_url() -> str:
    if os.environ.get("AIRDROPS_TEST_DATABASE") == "sqlite":
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        return f"sqlite:///{SCRATCH}/tests-{worker}.sqlite3"
    if url := os.environ.get("TEST_DATABASE_URL"):
        return url
    from tests.postgres import start

    # Workers of pytest-xdist inherit the environment, so one server serves them all.
    os.environ["TEST_DATABASE_URL"] = start(SCRATCH / "postgres")
    return os.environ["TEST_DATABASE_URL"]


os.environ["DATABASE_URL"] = _database_url()
os.environ["AIRDROPS_DATA_DIR"] = tempfile.mkdtemp(prefix="data-", dir=SCRATCH)
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
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
