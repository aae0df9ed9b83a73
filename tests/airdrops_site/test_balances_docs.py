"""docs/balances.md says nothing that does not work: each of its commands is run, in its order."""

import json
import shlex
from contextlib import suppress
from io import StringIO
from pathlib import Path
from string import Template

import pytest
from django.conf import settings
from django.core.management import call_command

from airdrops_site.devnet.deploy import L2_CHAIN_ID
from tests.chains import Chain
from tests.market import ALICE, Market
from tests.wallets.aggregators import deploy_aggregator
from wallets.models import Balance, Network, Price, Token, Wallet, WalletGroup, WalletTag

pytestmark = [pytest.mark.django_db, pytest.mark.db]
PAGE = Path(settings.BASE_DIR, "docs", "balances.md")


def commands() -> list[str]:
    """The command lines of the page."""
    lines = (line.strip() for line in PAGE.read_text().splitlines())
    return [line for line in lines if line.startswith("manage.py ")]


def run(line: str) -> str:
    said = StringIO()
    _, *words = shlex.split(line)
    with suppress(SystemExit):
        call_command(*words, stdout=said)
    return said.getvalue()


@pytest.fixture
def places(devnet: Network, market: Market, tmp_path: Path) -> dict[str, str]:
    """What the page's variables stand for."""
    alice = Wallet.objects.create(label="alice", address=ALICE.address, signer_kind="watch_only")
    alice.tags.add(WalletTag.objects.create(name="farm"))
    WalletGroup.objects.create(name="treasury").wallets.add(alice)
    devnet.multicall_address = market.manifest.l2.multicall3.address
    devnet.save()
    usdc = Token.objects.get(symbol="USDC")
    drop = Token.objects.get(symbol="DROP")
    listed = {"chainId": L2_CHAIN_ID, "address": drop.address, "name": "Drop", "symbol": "DROP"}
    drop.delete()
    path = tmp_path / "list.json"
    header = {"name": "Ours", "timestamp": "2026-01-01T00:00:00Z"}
    version = {"major": 1, "minor": 0, "patch": 0}
    path.write_text(
        json.dumps({**header, "version": version, "tokens": [{**listed, "decimals": 18}]})
    )
    feed = deploy_aggregator(Chain(market.rpc.url, market.rpc), decimals=8, answer=250_000_000)
    return {
        "LIST": str(path),
        "TOKEN": usdc.address,
        "FEED": feed.address,
        "DESCRIPTION": "v0.6/tests/MockV3Aggregator.sol",
    }


def test_every_command_of_the_page_works(places: dict[str, str]) -> None:
    lines = commands()
    assert len(lines) > 10
    for line in lines:
        assert run(Template(line).substitute(places)), line
    assert Token.objects.get(symbol="DROP").enabled
    assert Balance.objects.get(token__symbol="USDC").amount == 10_000 * 10**6
    assert list(Price.objects.values_list("token__symbol", "source")) == [("GOV", "chainlink")]
