"""An older version is stopped with transactions in flight; the new one migrates and goes on."""

from pathlib import Path

import pytest

from tests.chains import Chain
from tests.installations import Installation
from tests.processes import eventually, run_manage
from tests.wallets.test_two_installations import states, times
from wallets.models import Wallet

pytestmark = [pytest.mark.django_db]


def migrate(installation: Installation, *to: str) -> None:
    done = run_manage("migrate", *to, **installation.variables)
    assert done.returncode == 0, done.stderr


def test_what_was_in_flight_is_done_once_and_what_comes_after_too(
    chain: Chain, wallet: Wallet, keystores: Path, tmp_path: Path
) -> None:
    one = Installation(tmp_path / "one", keystores)
    one.set_up(chain, wallet)
    migrate(one, "airdrops_site", "zero")
    one.queue(list(range(1000, 1006)), claim=True)
    with one.working():
        assert eventually(lambda: "broadcast" in states(one))
    before = one.hashes()
    migrate(one)
    one.queue([1006, 1007])
    chain.rpc.call("evm_setIntervalMining", 1)
    with one.working():
        assert eventually(lambda: sum(times(chain, wallet).values()) == 8)
    assert set(times(chain, wallet).values()) == {1}
    assert one.hashes()[: len(before)] == before
