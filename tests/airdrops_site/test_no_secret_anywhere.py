"""Every key, phrase and passphrase that was used is looked for in all that is left behind."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from eth_account import Account
from eth_keyfile.keyfile import create_keyfile_json

from tests.chains import ETHER, Chain
from tests.postgres import binaries
from tests.processes import environment, eventually, manage, serve
from tests.wallets.intents import transfer
from wallets.models import Network, Wallet
from wallets.signers import mnemonic
from wallets.signers.boundary import without_signers
from wallets.signers.mnemonic import new_phrase
from wallets.signers.passphrases import passphrase

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]
TOKEN = {"Authorization": "Bearer metrics-token-of-the-tests"}


@dataclass(frozen=True)
class Secrets:
    """What must be nowhere."""

    keys: dict[str, bytes]
    words: dict[str, str]

    def found_in(self, content: bytes) -> list[str]:
        """The names of those that are in there, in any usual way of writing them."""
        small = content.lower()
        found = [name for name, key in self.keys.items() if any(f in small for f in _forms(key))]
        return found + [name for name, word in self.words.items() if word.lower().encode() in small]


def _forms(key: bytes) -> Iterator[bytes]:
    yield key.lower()
    yield key.hex().encode()
    yield str(int.from_bytes(key, "big")).encode()
    yield base64.b64encode(key).rstrip(b"=").lower()
    yield repr(key)[2:-1].lower().encode()


@pytest.fixture
def secrets(keystores: Path, monkeypatch: pytest.MonkeyPatch) -> Secrets:
    """Drawn anew, so that nothing found can be from elsewhere."""
    monkeypatch.setattr(settings, "KEYSTORE_SCRYPT_LOG2", 1)
    mnemonic._seed_of.cache_clear()
    settings.KEYSTORE_PASSPHRASE_FILE.write_text("passphrase-of-ours-" + os.urandom(8).hex())
    phrase = new_phrase(12)
    Account.enable_unaudited_hdwallet_features()
    keys = {name: os.urandom(32) for name in ("old keystore", "variable", "pasted", "in a file")}
    keys["derived"] = bytes(Account.from_mnemonic(phrase).key)
    words = {
        "phrase": phrase,
        "the end of the phrase": phrase.split(" ", 6)[-1],
        "our passphrase": passphrase(),
        "the old passphrase": "old-passphrase-" + os.urandom(8).hex(),
        "token": "token-" + os.urandom(8).hex(),
    }
    return Secrets(keys, words)


@pytest.fixture
def files(tmp_path: Path, secrets: Secrets) -> Path:
    """What an operator has before: a keystore, variables, a phrase, a file with a key in it."""
    folder = tmp_path / "desk"
    folder.mkdir()
    keys, words = secrets.keys, secrets.words
    old = create_keyfile_json(
        keys["old keystore"], words["the old passphrase"], kdf="scrypt", iterations=2
    )
    (folder / "old.json").write_text(json.dumps(old))
    (folder / "passphrase").write_text(words["the old passphrase"])
    (folder / "phrase").write_text(words["phrase"] + "\n")
    (folder / "old.env").write_text(f"WALLET_PRIVATE_KEY_MAIN={keys['variable'].hex()}\n")
    (folder / "bad.env").write_text(f"WALLET_PRIVATE_KEY_BAD={keys['variable'].hex()}0\n")
    pasted = keys["in a file"].hex()
    lines = [
        f"x,{pasted},watch_only,\n",
        f"y,0x{'11' * 20},keystore:{pasted},\n",
        f"z,0x{'12' * 20},{words['phrase']},\n",
    ]
    (folder / "bad.csv").write_text("label,address,signer,tags\n" + "".join(lines))
    return folder


def run(folder: Path, *arguments: str, **variables: str) -> tuple[int, bytes]:
    """A real process with its exit code and all that it said, tracebacks included."""
    done = subprocess.run(
        [sys.executable, "manage.py", "wallets", "--traceback", *arguments],
        cwd=settings.BASE_DIR,
        env={**environment(), "AIRDROPS_LOG_LEVEL": "DEBUG", **variables},
        input=(folder / "phrase").read_bytes(),
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_search_finds_what_is_there(secrets: Secrets, files: Path) -> None:
    assert secrets.found_in((files / "phrase").read_bytes()) == ["phrase", "the end of the phrase"]
    assert secrets.found_in((files / "old.env").read_bytes()) == ["variable"]
    key = secrets.keys["derived"]
    for text in (repr(key), str(int.from_bytes(key, "big")), key.hex().upper()):
        assert secrets.found_in(text.encode()) == ["derived"]


def test_commands_that_work_and_that_fail_say_none(secrets: Secrets, files: Path) -> None:
    desk, pasted = str(files), secrets.keys["pasted"].hex()
    old = (f"{desk}/old.json", "--passphrase-file")
    said = [
        run(files, "import-keystore", *old, f"{desk}/passphrase"),
        run(files, "import-keystore", *old, f"{desk}/phrase", "--label", "again"),
        run(files, "import-env", f"{desk}/old.env"),
        run(files, "import-env", f"{desk}/bad.env", "--keystores"),
        run(files, "phrase", "farm"),
        run(files, "import", f"{desk}/bad.csv"),
        run(files, "create", pasted),
        run(files, "add", "x", "0x" + "11" * 20, f"environment:{pasted}"),
        run(files, "rotate", "main", "--signer", pasted, "--reason", pasted),
        run(files, "verify", "--all", WALLET_PRIVATE_KEY_MAIN=pasted),
    ]
    assert [code for code, _ in said] == [0, 2, 0, 2, 0, 2, 1, 2, 1, 1]
    assert [secrets.found_in(text) for _, text in said] == [[]] * len(said)
    assert secrets.found_in(dump()) == []


def dump() -> bytes:
    """All the database holds: SQLite's files, or every table as PostgreSQL copies it out."""
    if connection.vendor == "sqlite":
        name = Path(str(connection.settings_dict["NAME"]))
        return b"".join(path.read_bytes() for path in sorted(name.parent.glob(f"{name.name}*")))
    found = bytearray()
    tables = connection.introspection.table_names()
    with connection.connection.cursor() as cursor:
        for table in tables:
            with cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
                found += b"".join(bytes(row) for row in rows)
    assert Wallet.objects.earliest("pk").address.encode() in found
    return bytes(found)


