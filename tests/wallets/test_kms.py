"""AWS KMS signs with a key nobody can take; its answers are used only if they are the wallet's."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_keys.constants import SECPK1_N

from tests.chains import ETHER, Chain
from tests.wallets.intents import settled, ticked, transfer
from tests.wallets.kms_server import KmsServer, serve_kms
from tests.wallets.test_web3signer import FIELDS, MAIL
from wallets.models import Network, Wallet
from wallets.services import verify_wallet
from wallets.signers.interface import SignerError, WrongKey
from wallets.signers.kms import KmsSigner, kms_address, open_kms, refuse_key
from wallets.signers.process import become_signing_process


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[KmsServer]:
    with serve_kms(monkeypatch.setenv) as running:
        yield running


@pytest.fixture
def signer(server: KmsServer) -> KmsSigner:
    key = server.new_key()
    return open_kms(key, kms_address(key))


def test_500_signatures_recover_to_the_address_and_all_are_low_s(signer: KmsSigner) -> None:
    for number in range(500):
        text = f"signature {number}"
        signature = signer.sign_challenge(text)
        found = Account.recover_message(encode_defunct(text=text), signature=signature)
        assert found == signer.address
        assert int.from_bytes(signature[32:64], "big") <= SECPK1_N // 2


def test_transactions_and_typed_messages_are_the_addresss(signer: KmsSigner) -> None:
    signed = signer.sign_transaction(FIELDS)
    assert Account.recover_transaction(signed.raw) == signer.address
    message = encode_typed_data(full_message=MAIL)
    signature = signer.sign_typed_data(MAIL)
    assert Account.recover_message(message, signature=signature) == signer.address


def test_throttling_is_waited_out(server: KmsServer, signer: KmsSigner) -> None:
    server.errors, before = ["ThrottlingException", "KMSInternalException"], server.asked
    assert signer.sign_challenge("a text")
    assert server.asked - before == 3


def test_throttling_without_end_is_given_up_in_time(server: KmsServer, signer: KmsSigner) -> None:
    settings.KMS_SECONDS = 1
    server.errors = ["ThrottlingException"] * 100
    with pytest.raises(SignerError, match=r"said ThrottlingException for 0\.\d s"):
        signer.sign_challenge("a text")


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("AccessDeniedException", "these credentials may not use the key"),
        ("DisabledException", "the key is disabled"),
        ("SomethingNewException", "refused with SomethingNewException"),
    ],
)
def test_a_refusal_is_said_at_once(
    server: KmsServer, signer: KmsSigner, code: str, sentence: str
) -> None:
    server.errors, before = [code] * 3, server.asked
    with pytest.raises(SignerError, match=sentence):
        signer.sign_challenge("a text")
    assert server.asked - before == 1


def test_another_keys_signature_is_never_used(server: KmsServer, signer: KmsSigner) -> None:
    other = open_kms(server.new_key(), signer.address)
    with pytest.raises(WrongKey, match="did not sign with the key of"):
        other.sign_transaction(FIELDS)
    with pytest.raises(WrongKey, match="the KMS key is 0x"):
        other.require_ready()
    signer.require_ready()


def test_a_key_of_another_curve_is_refused(server: KmsServer) -> None:
    with pytest.raises(SignerError, match="not of the kind ECC_SECG_P256K1"):
        kms_address(server.new_key(KeySpec="ECC_NIST_P256"))


def test_a_kms_that_is_not_there_is_a_sentence(server: KmsServer, signer: KmsSigner) -> None:
    settings.KMS_SECONDS = 1
    nobody = open_kms("alias/none", signer.address)
    with pytest.raises(SignerError, match="NotFoundException: it has no such key"):
        nobody.sign_challenge("a text")


@pytest.mark.parametrize("reference", ["", "ab" * 32, "0x" + "ab" * 32, "a key", "arn:é"])
def test_what_cannot_name_a_key_is_refused(reference: str) -> None:
    assert refuse_key(reference)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_it_is_never_asked_inside_a_database_transaction(signer: KmsSigner) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a database transaction"):
        signer.sign_challenge("a text")


def test_it_is_never_pickled_and_shows_only_its_address(signer: KmsSigner) -> None:
    assert repr(signer) == f"<KmsSigner {signer.address}>"
    with pytest.raises(TypeError, match="never pickled"):
        signer.__reduce__()


@pytest.mark.db
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_wallet_is_verified_by_the_key_in_kms(server: KmsServer) -> None:
    become_signing_process()
    key, other = server.new_key(), server.new_key()
    address = kms_address(key)
    fields = {"label": "kms", "address": address, "signer_kind": "aws_kms"}
    wallet = Wallet.objects.create(signer_reference=other, **fields)
    with pytest.raises(WrongKey, match="did not sign with the key of"):
        verify_wallet(wallet=wallet)
    wallet.signer_reference = key
    wallet.save()
    assert verify_wallet(wallet=wallet).status == "verified"


@pytest.fixture
def wallet_in_kms(network: Network, chain: Chain, server: KmsServer) -> Wallet:
    """A verified wallet with 10 ETH whose key is in KMS."""
    become_signing_process()
    key = server.new_key()
    wallet = Wallet.objects.create(
        label="kms", address=kms_address(key), signer_kind="aws_kms", signer_reference=key
    )
    chain.fund(wallet.address, 10 * ETHER)
    return verify_wallet(wallet=wallet)


@pytest.mark.db
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_transfer_with_a_key_in_kms_is_mined(
    network: Network, chain: Chain, wallet_in_kms: Wallet, other_wallet: Wallet
) -> None:
    row = ticked(transfer(wallet_in_kms, network, other_wallet.address))
    assert row.state == "broadcast", row.detail
    assert settled(row, chain).outcome == "succeeded"
    assert chain.balance(other_wallet.address) == ETHER


@pytest.mark.db
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_throttling_leaves_a_transaction_reserved_and_not_lost(
    network: Network, server: KmsServer, wallet_in_kms: Wallet, other_wallet: Wallet
) -> None:
    settings.KMS_SECONDS = 1
    row = transfer(wallet_in_kms, network, other_wallet.address)
    # The first question is whether it is ready; the next are for the signature.
    server.pass_first, server.errors = 1, ["ThrottlingException"] * 50
    row = ticked(row)
    assert (row.state, row.nonce) == ("reserved", 0), row.detail
    server.errors.clear()
    row.lane.__class__.objects.update(wake_at=timezone.now())
    assert ticked(row).state == "broadcast"
