"""The pages for whoever is on duty: their commands do what they say, in their order."""

from pathlib import Path

import pytest
from django.utils import timezone

from tests import factories
from tests.airdrops_site.desk import Desk, make_people
from tests.airdrops_site.docs_commands import substitute
from tests.airdrops_site.guides import commands, execute
from tests.factories import an_address
from tests.factories.recipients import AddressBookEntryFactory
from tests.market import Market
from tests.protocols.operators import ETHER
from tests.scheduling.plans import coin, new_wallet
from wallets.drain import drain_reason
from wallets.models import EmergencyStop, Network, NonceLane, Wallet, WorkerCluster

pytestmark = [pytest.mark.django_db]

# What may end with 1 or 2 where nothing runs and nothing is set: it only looks.
LOOKS = (
    *("preflight", "health", "tx pending", "tx reconcile", "actions health", "wallets retire"),
    *("ledger reconcile", "abi check", "deployments"),
)


@pytest.fixture
def desk(registered: Network, market: Market, keystores: Path, tmp_path: Path) -> Desk:
    """Two wallets, a safe address, and workers that beat."""
    Network.objects.update(final_rule="depth", final_depth=4)
    registered.refresh_from_db()
    coin(registered)
    make_people(tmp_path)
    new_wallet("farm-1", market, ETHER)
    second = new_wallet("farm-2", market, ETHER)
    NonceLane.objects.get_or_create(wallet=second, network=registered)
    AddressBookEntryFactory.create(
        label="vault", address=an_address("vault"), is_safe=True, confirmed=True
    )
    factories.WorkerClusterFactory.create(beat_at=timezone.now(), fenced_at=None)
    return Desk(tmp_path, registered, market)


def follow(page: str, desk: Desk) -> None:
    """Execute every line of ours that nothing else stands for."""
    lines = [line for line in commands(page) if line.startswith("manage.py")]
    for line in lines:
        if substitute(line):
            continue
        code, said = execute(line, {}, desk.folder / "password")
        only_looks = line.removeprefix("manage.py ").startswith(LOOKS)
        assert code == 0 or (only_looks and code in (1, 2)), (line, code, said)
        assert said or code == 0, line
        desk.until_plans_are_over()


def test_every_command_of_the_runbook_works(desk: Desk) -> None:
    follow("health.md", desk)
    follow("runbook.md", desk)
    assert not drain_reason()
    assert not EmergencyStop.objects.filter(engaged=True).exists()
    assert Wallet.objects.get(label="farm-9").status == "verified"
    assert not WorkerCluster.objects.filter(fenced_at=None).exists()


def test_every_command_of_going_live_and_deploying_works(desk: Desk) -> None:
    follow("go-live.md", desk)
    follow("deploying.md", desk)
    assert not EmergencyStop.objects.filter(engaged=True).exists()
    assert not drain_reason()