def backup(folder: Path) -> bytes:
    """A copy of the database, taken as docs/operating.md says."""
    copy = folder / "backup"
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(copy)])
    else:
        url = connection.connection.info.dsn
        version = connection.connection.info.server_version // 10_000
        command = [str(binaries(version) / "pg_dump"), "--dbname", url, "--file", str(copy)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert Wallet.objects.earliest("pk").address.encode() in copy.read_bytes()
    return copy.read_bytes()


def test_workers_web_database_backup_and_keystores_hold_none(
    secrets: Secrets,
    files: Path,
    network: Network,
    chain: Chain,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk, key = str(files), secrets.keys["variable"]
    call_command("wallets", "import-env", f"{desk}/old.env")
    with (files / "phrase").open() as typed:
        monkeypatch.setattr(sys, "stdin", typed)
        call_command("wallets", "phrase", "farm")
    (phrase_file,) = settings.KEYSTORE_DIR.glob("farm-*.json")
    call_command("wallets", "add-hd", phrase_file.name, "--count=2", "--prefix=farm-")
    Wallet.objects.filter(label="farm-1").update(address="0x" + "11" * 20)
    main = Wallet.objects.get(label="main")
    chain.fund(main.address, 10 * ETHER)
    monkeypatch.setenv("WALLET_PRIVATE_KEY_MAIN", key.hex())
    monkeypatch.setenv("AIRDROPS_WEB3SIGNER_TOKEN", secrets.words["token"])
    monkeypatch.setenv("AIRDROPS_LOG_LEVEL", "DEBUG")
    log = tmp_path / "workers.log"
    with manage("qcluster", log=log):
        verified = Wallet.objects.filter(status="verified")
        assert eventually(lambda: verified.count() == 2), log.read_text()[-3000:]
        good = transfer(main, network, main.address)
        bad = transfer(main, network, "0x" + "22" * 20, key="t:2", data=b"\x01" * 4)
        assert eventually(lambda: _state(good) == "broadcast" and _state(bad) != "queued")
    pages = web_pages(secrets, tmp_path, monkeypatch)
    assert Wallet.objects.get(label="farm-1").status == "mismatching"
    left = {
        "log of the workers": log.read_bytes(),
        "log of the web": (tmp_path / "web.log").read_bytes(),
        "database": dump(),
        "backup": backup(tmp_path),
        "keystores": b"".join(path.read_bytes() for path in settings.KEYSTORE_DIR.glob("*")),
        **pages,
    }
    assert {name: secrets.found_in(content) for name, content in left.items()} == {
        name: [] for name in left
    }


def _state(row: object) -> str:
    row.refresh_from_db()  # type: ignore[attr-defined]
    return str(row.state)  # type: ignore[attr-defined]


def web_pages(secrets: Secrets, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Pages of the console, of figures, and those that answer keys in the wrong place."""
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    cookie = {"sessionid": client.cookies["sessionid"].value}
    main, pasted = Wallet.objects.get(label="main"), secrets.keys["pasted"].hex()
    lists = ["", "wallets/wallet/", f"wallets/wallet/{main.pk}/change/", "wallets/transition/"]
    pages = {}
    hidden = set(os.environ) - set(without_signers(os.environ))
    for name in hidden:
        monkeypatch.delenv(name)
    with serve(folder / "web.log", AIRDROPS_DEBUG="true", AIRDROPS_LOG_LEVEL="DEBUG") as url:
        for path in lists:
            answer = httpx.get(f"{url}/admin/{path}", cookies=cookie, timeout=60)
            assert answer.status_code == 200
            pages[path] = answer.content
        pages["metrics"] = httpx.get(f"{url}/metrics", headers=TOKEN, timeout=60).content
        pages["health"] = httpx.get(f"{url}/health", headers=TOKEN, timeout=60).content
        pages["not found"] = httpx.get(f"{url}/nothing", cookies=cookie, timeout=60).content
        assert b"airdrops" in pages["metrics"]
    for name in ("label", "signer_reference"):
        form = {"label": "x", "address": main.address, "signer_kind": "environment", name: pasted}
        client.post("/admin/wallets/wallet/add/", form)
    assert Wallet.objects.count() == 3
    return pages
