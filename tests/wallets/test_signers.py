"""Each kind of signer that keeps its key here: files, variables, seed phrases."""

import json
import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from eth_account import Account
from eth_keyfile.keyfile import create_keyfile_json

from tests.processes import run_manage
from wallets.models import Wallet
from wallets.services import verify_wallet
from wallets.signers import environment, mnemonic, process
from wallets.signers.environment import open_environment, refuse_name, take_keys
from wallets.signers.interface import SignerError, WrongKey
from wallets.signers.keystore import create_keystore, import_keystore, open_keystore
from wallets.signers.loading import load_signer
from wallets.signers.mnemonic import keep_phrase, new_phrase, open_mnemonic, refuse_reference
from wallets.signers.vault import vault_path

# The phrase every development chain knows, and the first addresses everybody knows from it.
PHRASE = "test test test test test test test test test test test junk"
FIRST = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
TENTH = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"
# https://eips.ethereum.org/EIPS/eip-155 and the V3 specification's own file and passphrase.
SPEC_FILE: dict[str, Any] = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
        "kdf": "scrypt",
        "kdfparams": {
            "dklen": 32,
            "n": 262144,
            "r": 1,
            "p": 8,
            "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
        },
        "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}
SPEC_ADDRESS = "0x008AeEda4D805471dF9b2A5B0f38A0C3bCBA786b"

pytestmark = pytest.mark.usefixtures("keystores")


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    yield
    environment._taken.clear()
    mnemonic._seed_of.cache_clear()


def test_the_specifications_own_keystore_is_imported(tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text(json.dumps(SPEC_FILE))
    address, name = import_keystore(
        tmp_path / "spec.json", own_passphrase="testpassword", label="Old One", scrypt_n=2
    )
    assert (address, name) == (SPEC_ADDRESS, "old-one-008AeEda.json")
    assert open_keystore(name).address == SPEC_ADDRESS
    assert vault_path(name).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "spec.json").exists()


def test_our_keystores_are_opened_by_an_independent_library() -> None:
    address, name = create_keystore("new", scrypt_n=2)
    content = json.loads(vault_path(name).read_text())
    key = Account.decrypt(content, "a passphrase of the tests")
    assert Account.from_key(key).address == address


def test_a_file_is_never_written_over_another(tmp_path: Path) -> None:
    content = create_keyfile_json(b"\x01" * 32, "x", kdf="scrypt", iterations=2)
    (tmp_path / "one.json").write_text(json.dumps(content))
    import_keystore(tmp_path / "one.json", own_passphrase="x", label="one", scrypt_n=2)
    with pytest.raises(SignerError, match="nothing was written"):
        import_keystore(tmp_path / "one.json", own_passphrase="x", label="one", scrypt_n=2)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("no json", "is no JSON file"),
        ("[]", "does not open"),
        ("{}", "does not open"),
        ('{"version": 3, "crypto": []}', "does not open"),
        ('{"version": 9}', "does not open"),
    ],
)
def test_what_is_no_keystore_is_a_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(SignerError, match=sentence):
        import_keystore(tmp_path / "bad.json", own_passphrase="x", label="bad", scrypt_n=2)


def test_a_wrong_passphrase_says_nothing_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text(json.dumps(SPEC_FILE))
    with pytest.raises(SignerError) as refused:
        import_keystore(tmp_path / "spec.json", own_passphrase="wrong", label="x", scrypt_n=2)
    assert str(refused.value) == "spec.json does not open with the passphrase"
    assert refused.value.__cause__ is None


def test_a_phrase_gives_the_addresses_that_everybody_derives() -> None:
    name = keep_phrase(PHRASE, label="dev", scrypt_n=2)
    assert open_mnemonic(f"{name}#0").address == FIRST
    assert open_mnemonic(f"{name}#9").address == TENTH
    assert "junk" not in vault_path(name).read_text()


def test_the_passphrase_of_the_phrase_and_the_path_count() -> None:
    """Vectors made with eth-account's own derivation."""
    Account.enable_unaudited_hdwallet_features()
    path = "m/44'/60'/1'/0"
    expected = Account.from_mnemonic(PHRASE, "25th", f"{path}/3").address
    name = keep_phrase(PHRASE, label="dev", extra="25th", path=path, scrypt_n=2)
    assert open_mnemonic(f"{name}#3").address == expected


@pytest.mark.parametrize(
    "phrase", ["test " * 12, PHRASE.replace("junk", "xylophone"), "test junk", PHRASE + " test"]
)
def test_a_wrong_phrase_is_refused_without_its_words(phrase: str) -> None:
    with pytest.raises(SignerError) as refused:
        keep_phrase(phrase, label="x", scrypt_n=2)
    shown = "".join(traceback.format_exception(refused.value, limit=0))
    assert not any(word in shown for word in ("test", "junk", "xylophone"))


def test_new_phrases_differ_and_are_valid() -> None:
    first, second = new_phrase(), new_phrase()
    assert (len(first.split()), first != second) == (24, True)
    assert keep_phrase(first, label="x", scrypt_n=2)


@pytest.mark.parametrize("reference", ["a.json", "a.json#", "a.json#-1", "../a.json#0", "a#0",
                                       "a.json#01", "a.json#2147483648"])  # fmt: skip
