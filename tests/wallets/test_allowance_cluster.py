"""The real thing: a running qcluster scans allowances without being asked."""

from pathlib import Path

import pytest
from django.db import connection

from airdrops_site.devnet.artifacts import FIXED_SUPPLY_TOKEN, load_artifact
from airdrops_site.devnet.outbox import Outbox
from tests import factories
from tests.chains import Chain, make_network, make_wallet
from tests.processes import eventually, manage
from tests.wallets.aggregators import SENDER
from wallets.addresses import parse_address
from wallets.models import Allowance, AllowanceScan, Token

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


def _found() -> bool:
    connection.close()
    done = AllowanceScan.objects.filter(finished_at__isnull=False, unknown=0)
    return done.exists() and Allowance.objects.filter(amount=7).exists()


def test_a_running_cluster_scans_allowances(chain: Chain, keystores: Path, tmp_path: Path) -> None:
    network = make_network(chain)
    make_wallet("first", chain)
    outbox = Outbox.of(chain.rpc, parse_address(SENDER))
    artifact = load_artifact(FIXED_SUPPLY_TOKEN)
    token = outbox.deploy("T", artifact, "Token", "T", 10**30, SENDER)
    spender = factories.PolicyRuleFactory.create(network=network, selector="allowance").address
    outbox.call(token, "approve(address,uint256)", spender, 7)
    outbox.send()
    chain.mine()
    factories.WalletFactory.create(address=SENDER, signer_kind="watch_only")
    Token.objects.create(network=network, address=token, symbol="T")
    with manage("qcluster", log=tmp_path / "workers.log"):
        assert eventually(_found), (tmp_path / "workers.log").read_text()
