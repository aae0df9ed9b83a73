"""What is typed wrong at `manage.py tx` is refused in one sentence with exit code 2."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.processes import run_manage
from tests.wallets.intents import ticked, transfer
from wallets.models import Network, Transaction, Transition, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def sent(network: Network, wallet: Wallet, other_wallet: Wallet) -> Transaction:
    """A transfer in no block yet."""
    return ticked(transfer(wallet, network, other_wallet.address))


def refusal(*arguments: str) -> str:
    """The sentence with which the command ends."""
    with pytest.raises(CommandError) as refused:
        call_command("tx", *arguments, stdout=StringIO())
    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("verb", ["pending", "list", "reconcile"])
def test_a_name_that_nothing_has_is_no_answer(sent: Transaction, verb: str) -> None:
    assert refusal(verb, "--wallet", "frist") == (
        "there is no wallet frist; known are first, second"
    )
    assert refusal(verb, "--network", "mainet") == (
        "there is no network mainet; known are devnet-l1"
    )


def test_an_unknown_protocol_is_no_answer(sent: Transaction) -> None:
    assert refusal("pending", "--protocol", "emv").startswith("there is no protocol emv; known are")


def test_long_lists_of_names_are_cut(db: None) -> None:
    for number in range(25):
        Wallet.objects.create(
            label=f"w{number:02}", address=f"0x{number:040x}", signer_kind="watch_only"
        )
    assert refusal("pending", "--wallet", "w").endswith("w18, w19 and 5 more")


@pytest.mark.parametrize("limit", ["0", "-1", "many", "1.5", "99999999999999999999"])
def test_a_limit_is_a_number_of_rows(sent: Transaction, limit: str) -> None:
    assert "is not a number of rows" in refusal("pending", f"--limit={limit}")


def test_the_limit_changes_what_is_shown_and_no_exit_code(
    sent: Transaction, network: Network, wallet: Wallet
) -> None:
    ticked(transfer(wallet, network, wallet.address, key="t:2"))
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("tx", "--json", "pending", "--limit", "1", stdout=said)
    assert (ended.value.code, said.getvalue().count('"id"')) == (1, 1)


@pytest.mark.parametrize("verb", ["show", "cancel", "speed-up", "resend", "void"])
@pytest.mark.parametrize("number", ["abc", "-1", "1.0", "99999999999999999999"])
def test_what_is_no_number_of_a_transaction(db: None, verb: str, number: str) -> None:
    assert f"'{number}' is not the number of a transaction" in refusal(verb, "--", number)


@pytest.mark.parametrize("verb", ["show", "cancel", "speed-up", "resend", "void"])
def test_a_transaction_there_is_not(db: None, verb: str) -> None:
    why = ("--reason", "r") if verb in ("cancel", "void") else ()
    assert refusal(verb, "999", *why) == "there is no transaction 999; `tx list` shows them"


@pytest.mark.parametrize("verb", ["pause", "resume", "adopt"])
def test_a_lane_there_is_not(sent: Transaction, network: Network, verb: str) -> None:
    rest = ("0x" + "11" * 32,) if verb == "adopt" else ()
    why = ("--reason", "r")
    assert "there is no wallet frist" in refusal(verb, "frist", network.slug, *rest, *why)
    assert "there is no network nowhere" in refusal(verb, "first", "nowhere", *rest, *why)
    unused = refusal(verb, "second", network.slug, *rest, *why)
    assert unused == "second has never acted on devnet-l1"


@pytest.mark.parametrize("text", ["0x12", "first", "0x" + "zz" * 32])
def test_what_is_no_hash_is_not_adopted(sent: Transaction, network: Network, text: str) -> None:
    sentence = refusal("adopt", "first", network.slug, text, "--reason", "r")
    assert sentence == f"'{text}' is not a transaction hash: write 0x and 64 hex digits"


@pytest.mark.parametrize("reason", [(), ("--reason", ""), ("--reason", "  ")])
@pytest.mark.parametrize("verb", ["cancel", "void"])
def test_what_ends_a_transaction_needs_a_reason(
    sent: Transaction, verb: str, reason: tuple[str, ...]
) -> None:
    assert "--reason" in refusal(verb, str(sent.pk), *reason)
    sent.refresh_from_db()
    assert (sent.state, sent.wish) == ("broadcast", "")


def test_reconcile_says_of_every_lane_what_it_can(
    sent: Transaction, network: Network, capsys: pytest.CaptureFixture[str]
) -> None:
    network.endpoints.update(url="http://127.0.0.1:9")
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("tx", "--json", "reconcile", stdout=said)
    assert (ended.value.code, "its chain could not be asked" in said.getvalue()) == (1, True)


def test_reconcile_by_a_person_is_in_the_lanes_history(sent: Transaction) -> None:
    call_command("tx", "reconcile", stdout=StringIO())
    line = Transition.objects.filter(subject="lane", subject_id=sent.lane_id).latest("id")
    assert (line.actor.startswith("shell "), line.reason) == (
        True,
        "compared with the chain (mined 0, ours 1): they agree",
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("tx",), "required: VERB"),
        (("tx", "wait"), "invalid choice: 'wait'"),
        (("tx", "cancel", "1"), "required: --reason"),
        (("tx", "pending", "--wallet", "frist"), "the database does not answer, or lacks"),
    ],
)
def test_a_script_sees_one_line_and_the_code(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = run_manage(*arguments, AIRDROPS_DATA_DIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_start_that_is_refused_is_no_answer(tmp_path: Path) -> None:
    variables = {"AIRDROPS_DATA_DIR": str(tmp_path), "ALLOWED_HOSTS": "*"}
    done = run_manage("tx", "pending", **variables)
    assert (done.returncode, "airdrops.E006" in done.stderr) == (2, True)


def test_the_exit_codes_are_in_the_help(tmp_path: Path) -> None:
    done = run_manage("tx", "--help", AIRDROPS_DATA_DIR=str(tmp_path))
    assert "Exit code 0: done; for pending: there are none" in " ".join(done.stdout.split())
    assert connection.vendor in ("postgresql", "sqlite")
