"""The guides' commands do what they say, in their order, on a real chain."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from scheduling.models import Approval, Run
from tests.airdrops_site.desk import Desk, make_people
from tests.airdrops_site.guides import commands, execute
from tests.market import Market
from tests.protocols.operators import ETHER
from tests.scheduling.plans import coin, native, new_wallet
from tests.scheduling.trading import run_of, work
from wallets.models import EmergencyStop, Network, Transaction, Transition, Wallet

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def desk(registered: Network, market: Market, keystores: Path, tmp_path: Path) -> Desk:
    """A wallet with 10 ETH and an empty one."""
    coin(registered)
    make_people(tmp_path)
    new_wallet("farm-1", market, 10 * ETHER)
    new_wallet("farm-2", market)
    return Desk(tmp_path, registered, market)


def send(desk: Desk, ether: int, **fields: Any) -> Run:
    """A run of Ann's task that sends so much."""
    wallet, friend = (Wallet.objects.get(label=f"farm-{n}") for n in (1, 2))
    params = {"to": friend.address, "amount": str(ether * ETHER)}
    ann = User.objects.get(username="ann")
    run = run_of(desk.network, wallet, "transfer", params, changed_by=ann, **fields)
    work(desk.network)
    return run


def test_every_command_of_the_stop_works(desk: Desk) -> None:
    send(desk, 1)
    for line in commands("emergency.md"):
        code, said = execute(line, {}, desk.folder / "password")
        assert code == 0, (line, said)
        work(desk.network)
    assert not EmergencyStop.objects.filter(engaged=True).exists()
    assert Transition.objects.filter(subject="stop").count() == 5
    kinds = Transaction.objects.get().attempts.values_list("kind", flat=True)
    assert list(kinds.order_by("pk")) == ["original", "cancel"]


def test_every_command_of_the_approvals_works(desk: Desk) -> None:
    send(desk, 1, needs_approval=True)
    send(desk, 2, needs_approval=True)
    for line in commands("approvals.md"):
        code, said = execute(line, {}, desk.folder / "password")
        assert code == 0, (line, said)
        if "show" in line:
            assert "transfer" in said
            assert "the task “transfer 0” asks for it" in said
    desk.work(7)
    states = list(Approval.objects.order_by("pk").values_list("state", "decided_by__username"))
    assert states == [("used", "ben"), ("declined", "ben")]
    assert native(desk.market, Wallet.objects.get(label="farm-2").address) == ETHER
