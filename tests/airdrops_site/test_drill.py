"""A drill meets what a real restore would meet, and leaves the running system as it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from airdrops_site.backup.places import old_ones
from airdrops_site.models import Operation, Restore
from tests.airdrops_site.backups import PASSPHRASE, digests, made_at
from tests.airdrops_site.test_restoring import done_elsewhere
from tests.airdrops_site.test_upkeep import ran
from tests.chains import Chain
from tests.wallets.intents import transfer
from wallets.models import Installation, Network, NonceLane, RpcEndpoint, Wallet

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


@pytest.fixture
def backed_up(
    tmp_path: Path, network: Network, wallet: Wallet, other_wallet: Wallet, settings: Settings
) -> Iterator[NonceLane]:
    """The lane of an intent that waits, in a backup."""
    settings.BACKUP_PASSPHRASE = lambda: PASSPHRASE
    row = transfer(wallet, network, other_wallet.address)
    made_at(tmp_path)
    yield row.lane
    assert (old_ones(), _left_beside()) == ([], [])


def _left_beside() -> list[str]:
    if connection.vendor == "sqlite":
        live = Path(str(connection.settings_dict["NAME"]))
        return [path.name for path in live.parent.glob(f".{live.name}.restoring-*")]
    with connection.cursor() as cursor:
        said = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'airdrops_restoring_%'"
        cursor.execute(said)
        return [str(name) for (name,) in cursor.fetchall()]


def test_a_drill_finds_what_was_done_since_and_changes_nothing_here(
    backed_up: NonceLane, chain: Chain, other_wallet: Wallet
) -> None:
    done_elsewhere(chain, backed_up.wallet, other_wallet.address)
    before, whose = digests(), Installation.objects.get().pk
    code, facts = ran("restore_drill")
    assert (code, facts["findings"], facts["unknown"]) == (0, [], [])
    assert facts["matches"] == {"adopted": 1}
    assert (digests(), Installation.objects.get().pk) == (before, whose)
    assert not NonceLane.objects.filter(paused=True).exists()
    assert not Restore.objects.exists()
    kinds = [row.kind for row in Operation.objects.order_by("pk")]
    assert kinds == ["backup", "restore_drill"]


@pytest.mark.sqlite
def test_a_network_that_does_not_answer_a_drill_is_unknown(backed_up: NonceLane) -> None:
    RpcEndpoint.objects.filter(network=backed_up.network).update(url="http://127.0.0.1:9")
    made_at(Path(Operation.objects.get().location).parent)
    code, facts = ran("restore_drill")
    assert code == 3
    assert [one.split(":")[0] for one in facts["unknown"]] == [backed_up.network.slug]  # type: ignore[attr-defined]
