"""A wallet's past is read from a real chain to the wei, by either way, once and only once."""

import json
from typing import Any

import pytest

from analytics.chain_history import scanning
from analytics.chain_history.accounts import NoArchive
from analytics.chain_history.reading import Way
from analytics.chain_history.scanning import Wanted, missing
from analytics.chain_history.scope import HistoryError
from analytics.models import ChainScan, ChainTransaction, ChainTransfer
from tests.analytics.chain_history.lives import Lives, changed, nonzero, rows, told
from tests.protocols.operators import Operator
from tests.wallets.rpc_servers import Item, RpcServer, prefer, refusing, serve
from wallets.chain.client import NetworkClient
from wallets.models import Network, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def lives(alice: Operator, bob: Operator) -> Lives:
    return Lives.lived(alice, bob)


@pytest.mark.parametrize("way", Way)
def test_the_rows_say_what_the_chain_says_to_the_wei(lives: Lives, way: Way) -> None:
    done = lives.scan(way)
    assert (done.done, done.problems) == (True, [])
    for operator in (lives.alice, lives.bob):
        wallet = Wallet.objects.get(address=operator.address)
        assert nonzero(told(wallet)) == nonzero(changed(operator, lives.first))


def test_both_ways_and_reading_again_give_identical_rows(lives: Lives) -> None:
    lives.scan(Way.EVERY_BLOCK)
    before = rows()
    assert len(before[0]) == 8
    lives.scan(Way.EVERY_BLOCK, again=True)
    assert rows() == before
    ChainTransfer.objects.all().delete()
    ChainTransaction.objects.all().delete()
    lives.scan(Way.OLD_STATES, again=True)
    assert rows() == before


def test_an_app_is_more_than_an_approval_or_a_wrapping(lives: Lives) -> None:
    lives.scan()
    weth = lives.alice.token("WETH")
    sent = ChainTransaction.objects.order_by("block_number", "nonce")
    assert set(sent.filter(recipient=weth).values_list("app", flat=True)) == {False}
    approvals = sent.filter(selector="0x095ea7b3").values_list("app", "to_contract")
    assert set(approvals) == {(False, True)}
    plain, failed = sent.first(), sent.get(succeeded=False)
    assert plain is not None
    assert (plain.app, plain.to_contract, plain.protocol) == (False, False, "")
    assert (failed.app, failed.fee is not None) == (False, True)
    router = sent.filter(recipient=lives.alice.deployed.router.address)
    assert set(router.values_list("app", "protocol")) == {(True, "evm")}


def test_what_was_cut_short_goes_on_to_identical_rows(
    lives: Lives,
) -> None:
    lives.scan()
    whole, scans = rows(), list(ChainScan.objects.values_list("first_block", "last_block"))
    for model in (ChainTransfer, ChainTransaction, ChainScan):
        model._default_manager.all().delete()

    def interrupt(_progress: object) -> None:
        raise KeyboardInterrupt

    client, (first, last) = NetworkClient(lives.alice.network), scans[0]
    wallets = list(Wallet.objects.order_by("pk"))
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            scanning.scan(
                Wanted(wallets, first, last, piece=3), client, final=last, report=interrupt
            )
    assert ChainScan.objects.filter(last_block=first + 5).count() == 2
    lives.scan()
    assert rows() == whole
    assert list(ChainScan.objects.values_list("first_block", "last_block")) == scans


def limited(blocks: int) -> Any:
    """A tampering of a node that gives logs of only so many blocks at once."""

    def tamper(asked: Item, answer: Item) -> Item:
        if asked["method"] != "eth_getLogs":
            return answer
        span = asked["params"][0]
        if int(span["toBlock"], 16) - int(span["fromBlock"], 16) < blocks:
            return answer
        error = {"code": -32005, "message": f"eth_getLogs is limited to a {blocks} range"}
        return {"id": asked["id"], "error": error}

    return tamper


def served(lives: Lives, server: RpcServer, **fields: Any) -> None:
    lives.alice.network.endpoints.all().delete()
    prefer(lives.alice.network, server, **fields)


def test_a_node_that_limits_ranges_is_asked_for_less(lives: Lives) -> None:
    lives.scan()
    before = rows()
    with serve(lives.alice.rpc.url) as server:
        server.tamper = limited(4)
        served(lives, server)
        lives.scan(again=True)
        assert rows() == before
        bodies = [
            one for body in server.bodies for one in (body if isinstance(body, list) else [body])
        ]
        spans = [one["params"][0] for one in bodies if one["method"] == "eth_getLogs"]
        assert len(spans) > 6
        assert json.dumps(spans).count(lives.alice.address[2:].lower()) == len(spans)


def test_a_node_without_old_states_says_so_and_is_read_block_by_block(lives: Lives) -> None:
    with serve(lives.alice.rpc.url) as server:
        server.tamper = refusing("eth_getBalance", "missing trie node 1234")
        served(lives, server)
        with pytest.raises(NoArchive, match="keep no archive"):
            lives.scan(Way.OLD_STATES)
        assert not ChainScan.objects.exists()


def test_a_node_that_traces_nothing_is_named(lives: Lives) -> None:
    with serve(lives.alice.rpc.url) as server:
        traced = refusing("debug_traceTransaction", "method not found", -32601)
        flat = refusing("trace_transaction", "method not found", -32601)
        server.tamper = lambda asked, answer: flat(asked, traced(asked, answer))
        served(lives, server)
        assert "no node of this network traces" in lives.scan().problems[0]
    assert not ChainTransfer.objects.filter(place__lte=-2).exists()
    assert ChainScan.objects.exclude(problem="").count() == 2


def test_a_flat_trace_says_the_same_as_a_tree(lives: Lives) -> None:
    lives.scan()
    before = rows()
    with serve(lives.alice.rpc.url) as server:
        server.tamper = refusing("debug_traceTransaction", "method not found", -32601)
        served(lives, server)
        lives.scan(again=True)
    assert rows() == before


def test_receipts_of_a_rollup_tell_the_whole_fee(lives: Lives) -> None:
    def tamper(asked: Item, answer: Item) -> Item:
        if asked["method"] == "eth_getTransactionReceipt":
            answer["result"]["l1Fee"] = hex(12_345)
        return answer

    lives.scan()
    before = dict(ChainTransaction.objects.values_list("hash", "fee"))
    with serve(lives.alice.rpc.url) as server:
        server.tamper = tamper
        served(lives, server)
        lives.scan(again=True)
    after = dict(ChainTransaction.objects.values_list("hash", "fee"))
    assert {tx: fee + 12_345 for tx, fee in before.items() if fee is not None} == after


def test_blocks_that_do_not_touch_what_was_read_are_refused(lives: Lives, devnet: Network) -> None:
    lives.scan()
    read = ChainScan.objects.values_list("last_block", flat=True).first() or 0
    wallets = list(Wallet.objects.all())
    with pytest.raises(HistoryError, match="ask also for those in between"):
        missing(devnet, Wanted(wallets, read + 2, read + 3))
    assert list(missing(devnet, Wanted(wallets, 0, read + 9))) == [
        (0, lives.first - 1),
        (read + 1, read + 9),
    ]
