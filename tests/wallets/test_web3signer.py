"""A remote signer's answer is used only if it is our transaction, signed by our key, in time."""

import logging
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import transaction
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_utils.address import to_checksum_address
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from tests.certificates import Authority
from tests.chains import Chain
from tests.wallets import signer_server
from tests.wallets.signer_server import SignerServer, make_remote_wallet, serve_signer
from wallets.models import Network, Wallet
from wallets.services import create_remote_wallet
from wallets.signers.encoding import unsigned_bytes
from wallets.signers.interface import SignerError
from wallets.signers.loading import become_signing_process, load_signer
from wallets.signers.local import LocalSigner
from wallets.signers.web3signer import Web3Signer, open_web3signer, refuse_identifier

OTHER = "0x" + "11" * 20
CALL = {"chainId": 31337, "nonce": 3, "to": OTHER, "value": 10**18, "data": b"\x01", "gas": 21_000}
FIELDS = CALL | {"type": 2, "maxFeePerGas": 9 * 10**9, "maxPriorityFeePerGas": 10**9}
MAIL = {
    "types": {
        "EIP712Domain": [{"name": "name", "type": "string"}],
        "Mail": [{"name": "to", "type": "address"}, {"name": "amount", "type": "uint256"}],
    },
    "primaryType": "Mail",
    "domain": {"name": "tests"},
    "message": {"to": OTHER, "amount": str(2**200)},
}


@pytest.fixture
def server() -> Iterator[SignerServer]:
    with serve_signer() as running:
        yield running


@pytest.fixture
def signer(server: SignerServer) -> Web3Signer:
    identifier, account = server.new_key()
    return open_web3signer(identifier, account.address)


def key_of(server: SignerServer) -> Any:
    return next(iter(server.keys.values()))


def amounts(bits: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**bits - 1)


calls = st.fixed_dictionaries(
    {
        "chainId": st.integers(1, 2**40),
        "nonce": amounts(64),
        "to": st.binary(min_size=20, max_size=20).map(to_checksum_address),
        "value": amounts(256),
        "data": st.binary(max_size=100),
        "gas": amounts(64),
    }
)
prices = st.one_of(
    st.fixed_dictionaries({"gasPrice": amounts(128)}),
    st.fixed_dictionaries(
        {"type": st.just(2), "maxFeePerGas": amounts(128), "maxPriorityFeePerGas": amounts(128)}
    ),
)


