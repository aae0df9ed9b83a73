"""Targets and rebalances as a shell asks for them; the guide, command by command."""

import json
from pathlib import Path

import pytest

from analytics.models import AllocationRun, Rebalance
from scheduling.models import Task
from tests.airdrops_site.desk import make_people
from tests.airdrops_site.guides import commands, execute, run
from tests.analytics.allocation.capital import (
    a_trader,
    half_and_half,
    held,
    look,
    past_prices,
)
from tests.market import Market
from tests.scheduling.plans import allow_alone, coin
from wallets.models import Network, Price

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_every_command_of_the_guide_works(
    registered: Network, market: Market, keystores: Path, tmp_path: Path
) -> None:
    make_people(tmp_path)
    a_trader(registered, market)
    look(registered)
    past_prices(registered, ETH=0.7, USDC=0.005)
    allow_alone(10**18, coin(registered))
    half_and_half()
    for line in commands("allocation.md"):
        code, said = execute(line, {}, tmp_path / "password")
        assert code == 0, (line, said)
    facts = json.loads(said)
    assert (facts["state"], facts["approved_by"]) == ("applied", "ben")
    assert facts["event"]["planned_cost_cents"] == facts["cost_cents"]
    assert Task.objects.get(enabled=True).name == facts["tasks"][0]


def test_trying_keeps_nothing_and_a_refusal_has_its_own_code(db: None) -> None:
    held()
    half_and_half()
    code, said = run("manage.py allocation compute half --dry-run --json")
    assert (code, json.loads(said)["lines"][0]["target_bps"]) == (0, 5_000)
    assert not AllocationRun.objects.exists()
    Price.objects.all().delete()
    code, said = run("manage.py allocation compute half --json")
    assert (code, json.loads(said)["status"]) == (1, "refused")
    assert "is unknown or stale" in AllocationRun.objects.get().problem


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("compute nothing", "there is no policy 'nothing'"),
        ("show half", "half was never computed"),
        ("propose half", "say who proposes it with --user"),
        ("approve 7", "there is no rebalance 7"),
        ("approve x", "is not the number of a"),
        ("propose half --dry-run", "nothing is held that could be spread"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(db: None, line: str, sentence: str) -> None:
    from django.core.management.base import CommandError

    half_and_half()
    with pytest.raises(CommandError, match=sentence) as refused:
        run(f"manage.py allocation {line}")
    assert refused.value.returncode == 2
    assert not Rebalance.objects.exists()
