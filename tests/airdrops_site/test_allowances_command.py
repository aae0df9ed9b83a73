"""`manage.py allowances` says what spenders may take, and has it taken back."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from scheduling.models import Run
from tests import factories
from tests.market import Market
from tests.protocols.operators import USDC, Operator
from wallets import leases
from wallets.models import Allowance, Network, Token, Transaction, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def allowances(*arguments: str, code: int = 0) -> Any:
    """What the command prints, read as JSON, when it ends with that code."""
    said = StringIO()
    if code:
        with pytest.raises(SystemExit) as ended:
            call_command("allowances", "--json", *arguments, stdout=said)
        assert ended.value.code == code
    else:
        call_command("allowances", "--json", *arguments, stdout=said)
    return json.loads(said.getvalue())


@pytest.fixture
def standing(alice: Operator, bob: Operator) -> Operator:
    """Alice, who has allowed the router 5 USDC; our rows know nothing of it."""
    router = alice.deployed.router.address
    alice.perform("approve", token=alice.token("USDC"), spender=router, amount=5 * USDC)
    return alice


def test_the_chain_is_asked_and_what_it_says_is_kept(standing: Operator) -> None:
    assert allowances("list") == []
    (found,) = allowances("check", code=1)
    assert (found["wallet"], found["token"], found["base_units"]) == ("alice", "USDC", "5000000")
    assert found["spender"] == standing.deployed.router.address
    assert allowances("list") == [found]


def test_nothing_that_stands_is_exit_code_0(alice: Operator) -> None:
    assert allowances("check") == []
    assert not Allowance.objects.exists()


def test_what_is_zero_now_is_kept_and_shown_on_request(standing: Operator) -> None:
    allowances("check", code=1)
    router = standing.deployed.router.address
    standing.perform("approve", token=standing.token("USDC"), spender=router, amount=0)
    assert allowances("check") == allowances("list") == []
    assert [found["base_units"] for found in allowances("list", "--all")] == ["0"]


def test_a_dry_run_asks_for_nothing(standing: Operator) -> None:
    (found,) = allowances("revoke", "--all", "--dry-run")
    assert (found["amount"], found["transaction"]) == ("5 USDC", None)
    assert not Transaction.objects.exists()


def test_revoking_twice_asks_once(standing: Operator) -> None:
    (first,) = allowances("revoke", "--wallet", "alice", "--token", "usdc")
    (second,) = allowances("revoke", "--all")
    row = Transaction.objects.get()
    assert first["transaction"] == second["transaction"] == row.pk
    assert (row.action, row.protocol, row.origin) == ("revoke", "evm", "operator")


def test_an_allowance_that_a_run_relies_on_is_left_to_it(
    standing: Operator, registered: Network, market: Market
) -> None:
    token, router = standing.token("USDC"), standing.deployed.router.address
    alice = Wallet.objects.get(label="alice")
    task = factories.TaskFactory.create(network=registered)
    occurrence = factories.OccurrenceFactory.create(task=task, wallet=alice)
    relies_on = [f"allowance:{token}:{router}"]
    factories.RunFactory.create(occurrence=occurrence, state="running", relies_on=relies_on)
    (found,) = allowances("revoke", "--all", code=1)
    assert f"run {Run.objects.get().pk} relies on the allowance now" in found["problem"]
    assert not Transaction.objects.exists()


def test_filters_narrow_what_is_asked(standing: Operator) -> None:
    assert allowances("check", "--wallet", "bob") == []
    assert allowances("check", "--token", "GOV") == []
    assert allowances("check", "--spender", standing.deployed.factory.address) == []
    assert len(allowances("check", "--network", "devnet-l2", code=1)) == 1


def test_a_tag_or_a_group_narrows_too(standing: Operator, bob: Operator) -> None:
    call_command("wallets", "mark", "alice", "--add", "farm", stdout=StringIO())
    call_command("wallets", "mark", "bob", "--group", "cold", stdout=StringIO())
    assert [one["wallet"] for one in allowances("check", "--tag", "farm", code=1)] == ["alice"]
    assert allowances("check", "--group", "cold") == []
    (found,) = allowances("revoke", "--tag", "farm", "--dry-run")
    assert (found["wallet"], found["transaction"]) == ("alice", None)
    assert allowances("revoke", "--group", "cold") == []


def test_all_of_a_spender_are_taken_back_once_each(standing: Operator, bob: Operator) -> None:
    router = standing.deployed.router.address
    bob.perform("approve", token=bob.token("GOV"), spender=router, amount=7)
    found = allowances("revoke", "--spender", router)
    assert {(one["wallet"], one["token"]) for one in found} == {("alice", "USDC"), ("bob", "GOV")}
    again = allowances("revoke", "--spender", router)
    made = [one["transaction"] for one in found]
    assert made == [one["transaction"] for one in again]
    assert sorted(made) == list(Transaction.objects.order_by("pk").values_list("pk", flat=True))


def test_a_watched_wallet_cannot_take_back_and_that_is_said(standing: Operator) -> None:
    Wallet.objects.filter(label="alice").update(signer_kind="watch_only", signer_reference="")
    (found,) = allowances("revoke", "--all", code=1)
    assert (found["transaction"], "alice is only watched" in found["problem"]) == (None, True)


def test_a_scan_finds_what_stands_and_says_what_it_asked(
    standing: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    (before,) = allowances("status", code=1)
    assert "was never scanned" in before["problem"]
    (scan,) = allowances("scan")
    asked = 2 * standing.network.tokens.count()
    assert (scan["asked"], scan["found"], scan["unknown"], scan["never_asked"]) == (asked, 1, 0, 0)
    assert f"{asked} asked, 1 not zero, 0 unknown; done" in capsys.readouterr().err
    (found,) = allowances("list")
    assert (found["base_units"], found["unlimited"], found["block"]) == (
        "5000000",
        False,
        scan["block"],
    )
    assert "was scanned at block" in capsys.readouterr().err


def test_what_a_scan_got_no_answer_for_is_unknown(standing: Operator) -> None:
    allowances("check", code=1)
    Token.objects.filter(symbol="USDC").update(address="0x1111111111111111111111111111111111111111")
    (scan,) = allowances("scan", code=1)
    assert scan["unknown"] == 2
    found, _bobs = allowances("list", "--unknown")
    assert (found["amount"], found["base_units"], found["unknown"]) == ("unknown USDC", None, True)
    assert allowances("list", "--unlimited") == []


def test_while_another_process_scans_that_is_said(standing: Operator) -> None:
    name = f"allowances:{standing.network.pk}"
    leases.take(name, owner="another", duration=timedelta(seconds=30))
    (found,) = allowances("scan", code=1)
    assert "another process scans devnet-l2" in found["problem"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("check", "--wallet", "nobody"), "there is no wallet nobody"),
        (("list", "--network", "nowhere"), "there is no network nowhere"),
        (("check", "--token", "JUNK"), "there is no token JUNK"),
        (("check", "--spender", "0x12"), "'0x12' is not an address"),
        (("revoke",), "say which"),
        (("list", "--tag", "none"), "no wallet has the tag none"),
        (("check", "--group", "none"), "no wallet has the group none"),
        (("scan", "--network", "nowhere"), "there is no network nowhere"),
        (("scan", "--spender", "0x12"), "'0x12' is not an address"),
    ],
)
def test_bad_input_is_a_sentence(
    alice: Operator, arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence) as refused:
        call_command("allowances", *arguments)
    assert refused.value.returncode == 2


def test_a_token_that_does_not_answer_is_told(standing: Operator) -> None:
    Token.objects.filter(symbol="GOV").update(address="0x1111111111111111111111111111111111111111")
    found = allowances("check", "--token", "GOV", code=1)
    assert {one["problem"] for one in found} == {
        "0x1111111111111111111111111111111111111111 does not say what it allows; is it a token?"
    }


def test_the_table_is_for_people(standing: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    said = StringIO()
    with pytest.raises(SystemExit):
        call_command("allowances", "check", stdout=said)
    assert "5 USDC" in said.getvalue()