@settings_of_hypothesis(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(call=calls, price=prices)
def test_the_bytes_are_those_an_independent_library_makes(
    server: SignerServer, signer: Web3Signer, call: dict[str, Any], price: dict[str, Any]
) -> None:
    local = LocalSigner(key_of(server)).sign_transaction(call | price)
    signed = signer.sign_transaction(call | price)
    assert (signed.raw, signed.hash) == (local.raw, local.hash)


def test_the_signer_is_asked_for_the_named_key_with_the_bytes_it_is_to_hash(
    server: SignerServer, signer: Web3Signer
) -> None:
    signer.sign_transaction(FIELDS)
    (asked,) = server.asked
    assert asked.identifier in server.keys
    assert asked.data == unsigned_bytes(FIELDS)


def test_typed_messages_and_challenges_are_signed_as_by_a_local_key(
    server: SignerServer, signer: Web3Signer
) -> None:
    local = LocalSigner(key_of(server))
    assert signer.sign_typed_data(MAIL) == local.sign_typed_data(MAIL)
    assert signer.sign_challenge("who?") == local.sign_challenge("who?")
    typed = encode_typed_data(full_message=MAIL)
    signature = signer.sign_typed_data(MAIL)
    assert Account.recover_message(typed, signature=signature) == signer.address
    challenge = encode_defunct(text="who?")
    proof = signer.sign_challenge("who?")
    assert Account.recover_message(challenge, signature=proof) == signer.address


def test_a_high_s_and_a_meaningless_v_become_the_form_that_nodes_take(
    server: SignerServer, signer: Web3Signer
) -> None:
    server.reply = signer_server.high_s
    signed = signer.sign_transaction(FIELDS)
    assert signed.raw == LocalSigner(key_of(server)).sign_transaction(FIELDS).raw


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (signer_server.status(500), "answered HTTP 500"),
        (signer_server.status(404), "HTTP 404, it does not know this key"),
        (signer_server.status(403), "does not accept our token or client certificate"),
        (signer_server.status(302), "answered HTTP 302"),
        (signer_server.html, "no signature of 65 bytes"),
        (signer_server.status(200, b"0x" + b"00" * 65), "did not sign with the key of 0x"),
        (signer_server.status(200, b"0x" + b"ff" * 65), "did not sign with the key of 0x"),
        (signer_server.status(200, b"0x" + b"ab" * 64), "no signature of 65 bytes"),
        (signer_server.status(200, b"ab" * 9_000), "no signature of 65 bytes"),
        (signer_server.wrong_key, "did not sign with the key of 0x"),
        (signer_server.other_data, "did not sign with the key of 0x"),
        (signer_server.hang_up, "cannot be reached: RemoteProtocolError"),
    ],
)
def test_any_other_answer_is_a_sentence_and_no_signature(
    server: SignerServer, signer: Web3Signer, reply: Any, sentence: str
) -> None:
    server.reply = reply
    for sign in (lambda: signer.sign_transaction(FIELDS), lambda: signer.sign_typed_data(MAIL)):
        with pytest.raises(SignerError, match=sentence) as error:
            sign()
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("drips", [True, False])
def test_it_has_a_limited_time_even_byte_by_byte(
    server: SignerServer, monkeypatch: pytest.MonkeyPatch, drips: bool
) -> None:
    monkeypatch.setattr(settings, "WEB3SIGNER_SECONDS", 1)
    identifier, account = server.new_key()
    server.reply = signer_server.drips if drips else signer_server.silent(server)
    with pytest.raises(SignerError, match="did not answer within 1 s"):
        open_web3signer(identifier, account.address).sign_transaction(FIELDS)


