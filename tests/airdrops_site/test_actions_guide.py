"""The guide to actions: its commands work, and it names every action there is."""

from pathlib import Path

import pytest

from protocols.models import ApprovedCall
from protocols.registry import adapters
from tests.airdrops_site.guides import commands, execute
from tests.airdrops_site.test_calls_command import CONTRACT
from tests.airdrops_site.test_calls_command import network as network
from tests.airdrops_site.test_calls_command import people as people
from wallets.models import Network

pytestmark = [pytest.mark.django_db]
# Described with wallets and transfers.
ELSEWHERE = {"transfer", "transfer-token", "sweep", "drain", "drain-token", "wrap", "unwrap"}


def test_every_command_of_the_guide_works(network: Network, tmp_path: Path) -> None:
    for line in commands("actions.md"):
        found = ApprovedCall.objects.first()
        known = {"CALL": str(found.pk), "DIGEST": found.digest} if found else {}
        code, said = execute(line, {"CONTRACT": CONTRACT, **known}, tmp_path / "password")
        assert code == 0, (line, said)
    assert ApprovedCall.objects.get().state == "ended"


def test_every_action_is_in_the_guide() -> None:
    text = (Path(__file__).parents[2] / "docs" / "actions.md").read_text()
    for slug in ("evm", "aave", "calls"):
        wanted = set(adapters()[slug].actions) - ELSEWHERE
        assert {action for action in wanted if f"`{action}`" not in text} == set()
