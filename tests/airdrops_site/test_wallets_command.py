"""Wallets at the command line: made, taken in, verified, found; keys are never shown."""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from eth_account import Account
from eth_keyfile.keyfile import create_keyfile_json

from tests.chains import Chain
from tests.factories.values import an_address
from tests.processes import environment, run_manage
from tests.wallets.kms_server import serve_kms
from tests.wallets.test_signers import FIRST, PHRASE, TENTH
from wallets.models import Network, Transition, Wallet
from wallets.signers import mnemonic
from wallets.signers.kms import kms_address

pytestmark = [pytest.mark.django_db, pytest.mark.db, pytest.mark.usefixtures("quick_keystores")]


@pytest.fixture
def quick_keystores(keystores: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A light scrypt keeps the tests quick."""
    monkeypatch.setattr(settings, "KEYSTORE_SCRYPT_LOG2", 1)
    yield
    mnemonic._seed_of.cache_clear()


def wallets(*arguments: str) -> Any:
    """What the command prints, read as JSON."""
    said = io.StringIO()
    call_command("wallets", *arguments, "--json", stdout=said)
    return json.loads(said.getvalue())


def refused(*arguments: str) -> str:
    """The sentence of a command that ends with 2; nothing was written."""
    before = Wallet.objects.count()
    with pytest.raises(CommandError) as error:
        call_command("wallets", *arguments)
    assert (error.value.returncode, Wallet.objects.count()) == (2, before)
    return str(error.value)


def kept_files() -> list[str]:
    folder: Path = settings.KEYSTORE_DIR
    return sorted(path.name for path in folder.glob("*")) if folder.exists() else []


def type_in(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def v3_file(folder: Path, name: str, key: bytes, passphrase: str = "old") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(json.dumps(create_keyfile_json(key, passphrase, kdf="scrypt", iterations=2)))
    return path


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    path = tmp_path / "wallets.csv"
    lines = [f"w{number},{an_address(number)},watch_only,farm" for number in range(30)]
    path.write_text("\n".join(["label,address,signer,tags", *lines]) + "\n")
    return path


def test_a_file_is_imported_and_its_speed_reported(csv_file: Path) -> None:
    said = wallets("import", str(csv_file))
    assert (said["added"], said["refusals"]) == (30, [])
    assert said["rows_per_second"] > 0
    assert Wallet.objects.filter(tags__name="farm").count() == 30


def test_a_dry_run_says_the_same_and_writes_nothing(csv_file: Path) -> None:
    said = wallets("import", str(csv_file), "--dry-run")
    assert (said["rows"], said["added"], Wallet.objects.count()) == (30, 0, 0)


def test_a_bad_line_is_named_and_nothing_is_written(
    csv_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with csv_file.open("a") as file:
        file.write("bad,0x12,watch_only,\n")
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("wallets", "import", str(csv_file), "--json", stdout=out)
    assert (ended.value.code, Wallet.objects.count()) == (2, 0)
    assert json.loads(out.getvalue())["refusals"][0]["line"] == 32
    said = capsys.readouterr().err.splitlines()
    assert said[-2].startswith("line 32: '0x12' is not an address")
    assert said[-1] == "nothing was written"


def test_a_new_key_is_made_and_verified(network: Network, chain: Chain) -> None:
    wallets("create", "main", "--tags", "cold")
    assert wallets("list")[0]["status"] == "unverified"
    said = wallets("verify", "main")
    assert said["status"] == "verified"
    assert said["networks"] == [
        {
            "network": "devnet-l1",
            "connected": True,
            "said": "nonce 0, 0 wei",
            "nonce": 0,
            "wei": "0",
        }
    ]


def test_verify_says_which_network_does_not_answer(network: Network) -> None:
    network.endpoints.update(url="http://127.0.0.1:9")
    wallets("create", "main")
    assert wallets("verify", "main")["networks"][0]["connected"] is False


def test_no_key_is_made_for_a_label_that_cannot_be(csv_file: Path) -> None:
    wallets("create", "main")
    files = kept_files()
    assert "already used" in refused("create", "main")
    assert "begins like a formula" in refused("create", "=1+1")
    assert kept_files() == files


def test_a_keystore_is_taken_in_by_a_passphrase_of_file_variable_or_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "passphrase").write_text("old\n")
    monkeypatch.setenv("OLD_PASSPHRASE", "old")
    sources = (
        ("--passphrase-file", str(tmp_path / "passphrase")),
        ("--passphrase-env", "OLD_PASSPHRASE"),
        (),
    )
    for number, source in enumerate(sources, 1):
        type_in(monkeypatch, "old")
        path = v3_file(tmp_path / "old", f"UTC--{number}.json", bytes([number]) * 32)
        wallets("import-keystore", str(path), "--label", f"old-{number}", *source)
    assert wallets("verify", "--all") == {"verified": 3, "problems": []}


def test_a_wrong_passphrase_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = v3_file(tmp_path / "old", "one.json", b"\x01" * 32)
    type_in(monkeypatch, "wrong")
    with pytest.raises(SystemExit):
        wallets("import-keystore", str(path))
    assert "one.json does not open with the passphrase" in capsys.readouterr().err
    assert (Wallet.objects.count(), kept_files()) == (0, [])


def test_a_folder_of_keystores_is_taken_in_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 4):
        v3_file(tmp_path / "old", f"k{number}.json", bytes([number]) * 32)
    odd = v3_file(tmp_path / "old", "k9.json", b"\x09" * 32, "another")
    type_in(monkeypatch, "old")
    with pytest.raises(SystemExit):
        wallets("import-keystores", str(tmp_path / "old"), "--prefix", "farm-")
    assert (Wallet.objects.count(), kept_files()) == (0, [])
    odd.unlink()
    type_in(monkeypatch, "old")
    wallets("import-keystores", str(tmp_path / "old"), "--prefix", "farm-")
    assert [row["label"] for row in wallets("list")] == ["farm-k1", "farm-k2", "farm-k3"]
    type_in(monkeypatch, "old")
    assert "is the key of a wallet that is here already" in refused(
        "import-keystores", str(tmp_path / "old"), "--prefix", "again-"
    )


ENV_FILE = """
# an old system's
export WALLET_PRIVATE_KEY_MAIN="{main}"
WALLET_ADDRESS_MAIN={address}
WALLET_PRIVATE_KEY_FARM_2='0x{farm}' # the second
WALLET_ADDRESS_COLD={cold}
SECRET_KEY=x
"""


@pytest.fixture
def old_layout(tmp_path: Path) -> Path:
    main, farm = Account.create(), Account.create()
    path = tmp_path / "old.env"
    path.write_text(
        ENV_FILE.format(main=main.key.hex(), address=main.address, farm=farm.key.hex(), cold=TENTH)
    )
    return path


def test_the_old_layout_becomes_references(
    old_layout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wallets("import-env", str(old_layout), "--dry-run")["added"] == 0
    wallets("import-env", str(old_layout))
    rows = {row["label"]: (row["signer"], row["reference"]) for row in wallets("list")}
    assert rows == {
        "main": ("environment", "MAIN"),
        "farm-2": ("environment", "FARM_2"),
        "cold": ("watch_only", ""),
    }
    with pytest.raises(SystemExit):
        wallets("verify", "main")
    key = old_layout.read_text().split('"')[1]
    monkeypatch.setenv("WALLET_PRIVATE_KEY_MAIN", key)
    assert wallets("verify", "main")["status"] == "verified"


def test_the_old_layout_becomes_keystores(old_layout: Path) -> None:
    wallets("import-env", str(old_layout), "--keystores")
    assert len(kept_files()) == 2
    assert wallets("verify", "--all") == {"verified": 2, "problems": []}


def test_the_old_layout_is_refused_where_key_and_address_differ(
    old_layout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = old_layout.read_text()
    old_layout.write_text(text + f"WALLET_ADDRESS_FARM_2={FIRST}\nWALLET_PRIVATE_KEY_X=hunter2\n")
    with pytest.raises(SystemExit):
        wallets("import-env", str(old_layout), "--keystores")
    said = capsys.readouterr().err
    assert "WALLET_PRIVATE_KEY_FARM_2 is the key of" in said
    assert "WALLET_PRIVATE_KEY_X is no private key" in said
    assert "hunter2" not in said
    assert kept_files() == []


def test_the_old_layout_is_refused_in_production(
    old_layout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "PRODUCTION", True)
    assert "are for development" in refused("import-env", str(old_layout))
    wallets("import-env", str(old_layout), "--keystores")


def test_a_range_of_a_seed_phrase_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, PHRASE)
    kept = wallets("phrase", "dev")
    assert kept["first_address"] == FIRST
    wallets("add-hd", kept["file"], "--count", "10", "--prefix", "farm-", "--group", "north")
    rows = wallets("list", "--group", "north")
    assert (rows[0]["label"], rows[0]["address"]) == ("farm-0", FIRST)
    assert rows[9]["address"] == TENTH
    assert wallets("verify", "--all") == {"verified": 10, "problems": []}


def test_a_new_phrase_is_shown_once_and_kept_encrypted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = wallets("phrase", "dev", "--new", "--words", "12")
    shown = capsys.readouterr().err.splitlines()[0].rpartition(": ")[2]
    assert len(shown.split()) == 12
    assert shown not in (settings.KEYSTORE_DIR / kept["file"]).read_text()


def test_a_key_in_kms_or_elsewhere_is_added_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_kms(monkeypatch.setenv) as server:
        key = server.new_key()
        wallets("add", "vault", kms_address(key), f"aws_kms:{key}")
    assert Wallet.objects.get().signer_reference == key
    with pytest.raises(SystemExit):
        wallets("add", "vault-2", an_address(1), "keystore:" + "ab" * 32)


def test_the_key_moves_and_the_history_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    wallets("create", "main")
    wallets("verify", "main")
    row = Wallet.objects.get()
    old = settings.KEYSTORE_DIR / row.signer_reference
    (settings.KEYSTORE_DIR / "moved.json").write_text(old.read_text())
    wallets("rotate", "main", "--signer", "keystore:moved.json", "--reason", "new disk")
    told = wallets("show", "main")["history"]
    assert "to keystore:moved.json: new disk" in told[-1]["reason"]
    wallets("create", "other")
    other = Wallet.objects.get(label="other").signer_reference
    assert "nothing is signed with it" in refused(
        "rotate", "main", "--signer", f"keystore:{other}", "--reason", "r"
    )
    assert Transition.objects.filter(subject="wallet", subject_id=row.pk).count() == 3


def test_wallets_are_found_by_what_they_have_in_common(csv_file: Path) -> None:
    wallets("import", str(csv_file))
    wallets("mark", "w1", "w2", "--add", "vip", "--remove", "farm", "--group", "north")
    assert [row["label"] for row in wallets("list", "--tag", "vip")] == ["w1", "w2"]
    assert [row["label"] for row in wallets("list", "--group", "north", "--label", "2")] == ["w2"]
    assert len(wallets("list", "--tag", "farm")) == 28
    assert len(wallets("list", "--status", "verified")) == 0
    assert wallets("list", "--address", an_address(3).lower())[0]["label"] == "w3"
    assert len(wallets("list", "--limit", "7")) == 7


def test_tables_are_for_people(csv_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    wallets("import", str(csv_file))
    for arguments in (("list",), ("show", "w1")):
        said = io.StringIO()
        call_command("wallets", *arguments, stdout=said)
        assert an_address(1) in said.getvalue()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("show", "nobody"), "there is no wallet 'nobody'"),
        (("verify",), "name one wallet, or say --all"),
        (("import", "/nowhere.csv"), "cannot be read: No such file"),
        (("import-keystores", "/nowhere"), "there is no keystore file in /nowhere"),
        (("import-env", "/nowhere.env"), "/nowhere.env cannot be read"),
        (("add-hd", "x.json", "--count", "0", "--prefix", "x"), "a range has 1 to 10,000"),
        (("add-hd", "x.json", "--count", "1", "--prefix", "x"), "seed phrase x.json cannot be"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    assert sentence in refused(*arguments)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_as_a_process_it_ends_with_2_and_one_sentence() -> None:
    done = run_manage("wallets", "show", "nobody", **environment())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == (
        "CommandError: there is no wallet 'nobody'; `wallets list` shows them"
    )
