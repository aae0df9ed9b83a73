"""A wallet signs once its key has signed a challenge; workers ask, and go on where they stopped."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from tests.processes import eventually, manage
from tests.wallets.signer_server import serve_signer, wrong_key
from tests.wallets.test_signers import FIRST, PHRASE, TENTH
from wallets import tasks
from wallets.models import Lease, Transition, Wallet
from wallets.services import create_remote_wallet, verify_wallet
from wallets.signers import mnemonic
from wallets.signers.interface import SignerError, WrongKey
from wallets.signers.keystore import create_keystore
from wallets.signers.mnemonic import keep_phrase, open_mnemonic
from wallets.signers.references import SignerReference
from wallets.signers.vault import vault_path
from wallets.verification import ask_workers, due_wallets, rotate_key, verify_due, verify_one

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def phrase(keystores: Path) -> Iterator[str]:
    """A file with the phrase that every development chain knows."""
    yield keep_phrase(PHRASE, label="dev", scrypt_n=2)
    mnemonic._seed_of.cache_clear()


def wallet_of(reference: str, address: str = "", **fields: object) -> Wallet:
    kind = "mnemonic" if "#" in reference else "keystore"
    return Wallet.objects.create(
        label=reference,
        address=address or open_mnemonic(reference).address,
        signer_kind=kind,
        signer_reference=reference,
        verify_at=timezone.now(),
        **fields,
    )


def history(wallet: Wallet) -> list[tuple[str, str]]:
    rows = Transition.objects.filter(subject="wallet", subject_id=wallet.pk).order_by("id")
    return list(rows.values_list("from_state", "to_state"))


def test_what_is_due_is_verified_and_told(phrase: str) -> None:
    wallets = [wallet_of(f"{phrase}#{index}") for index in range(30)]
    tasks.verify_wallets()
    assert Wallet.objects.filter(status="verified", verify_at=None).count() == 30
    assert Wallet.objects.filter(verified_at=None).count() == 0
    assert history(wallets[0]) == [("unverified", "verified")]
    assert not due_wallets().exists()


def test_a_pass_that_ran_out_of_time_is_gone_on_with(phrase: str) -> None:
    for index in range(5):
        wallet_of(f"{phrase}#{index}")
    assert verify_due(actor="tests", seconds=0).total() == 0
    assert verify_due(actor="tests", seconds=9)["verified"] == 5


def test_a_wallet_that_another_worker_took_is_left_to_it(phrase: str) -> None:
    wallet = wallet_of(f"{phrase}#0")
    Wallet.objects.filter(pk=wallet.pk).update(verify_at=timezone.now() + tasks.VERIFY_LEASE)
    assert verify_due(actor="tests", seconds=9).total() == 0


def test_anothers_key_makes_the_wallet_mismatching_and_it_is_not_asked_again(phrase: str) -> None:
    wallet = wallet_of(f"{phrase}#0", address=TENTH)
    tasks.verify_wallets()
    wallet.refresh_from_db()
    assert (wallet.status, wallet.verify_at) == ("mismatching", None)
    assert f"gives the key of {FIRST}, not of {TENTH}" in wallet.status_reason
    assert history(wallet) == [("unverified", "mismatching")]
    assert ask_workers(Wallet.objects.all(), actor="tests") == 1
    assert history(wallet)[-1] == ("mismatching", "unverified")


def test_a_verified_wallet_whose_key_is_anothers_now_signs_no_more(phrase: str) -> None:
    wallet = wallet_of(f"{phrase}#0", address=TENTH, status="verified")
    with pytest.raises(WrongKey):
        verify_wallet(wallet=wallet)
    assert wallet.status == "mismatching"


def test_a_signer_that_cannot_be_asked_is_asked_again_later(keystores: Path) -> None:
    address, name = create_keystore("one", scrypt_n=2)
    content = vault_path(name).read_text()
    vault_path(name).unlink()
    wallet = wallet_of(name, address)
    assert verify_due(actor="tests", seconds=9)["unverified"] == 1
    wallet.refresh_from_db()
    assert "cannot be read" in wallet.status_reason
    assert wallet.verify_at is not None
    assert wallet.verify_at > timezone.now()
    vault_path(name).write_text(content)
    assert verify_one(wallet, actor="tests").status == "verified"
    assert wallet.status_reason == ""


def test_a_retired_wallet_is_not_verified(phrase: str) -> None:
    wallet = wallet_of(f"{phrase}#0", status="retired")
    with pytest.raises(SignerError, match="is retired"):
        verify_wallet(wallet=wallet)


def test_the_key_moves_only_to_a_place_that_signs_for_the_same_address(phrase: str) -> None:
    wallet = wallet_of(f"{phrase}#0", status="verified")
    other = SignerReference("keystore", create_keystore("other", scrypt_n=2)[1])
    with pytest.raises(WrongKey, match="nothing is signed with it"):
        rotate_key(wallet=wallet, reference=other, actor="tests", reason="r")
    wallet.refresh_from_db()
    assert (wallet.signer_reference, wallet.status) == (f"{phrase}#0", "verified")
    copy = keep_phrase(PHRASE, label="copy", scrypt_n=2)
    place = SignerReference("mnemonic", f"{copy}#0")
    rotate_key(wallet=wallet, reference=place, actor="anna", reason="new disk")
    assert (wallet.signer_reference, wallet.status) == (f"{copy}#0", "verified")
    told = Transition.objects.get(subject="wallet", subject_id=wallet.pk)
    assert told.actor == "anna"
    assert told.reason == f"key reference from mnemonic:{phrase}#0 to mnemonic:{copy}#0: new disk"


@pytest.mark.parametrize("place", ["watch_only", "keystore:../x.json", "mnemonic:{phrase}#0"])
def test_the_key_moves_nowhere_else(phrase: str, place: str) -> None:
    wallet = wallet_of(f"{phrase}#0", status="verified")
    kind, _, reference = place.format(phrase=phrase).partition(":")
    with pytest.raises(SignerError):
        rotate_key(wallet=wallet, reference=SignerReference(kind, reference), actor="t", reason="r")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_remote_key_is_asked_outside_of_transactions(keystores: Path) -> None:
    with serve_signer() as server:
        identifier, account = server.new_key()
        wallet = create_remote_wallet(
            label="remote", address=account.address, identifier=identifier
        )
        assert ask_workers(Wallet.objects.all(), actor="tests") == 1
        tasks.verify_wallets()
        wallet.refresh_from_db()
        assert wallet.status == "verified"
        server.reply = wrong_key
        assert verify_one(wallet, actor="tests").status == "mismatching"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_workers_verify_what_was_imported_though_they_are_killed_in_between(
    phrase: str, tmp_path: Path
) -> None:
    wallets = [
        Wallet(
            label=f"w{index}",
            address=open_mnemonic(f"{phrase}#{index}").address,
            signer_kind="mnemonic",
            signer_reference=f"{phrase}#{index}",
            verify_at=timezone.now(),
        )
        for index in range(150)
    ]
    Wallet.objects.bulk_create(wallets)
    verified = Wallet.objects.filter(status="verified")
    with manage("qcluster", log=tmp_path / "first.log") as first:
        assert eventually(lambda: verified.count() > 20, every=0.02)
        first.kill()
    stopped_at = verified.count()
    Wallet.objects.exclude(status="verified").update(verify_at=timezone.now())
    # As if the killed one's minute had passed.
    Lease.objects.filter(name="verify").update(expires_at=timezone.now())
    with manage("qcluster", log=tmp_path / "second.log"):
        assert eventually(lambda: verified.count() == 150)
    assert stopped_at < 150
    assert Transition.objects.filter(subject="wallet").count() == 150
