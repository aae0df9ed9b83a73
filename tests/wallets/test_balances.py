"""Balances: few questions, all at one block, nothing guessed."""

from collections.abc import Iterator

import pytest
from eth_account import Account
from pytest_django import DjangoAssertNumQueries

from tests.market import ALICE, BOB, Market
from tests.wallets.rpc_servers import Item, RpcServer, prefer, refusing, serve
from wallets.balances import take_snapshot
from wallets.chain.client import NetworkClient
from wallets.chain.codec import CODEC
from wallets.chain.errors import RpcUnavailable
from wallets.chain.multicall import encode_calls
from wallets.models import Balance, BalancePoint, BalanceSnapshot, Network, Token, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]
USDC = 10**6


@pytest.fixture
def network(devnet: Network, market: Market) -> Network:
    """The market's network with its Multicall3, its native coin and its tokens."""
    Token.objects.create(network=devnet, symbol="ETH", decimals=18)
    devnet.multicall_address = market.manifest.l2.multicall3.address
    devnet.save()
    return devnet


@pytest.fixture
def owners(network: Network) -> list[Wallet]:
    """Two wallets with 10 ETH and 10,000 USDC each, and an empty one."""
    found = {"alice": ALICE.address, "bob": BOB.address, "empty": Account.create().address}
    return [
        Wallet.objects.create(label=label, address=address, signer_kind="watch_only")
        for label, address in found.items()
    ]


@pytest.fixture
def server(network: Network, market: Market) -> Iterator[RpcServer]:
    """A node in front of the chain that counts, and may tell something else."""
    with serve(market.rpc.url) as running:
        prefer(network, running)
        yield running


def known(label: str, symbol: str) -> int | None:
    """What is known to be held."""
    return Balance.objects.get(wallet__label=label, token__symbol=symbol).amount


def snapshot(network: Network) -> BalanceSnapshot:
    return take_snapshot(network=network, client=NetworkClient(network))


@pytest.mark.usefixtures("owners")
@pytest.mark.parametrize("with_multicall", [True, False])
def test_every_balance_is_the_chains(
    network: Network, market: Market, *, with_multicall: bool
) -> None:
    if not with_multicall:
        Network.objects.update(multicall_address="")
        network.refresh_from_db()
    taken = snapshot(network)
    eth = int(market.rpc.call("eth_getBalance", ALICE.address, hex(taken.block_number)), 16)
    assert (known("alice", "ETH"), known("bob", "USDC")) == (eth, 10_000 * USDC)
    assert (known("empty", "ETH"), known("empty", "USDC"), taken.unknown) == (0, 0, 0)


EMPTY = "0x" + "20".rjust(64, "0") + "0" * 64


@pytest.mark.usefixtures("owners")
@pytest.mark.parametrize(
    "said",
    [{"error": {"code": -32000, "message": "out of gas"}}, {"result": "0x12"}, {"result": EMPTY}],
)
def test_where_a_multicall_gives_no_balances_they_are_asked_one_by_one(
    network: Network, server: RpcServer, said: Item
) -> None:
    def tamper(asked: Item, answer: Item) -> Item:
        is_aggregate = asked["method"] == "eth_call" and asked["params"][0]["data"][:10] == (
            "0x82ad56cb"
        )
        return {"id": asked["id"], **said} if is_aggregate else answer

    server.tamper = tamper
    assert snapshot(network).unknown == 0
    assert known("bob", "USDC") == 10_000 * USDC


@pytest.mark.usefixtures("owners")
def test_what_is_no_token_is_unknown_never_zero(network: Network) -> None:
    nobody = Account.create().address
    Token.objects.create(network=network, symbol="GHOST", address=nobody)
    assert snapshot(network).unknown == 3
    assert known("alice", "GHOST") is None


@pytest.mark.usefixtures("owners")
def test_a_block_that_is_replaced_while_it_is_read_makes_no_snapshot(
    network: Network, server: RpcServer, market: Market
) -> None:
    def tamper(asked: Item, answer: Item) -> Item:
        if asked["method"] == "eth_getBlockByNumber" and asked["params"][0].startswith("0x"):
            return {"id": asked["id"], "result": {**answer["result"], "hash": "0x" + "ab" * 32}}
        return answer

    server.tamper = tamper
    with pytest.raises(RpcUnavailable, match="was replaced while balances were read"):
        snapshot(network)
    assert not BalanceSnapshot.objects.exists()


@pytest.mark.usefixtures("owners")
def test_a_node_that_does_not_answer_changes_nothing(
    network: Network, server: RpcServer, market: Market
) -> None:
    snapshot(network)
    server.tamper = refusing("eth_getBlockByNumber", "header not found")
    network.endpoints.exclude(name="bad").update(enabled=False)
    with pytest.raises(RpcUnavailable):
        snapshot(network)
    assert known("bob", "USDC") == 10_000 * USDC


@pytest.mark.usefixtures("owners")
def test_history_holds_what_changed_and_nothing_else(network: Network, market: Market) -> None:
    snapshot(network)
    first = BalancePoint.objects.count()
    market.give("USDC", BOB.address, 5 * USDC)
    taken = snapshot(network)
    (point,) = BalancePoint.objects.filter(snapshot=taken)
    assert (point.wallet.label, point.amount) == ("bob", 10_005 * USDC)
    assert first == Balance.objects.count()


@pytest.mark.usefixtures("owners")
def test_an_older_reading_never_replaces_a_newer_one(
    network: Network, server: RpcServer, market: Market
) -> None:
    behind = market.rpc.call("eth_getBlockByNumber", "latest", False)
    market.give("USDC", BOB.address, 5 * USDC)
    snapshot(network)

    def tamper(asked: Item, answer: Item) -> Item:
        latest = asked["method"] == "eth_getBlockByNumber" and asked["params"][0] == "latest"
        return {"id": asked["id"], "result": behind} if latest else answer

    server.tamper = tamper
    snapshot(network)
    assert known("bob", "USDC") == 10_005 * USDC


@pytest.mark.parametrize("lengths", [(), (4,), (36, 4, 0, 32, 33)])
def test_calls_are_encoded_as_the_general_encoder_does(lengths: tuple[int, ...]) -> None:
    calls = [(ALICE.address, bytes(range(length))) for length in lengths]
    wanted = CODEC.encode(["(address,bool,bytes)[]"], [[(to, True, data) for to, data in calls]])
    assert encode_calls(calls) == wanted


def test_a_thousand_wallets_and_ten_tokens_take_few_requests_and_queries(
    network: Network, server: RpcServer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Wallet.objects.bulk_create(
        Wallet(label=f"w{n}", address=f"0x{n + 10**40:040x}", signer_kind="watch_only")
        for n in range(1000)
    )
    usdc = Token.objects.get(symbol="USDC")
    for number in range(10 - network.tokens.count()):
        Token.objects.create(
            network=network, symbol=f"T{number}", address=f"0x{number + 10**30:040x}"
        )
    # SQLite takes no more than 999 values at once.
    with django_assert_max_num_queries(120):
        taken = snapshot(network)
    assert (taken.read, len(server.bodies) <= 25) == (10_000, True)
    assert Balance.objects.filter(token=usdc, amount=0).count() == 1000