def test_what_is_no_place_in_a_phrase_is_refused(reference: str) -> None:
    assert refuse_reference(reference)
    with pytest.raises(SignerError):
        open_mnemonic(reference)


def test_a_keystore_is_no_seed_phrase() -> None:
    _, name = create_keystore("new", scrypt_n=2)
    with pytest.raises(SignerError, match="holds no seed phrase"):
        open_mnemonic(f"{name}#0")


def test_a_key_in_a_variable_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account.create()
    monkeypatch.setenv("WALLET_PRIVATE_KEY_MAIN", account.key.hex())
    monkeypatch.setenv("WALLET_ADDRESS_MAIN", account.address.lower())
    assert open_environment("MAIN").address == account.address
    monkeypatch.setenv("WALLET_ADDRESS_MAIN", FIRST)
    with pytest.raises(WrongKey, match="is the key of"):
        open_environment("MAIN")


def test_taken_keys_sign_though_the_environment_has_them_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = Account.create()
    monkeypatch.setenv("WALLET_PRIVATE_KEY_MAIN", account.key.hex())
    take_keys()
    assert "WALLET_PRIVATE_KEY_MAIN" not in os.environ
    assert open_environment("MAIN").address == account.address
    assert account.key.hex() not in repr(environment._taken)


def test_a_variable_that_is_missing_or_no_key_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(SignerError, match="WALLET_PRIVATE_KEY_MAIN is not set"):
        open_environment("MAIN")
    for value in ("hunter2", "0x" + "00" * 32, "ff" * 32, "ab" * 31):
        monkeypatch.setenv("WALLET_PRIVATE_KEY_MAIN", value)
        with pytest.raises(SignerError) as refused:
            open_environment("MAIN")
        assert value not in str(refused.value)
        assert refused.value.__suppress_context__


def test_keys_in_variables_are_refused_in_production_unless_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WALLET_PRIVATE_KEY_MAIN", Account.create().key.hex())
    monkeypatch.setattr(settings, "PRODUCTION", True)
    with pytest.raises(SignerError, match="are for development"):
        open_environment("MAIN")
    monkeypatch.setattr(settings, "ALLOW_ENVIRONMENT_KEYS", True)
    assert open_environment("MAIN")


@pytest.mark.parametrize("name", ["", "main", "A-B", "AB" * 32, "0X" + "AB" * 32])
def test_what_cannot_name_a_variable_is_refused(name: str) -> None:
    assert refuse_name(name)


def test_the_passphrase_may_be_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    _, name = create_keystore("new", scrypt_n=2)
    settings.KEYSTORE_PASSPHRASE_FILE.unlink()
    with pytest.raises(SignerError, match="set AIRDROPS_KEYSTORE_PASSPHRASE_FILE or"):
        open_keystore(name)
    monkeypatch.setenv("AIRDROPS_KEYSTORE_PASSPHRASE", "a passphrase of the tests")
    assert open_keystore(name)


@pytest.mark.db
@pytest.mark.django_db
def test_wallets_of_every_kind_verify_through_one_protocol(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = Account.create()
    monkeypatch.setenv("WALLET_PRIVATE_KEY_MAIN", account.key.hex())
    address, keystore = create_keystore("new", scrypt_n=2)
    phrase = keep_phrase(PHRASE, label="dev", scrypt_n=2)
    places = [
        (address, "keystore", keystore),
        (account.address, "environment", "MAIN"),
        (FIRST, "mnemonic", f"{phrase}#0"),
    ]
    for place, kind, reference in places:
        wallet = Wallet.objects.create(
            label=kind, address=place, signer_kind=kind, signer_reference=reference
        )
        assert verify_wallet(wallet=wallet).status == "verified"
        assert not load_signer(wallet).is_remote


@pytest.mark.db
@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["keystore", "environment", "mnemonic"])
def test_another_addresss_key_is_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALLET_PRIVATE_KEY_MAIN", Account.create().key.hex())
    references = {
        "keystore": create_keystore("new", scrypt_n=2)[1],
        "environment": "MAIN",
        "mnemonic": keep_phrase(PHRASE, label="dev", scrypt_n=2) + "#0",
    }
    wallet = Wallet.objects.create(
        label=kind, address=TENTH, signer_kind=kind, signer_reference=references[kind]
    )
    with pytest.raises(WrongKey, match="nothing is signed with it"):
        load_signer(wallet)


def test_a_process_that_never_signs_makes_and_opens_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "_may_sign", False)
    for attempt in (
        lambda: create_keystore("x", scrypt_n=2),
        lambda: open_keystore("x.json"),
        lambda: open_mnemonic("x.json#0"),
        lambda: open_environment("MAIN"),
        lambda: keep_phrase(PHRASE, label="x", scrypt_n=2),
    ):
        with pytest.raises(SignerError, match="this process never signs"):
            attempt()


def test_the_web_is_no_signing_process() -> None:
    code = (
        "import airdrops_site.wsgi; from wallets.signers.process import require_signing_process\n"
        "require_signing_process()"
    )
    done = run_manage("shell", "-c", code)
    assert "SignerError: this process never signs" in done.stderr
