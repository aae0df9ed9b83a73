"""docs/history.md: each of its commands works, in its order; what is wrong is a sentence."""

import json
from pathlib import Path
from string import Template

import pytest
from django.core.management import CommandError

from analytics.models import ChainTransaction
from tests.airdrops_site.guides import commands, run
from tests.analytics.chain_history.explorers import answers, write
from tests.analytics.chain_history.lives import Lives
from tests.protocols.operators import Operator
from wallets.models import PricePoint, Token

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def lives(alice: Operator, bob: Operator) -> Lives:
    Token.objects.create(network=alice.network, symbol="ETH", decimals=18)
    return Lives.lived(alice, bob)


def test_every_command_of_the_page_works(lives: Lives, tmp_path: Path) -> None:
    file = write(tmp_path, "tokentx", answers(lives, traced=False)["tokentx"])
    prices = tmp_path / "prices.csv"
    block = lives.alice.rpc.call("eth_getBlockByNumber", hex(lives.first), False)
    at = int(block["timestamp"], 16) - 600
    prices.write_text(f"network,token,time,price\ndevnet-l2,native,{at},2000\n")
    said = ""
    for line in commands("history.md"):
        code, said = run(Template(line).substitute(FILE=file, PRICES=prices))
        assert code == 0, line
    assert PricePoint.objects.get().amount == 2_000
    alice, bob = json.loads(said)
    assert (alice["wallet"], alice["transactions"], bob["transactions"]) == ("alice", 4, 4)
    first = ChainTransaction.objects.order_by("block_number").first()
    assert first is not None
    assert (first.volume_cents, first.bridged_cents) == (200_000, 0)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("history scan", "write --network and one of devnet-l2"),
        ("history scan --network devnet-l2 --to-block 99999", "the newest final block is"),
        ("history scan --network devnet-l2 --tag x", "no wallet has the tag x"),
        ("history import /nowhere --network devnet-l2", "/nowhere cannot be read"),
        ("prices import $BAD", "line 3 of bad.csv: '-' is no number"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    alice: Operator, tmp_path: Path, line: str, sentence: str
) -> None:
    bad = tmp_path / "bad.csv"
    good = "devnet-l2,USDC,2026-01-01,1"
    bad.write_text(f"network,token,time,price\n{good}\n{good[:-1]}-\n")
    with pytest.raises(CommandError, match=sentence) as refused:
        run("manage.py " + Template(line).substitute(BAD=bad))
    assert refused.value.returncode == 2
    assert not PricePoint.objects.exists()
