"""`manage.py tx` says what is under way and asks the services, nothing else."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.chains import Chain
from tests.transactions import make_transaction
from tests.wallets.intents import transfer
from wallets.models import Network, Transaction, Wallet
from wallets.transactions.tick import tick

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def tx(*arguments: str) -> Any:
    """What the command prints, read as JSON."""
    said = StringIO()
    try:
        call_command("tx", "--json", *arguments, stdout=said)
    finally:
        tx.said = said.getvalue()  # type: ignore[attr-defined]
    return json.loads(said.getvalue())


@pytest.fixture
def sent(network: Network, wallet: Wallet, other_wallet: Wallet) -> Transaction:
    """A transfer in no block yet."""
    row = transfer(wallet, network, other_wallet.address)
    tick(row.lane_id)
    row.refresh_from_db()
    return row


def test_pending_answers_by_its_exit_code(sent: Transaction) -> None:
    with pytest.raises(SystemExit) as ended:
        tx("pending")
    assert ended.value.code == 1
    Transaction.objects.update(state="included")
    assert tx("pending") == []


def test_a_list_is_filtered(sent: Transaction) -> None:
    assert [row["id"] for row in tx("list", "--wallet", "first", "--protocol", "evm")] == [sent.pk]
    assert tx("list", "--state", "final") == tx("list", "--stuck") == []


def test_what_was_reverted_is_found_by_its_outcome(sent: Transaction) -> None:
    assert tx("list", "--outcome", "reverted") == []
    Transaction.objects.update(state="included", outcome="reverted")
    assert [row["id"] for row in tx("list", "--outcome", "reverted")] == [sent.pk]
    assert tx("list", "--outcome", "succeeded") == []


@pytest.mark.postgresql
def test_the_reverted_among_many_are_found_by_an_index(sent: Transaction) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    rows = Transaction.objects.filter(outcome="reverted").order_by("-id")[:50]
    assert "transaction_gone_wrong" in rows.explain()


def test_show_tells_every_attempt_answer_and_change(sent: Transaction) -> None:
    facts = tx("show", str(sent.pk))
    assert facts["call"] == "a plain transfer"
    assert [change["to"] for change in facts["history"]] == ["queued", "signed", "broadcast"]
    (attempt,) = facts["attempts"]
    assert (attempt["times_sent"], attempt["answer"]) == (1, "anvil: accepted")
    assert "raw" not in attempt
    (answer,) = facts["answers"]
    told = ("attempt", "hash", "sending", "endpoint", "answer")
    assert [answer[name] for name in told] == [
        "original",
        attempt["hash"],
        1,
        "anvil",
        "accepted",
    ]


def test_the_tables_are_for_people(sent: Transaction, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    said = StringIO()
    call_command("tx", "show", str(sent.pk), stdout=said)
    assert "broadcast" in said.getvalue()
    assert "anvil: accepted" in said.getvalue()


def test_speed_up_and_cancel_are_asked_for(sent: Transaction) -> None:
    tx("speed-up", str(sent.pk))
    sent.refresh_from_db()
    assert sent.wish == "speed_up"
    assert "nonce 0" in tx("cancel", str(sent.pk), "--reason", "not wanted")["done"]
    tick(sent.lane_id)
    assert sent.attempts.order_by("-pk")[0].kind == "cancel"


def test_what_a_remote_signer_is_asked_for_is_shown_and_can_be_given_up(
    network: Network, wallet: Wallet
) -> None:
    row = make_transaction(wallet, network, "reserved", nonce=7)
    assert [one["state"] for one in tx("list", "--state", "reserved")] == ["reserved"]
    shown = tx("show", str(row.pk))["to_be_signed"]
    assert shown == "nonce 7, 21000 gas, 2 wei per gas at most, 1 of it as tip"
    done = tx("cancel", str(row.pk), "--reason", "not wanted")["done"]
    assert "is void, nothing of it has left; nonce 7 gets a filler" in done
    row.refresh_from_db()
    assert (row.state, row.detail) == ("voided", "not wanted")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("show", "999"), "there is no transaction 999"),
        (("pause", "first", "nowhere", "--reason", "r"), "there is no network nowhere"),
        (("void", "{id}", "--reason", "r"), "is broadcast, it does not need an operator"),
        (("adopt", "first", "devnet-l1", "0x" + "11" * 32, "--reason", "r"), "is in no block of"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    sent: Transaction, arguments: tuple[str, ...], sentence: str
) -> None:
    filled = [argument.format(id=sent.pk) for argument in arguments]
    with pytest.raises(CommandError, match=sentence) as refused:
        call_command("tx", *filled)
    assert refused.value.returncode == 2


def test_a_lane_is_paused_and_resumed(
    sent: Transaction, network: Network, other_wallet: Wallet
) -> None:
    tx("pause", "first", "devnet-l1", "--reason", "looking")
    again = transfer(sent.lane.wallet, network, other_wallet.address, key="t:2")
    tick(again.lane_id)
    again.refresh_from_db()
    assert again.state == "queued"
    tx("resume", "first", "devnet-l1")
    tick(again.lane_id)
    again.refresh_from_db()
    assert again.state == "broadcast"


def foreign(chain: Chain, wallet: Wallet, nonce: int) -> str:
    """A transaction made elsewhere with the wallet's key, mined."""
    chain.rpc.call("anvil_impersonateAccount", wallet.address)
    message = {"from": wallet.address, "to": wallet.address, "nonce": hex(nonce)}
    tx_hash = str(chain.rpc.call("eth_sendTransaction", message))
    chain.mine()
    return tx_hash


def test_what_was_made_elsewhere_is_found_and_adopted(
    sent: Transaction, chain: Chain, wallet: Wallet
) -> None:
    chain.mine()
    tx_hash = foreign(chain, wallet, 1)
    with pytest.raises(SystemExit):
        tx("reconcile")
    assert "the key is used elsewhere" in tx.said  # type: ignore[attr-defined]
    tx("adopt", "first", "devnet-l1", tx_hash, "--reason", "sent by hand")
    adopted = Transaction.objects.get(nonce=1)
    assert (adopted.state, adopted.outcome, adopted.action) == ("included", "succeeded", "adopted")
    assert tx("reconcile")[0]["problems"] == []


def test_somebody_elses_transaction_is_not_adopted(
    sent: Transaction, chain: Chain, other_wallet: Wallet
) -> None:
    chain.fund(other_wallet.address, 10**18)
    tx_hash = foreign(chain, other_wallet, 0)
    with pytest.raises(CommandError, match="was sent by"):
        call_command("tx", "adopt", "first", "devnet-l1", tx_hash, "--reason", "r")


def test_a_narrow_table_still_holds_the_whole_hash(
    sent: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    said = StringIO()
    call_command("tx", "show", str(sent.pk), stdout=said)
    first, *_ = said.getvalue().partition("attempts")
    letters = "".join(line.split("│")[2].strip() for line in first.splitlines() if "│" in line)
    assert sent.attempts.get().hash in letters