def test_a_signer_that_is_away_is_a_sentence_without_its_address(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(settings, "WEB3SIGNER_URL", lambda: "http://me:hunter2@127.0.0.1:9/x")
    monkeypatch.setattr(settings, "WEB3SIGNER_TOKEN", lambda: "t0ken")
    signer = open_web3signer("some-key", Account.create().address)
    with caplog.at_level(logging.DEBUG), pytest.raises(SignerError) as error:
        signer.sign_transaction(FIELDS)
    assert str(error.value) == "the remote signer cannot be reached: ConnectError"
    shown = f"{caplog.text} {signer!r} {vars(signer)}"
    assert "hunter2" not in shown
    assert "t0ken" not in shown


def test_who_we_are_is_shown_to_the_signer_and_nowhere_else(
    server: SignerServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(settings, "WEB3SIGNER_TOKEN", lambda: "t0ken")
    identifier, account = server.new_key()
    with caplog.at_level(logging.DEBUG):
        open_web3signer(identifier, account.address).sign_transaction(FIELDS)
    assert server.asked[0].headers["Authorization"] == "Bearer t0ken"
    assert "t0ken" not in caplog.text


@pytest.mark.parametrize(
    ("url", "token", "sentence"),
    [
        ("", "", "set AIRDROPS_WEB3SIGNER_URL"),
        ("signer:9000", "", "is not an http"),
        ("http://[hunter2", "", "is not an http"),
        ("http://signer.internal:9000", "t0ken", "in the clear; use https"),
        ("http://me:hunter2@signer.internal:9000", "", "in the clear; use https"),
    ],
)
def test_settings_that_cannot_be_right_are_named(
    monkeypatch: pytest.MonkeyPatch, url: str, token: str, sentence: str
) -> None:
    monkeypatch.setattr(settings, "WEB3SIGNER_URL", lambda: url)
    monkeypatch.setattr(settings, "WEB3SIGNER_TOKEN", lambda: token)
    with pytest.raises(SignerError, match=sentence) as error:
        open_web3signer("some-key", Account.create().address)
    assert "hunter2" not in str(error.value)


def test_secrets_come_from_files_when_they_are_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRDROPS_WEB3SIGNER_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AIRDROPS_WEB3SIGNER_URL", "http://127.0.0.1:9")
    with pytest.raises(SignerError, match="AIRDROPS_WEB3SIGNER_TOKEN_FILE names cannot be read"):
        open_web3signer("some-key", Account.create().address)
    (tmp_path / "token").write_text("t0ken\n")
    assert open_web3signer("some-key", Account.create().address)
    assert settings.WEB3SIGNER_TOKEN() == "t0ken"


@pytest.mark.parametrize(
    ("identifier", "sentence"),
    [
        ("ab" * 32, "looks like a private key"),
        ("0x" + "ab" * 32, "looks like a private key"),
        ("a/b", "letters, digits and"),
        ("", "letters, digits and"),
        ("0x" + "ab" * 64, "this public key is 0x"),
    ],
)
def test_what_cannot_name_the_key_is_refused(identifier: str, sentence: str) -> None:
    assert sentence in refuse_identifier(identifier, Account.create().address)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_it_is_never_asked_inside_a_database_transaction(signer: Web3Signer) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a database transaction"):
        signer.sign_transaction(FIELDS)
    assert signer.sign_transaction(FIELDS)


@pytest.mark.db
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_wallet_is_verified_by_the_remote_key_itself(
    network: Network, chain: Chain, server: SignerServer
) -> None:
    become_signing_process()
    wallet = make_remote_wallet("remote", chain, server)
    assert wallet.status == "verified"
    assert load_signer(wallet).is_remote
    server.reply = signer_server.wrong_key
    with pytest.raises(SignerError, match="did not sign with the key of"):
        make_remote_wallet("another", chain, server)


@pytest.mark.db
@pytest.mark.django_db
def test_a_wallet_with_anothers_public_key_is_not_made(server: SignerServer) -> None:
    identifier, _ = server.new_key()
    with pytest.raises(SignerError, match="this public key is 0x"):
        create_remote_wallet(label="remote", address=OTHER, identifier=identifier)
    assert not Wallet.objects.exists()


def test_a_client_certificate_opens_the_signer_and_its_lack_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tmp_path / "ca.pem"))
    tls.load_cert_chain(authority.issue("server"))
    tls.verify_mode = ssl.CERT_REQUIRED
    with serve_signer(tls) as server:
        identifier, account = server.new_key()
        with pytest.raises(SignerError, match="certificate is not trusted"):
            open_web3signer(identifier, account.address).sign_transaction(FIELDS)
        monkeypatch.setattr(settings, "WEB3SIGNER_CA_FILE", str(tmp_path / "ca.pem"))
        with pytest.raises(SignerError, match="cannot be reached"):
            open_web3signer(identifier, account.address).sign_transaction(FIELDS)
        client = str(authority.issue("client"))
        monkeypatch.setattr(settings, "WEB3SIGNER_CERTIFICATE_FILE", client)
        assert open_web3signer(identifier, account.address).sign_transaction(FIELDS)


def test_a_certificate_that_is_none_is_named(
    tmp_path: Path, server: SignerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "client.pem").write_text("no certificate")
    monkeypatch.setattr(settings, "WEB3SIGNER_CERTIFICATE_FILE", str(tmp_path / "client.pem"))
    with pytest.raises(SignerError, match="AIRDROPS_WEB3SIGNER_CERTIFICATE_FILE names is no"):
        open_web3signer("some-key", Account.create().address)


def test_upcheck_tells_whether_it_would_sign(server: SignerServer, signer: Web3Signer) -> None:
    signer.require_ready()
    server.up = False
    with pytest.raises(SignerError, match="HTTP 503"):
        signer.require_ready()
    assert httpx.get(f"{server.url}/upcheck").status_code == 503
