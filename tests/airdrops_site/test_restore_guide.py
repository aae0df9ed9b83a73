"""The guide to resuming after a restore, command by command."""

import json

import pytest
from django.core.management import CommandError
from django.utils import timezone

from airdrops_site.restoring.beginning import begin
from tests.airdrops_site.guides import commands, run
from tests.chains import ETHER, Chain
from tests.wallets.intents import settled, ticked, transfer
from tests.wallets.test_adoption import elsewhere
from wallets.models import Network, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_every_command_of_the_guide_works(
    network: Network, chain: Chain, wallet: Wallet, other_wallet: Wallet
) -> None:
    chain.mine(6)
    for one in (wallet, other_wallet):
        assert run(f"manage.py ledger open --wallet {one.label} --network devnet-l1")[0] == 0
    row = transfer(wallet, network, other_wallet.address)
    elsewhere(chain, wallet, 0, to=other_wallet.address, value=hex(ETHER))
    chain.mine(6)
    begin(backup_made_at=timezone.now(), source="noon.tar", by="ann")
    said = {line: run(line) for line in commands("restore.md")[:-1]}
    assert {code for code, _ in said.values()} == {0}
    found = json.loads(said["manage.py resume_state --show --json"][1])
    assert (found["state"], found["counts"], found["open"]) == ("asked", {"adopted": 1}, [])
    assert settled(ticked(row), chain).outcome == "succeeded"
    assert commands("restore.md")[-1] == "manage.py ledger reconcile"


def test_without_a_restore_there_is_nothing_to_resume(db: None) -> None:
    assert run("manage.py resume_state")[1].startswith("there is no restore to resume")
    with pytest.raises(CommandError, match="there is no restore to resume"):
        run("manage.py resume_state --confirm")
    with pytest.raises(CommandError, match="belongs to --confirm"):
        run("manage.py resume_state --without devnet-l1")
