"""The guides to tasks and to operating, command by command."""

from pathlib import Path

import pytest
from django.utils import timezone

from scheduling.models import Pause, Run, Task
from tests import factories
from tests.airdrops_site.guides import commands, execute
from tests.protocols.operators import Operator
from wallets.drain import drain_reason
from wallets.models import Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def follow(page: str, alice: Operator, tmp_path: Path) -> None:
    """Every line of ours on the page works."""
    variables = {"NETWORK": alice.network.slug, "FILE": str(tmp_path / "tasks.toml")}
    lines = [line for line in commands(page) if line.startswith("manage.py")]
    assert lines
    for line in lines:
        code, said = execute(line, variables, Path("/dev/null"))
        assert code == 0, (line, said)


def test_every_command_about_tasks_works(alice: Operator, tmp_path: Path) -> None:
    follow("tasks.md", alice, tmp_path)
    assert Run.objects.get().state == "cancelled"
    assert Task.objects.get().enabled
    assert not Pause.objects.exists()


def test_every_command_about_operating_works(alice: Operator, tmp_path: Path) -> None:
    factories.WorkerClusterFactory.create(beat_at=timezone.now(), fenced_at=None)
    wallet = Wallet.objects.get(label="alice")
    factories.NonceLaneFactory.create(wallet=wallet, network=alice.network)
    follow("operating.md", alice, tmp_path)
    assert not drain_reason()
