"""`manage.py emergency`: what it stops, what it lets go on, and what it refuses to be told."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from tests.airdrops_site.guides import run
from tests.wallets.intents import ticked, transfer
from wallets.models import EmergencyStop, Network, Transaction, Transition, Wallet
from wallets.stop_file import engage_for_file

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def row(network: Network, wallet: Wallet, other_wallet: Wallet) -> Transaction:
    """1 ETH that waits for its signature."""
    return transfer(wallet, network, other_wallet.address)


@pytest.fixture
def stop_file() -> Iterator[Path]:
    """The file that stops, not there yet; its folder is."""
    path = Path(settings.STOP_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    yield path
    path.unlink(missing_ok=True)


def asked(line: str, code: int = 0) -> Any:
    """What the command answers as JSON."""
    ended, said = run(f"manage.py emergency {line} --json")
    assert ended == code, said
    return json.loads(said)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("stop --reason x --wallet nobody", "there is no wallet nobody"),
        ("stop --reason x --network nowhere", "there is no network nowhere; known are devnet-l1"),
        ("stop --reason x --protocol none", "there is no protocol none; known are evm"),
        ("stop --reason x --wallet a --network b", "name one wallet, protocol or network"),
        ("stop --reason x --mode half", "invalid choice"),
        ("stop --wallet first", "--reason"),
        ("resume --reason x", "everything is not stopped; stopped is nothing"),
        ("cancel-pending --reason x --wallet nobody", "there is no wallet nobody"),
        ("withdraw --reason x --protocol none", "there is no protocol none"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_changes_nothing(
    network: Network, line: str, sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence) as refused:
        call_command("emergency", *line.split(), stdout=StringIO())
    assert refused.value.returncode == 2
    assert not EmergencyStop.objects.filter(engaged=True).exists()
    assert not Transition.objects.filter(subject="stop").exists()


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        ("", "everything"),
        ("--wallet first", "wallet first"),
        ("--protocol evm", "protocol evm"),
        ("--network devnet-l1", "network devnet-l1"),
    ],
)
def test_nothing_in_the_scope_is_signed_until_a_person_resumes(
    row: Transaction, scope: str, name: str
) -> None:
    told = asked(f"stop --reason stolen {scope}")
    assert [(one["scope"], one["mode"]) for one in told["stops"]] == [(name, "everything")]
    assert (ticked(row).state, row.hold_reason) == ("held", "stop")
    assert asked("status")["signing"] is False
    assert asked(f"resume --reason found {scope}")["signing"] is True
    assert ticked(row).state == "broadcast"
    history = Transition.objects.filter(subject="stop").values_list("to_state", "reason")
    assert list(history.order_by("pk")) == [("everything", "stolen"), ("lifted", "found")]


def test_a_stop_of_another_scope_lets_it_go_on(row: Transaction, other_wallet: Wallet) -> None:
    asked("stop --reason stolen --wallet second")
    assert ticked(row).state == "broadcast"


def test_a_stop_file_stops_this_host_at_once_and_all_through_the_row(
    row: Transaction, stop_file: Path
) -> None:
    stop_file.touch()
    assert (ticked(row).state, row.hold_reason) == ("held", "stop")
    assert f"the stop file {stop_file}" in row.detail
    assert engage_for_file()
    assert not engage_for_file()
    stop = EmergencyStop.objects.get(engaged=True)
    assert (stop.mode, stop.actor) == ("everything", f"stop file of {settings.HOST_NAME}")
    assert Transition.objects.get(subject="stop").actor == stop.actor


def test_only_a_person_resumes_after_a_stop_file_and_not_while_it_is_there(
    row: Transaction, stop_file: Path
) -> None:
    stop_file.touch()
    engage_for_file()
    with pytest.raises(CommandError, match="take it away, then resume"):
        asked("resume --reason seen")
    stop_file.unlink()
    assert ticked(row).state == "held"
    asked("resume --reason seen")
    assert ticked(row).state == "broadcast"


def test_a_stop_file_that_cannot_be_looked_at_stops(row: Transaction, stop_file: Path) -> None:
    before = settings.STOP_FILE
    settings.STOP_FILE = stop_file.parent / ("x" * 300)
    try:
        assert "cannot be looked at" in ticked(row).detail
    finally:
        settings.STOP_FILE = before


def test_cancels_are_asked_for_and_wait_for_a_stop_that_spares_them(
    row: Transaction, other_wallet: Wallet
) -> None:
    ticked(row)
    waiting = transfer(row.lane.wallet, row.network, other_wallet.address, key="t:2")
    asked("stop --reason stolen")
    dry = asked("cancel-pending --reason x --dry-run")
    assert [one["fate"] for one in dry["rows"]] == ["waits", "ends"]
    assert "once the stop spares cancels" in dry["rows"][0]["said"]
    assert not Transaction.objects.filter(state="cancelled").exists()
    asked("cancel-pending --reason stolen --wallet first")
    waiting.refresh_from_db()
    assert (waiting.state, len(ticked(row).attempts.all())) == ("cancelled", 1)
    asked("stop --reason stolen --mode all-but-cancels")
    assert [one["fate"] for one in asked("cancel-pending --reason again")["rows"]] == ["asked"]
    assert [one.kind for one in ticked(row).attempts.all()] == ["original", "cancel"]
