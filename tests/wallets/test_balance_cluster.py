"""The real thing: a running qcluster reads balances without being asked."""

from pathlib import Path

import pytest
from django.db import connection

from tests.chains import ETHER, Chain, make_network, make_wallet
from tests.processes import eventually, manage
from wallets.models import Balance

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


def _read() -> bool:
    connection.close()
    return Balance.objects.filter(amount=10 * ETHER).exists()


def test_a_running_cluster_reads_balances(chain: Chain, keystores: Path, tmp_path: Path) -> None:
    make_network(chain)
    make_wallet("first", chain)
    with manage("qcluster", log=tmp_path / "workers.log"):
        assert eventually(_read), (tmp_path / "workers.log").read_text()
