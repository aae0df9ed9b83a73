"""A scan asks about everything at one block, is gone on with, and never takes silence for none."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from eth_account import Account
from pytest_django import DjangoAssertNumQueries, Settings

from tests import factories
from tests.market import Market
from tests.protocols.operators import USDC, Operator
from tests.wallets.rpc_servers import Item, RpcServer, prefer, refusing, serve
from wallets import allowance_scans, leases, wakeups
from wallets.allowance_coverage import coverage_of, never_asked
from wallets.allowance_scans import GO_ON_WITHIN, scan_allowances
from wallets.chain.client import NetworkClient
from wallets.chain.errors import RpcUnavailable
from wallets.models import Allowance, AllowanceScan, Lease, Network, Token, Transition, Wallet
from wallets.tasks import scan_network_allowances
from wallets.transactions.allowances import PERMIT2

pytestmark = [pytest.mark.django_db, pytest.mark.db]
MAX = 2**256 - 1


@pytest.fixture
def network(registered: Network, market: Market) -> Network:
    """The market's network, with its Multicall3."""
    registered.multicall_address = market.manifest.l2.multicall3.address
    registered.save()
    return registered


@pytest.fixture
def standing(network: Network, alice: Operator, bob: Operator) -> Operator:
    """Alice has allowed the router 5 USDC, Bob everything; our rows know nothing of it."""
    for who, amount in ((alice, 5 * USDC), (bob, MAX)):
        give(who, alice.deployed.router.address, amount)
    return alice


@pytest.fixture
def server(network: Network, market: Market) -> Iterator[RpcServer]:
    """A node in front of the chain that counts, and may tell something else."""
    with serve(market.rpc.url) as running:
        prefer(network, running)
        network.endpoints.exclude(name="bad").update(enabled=False)
        yield running


def give(who: Operator, spender: str, amount: int) -> None:
    """An approve as somebody made it elsewhere."""
    message = {"from": who.address, "to": who.token("USDC"), "gas": hex(10**5)}
    who.rpc.call("anvil_impersonateAccount", who.address)
    data = "0x095ea7b3" + spender[2:].rjust(64, "0") + f"{amount:064x}"
    who.rpc.call("eth_sendTransaction", {**message, "data": data})
    who.rpc.call("evm_mine")


def scan(network: Network, **how: Any) -> AllowanceScan:
    """Now, whoever did it when."""
    found = scan_allowances(network=network, client=NetworkClient(network), at_once=True, **how)
    assert found is not None
    return found


def amounts() -> dict[str, int | None]:
    """What is known to be allowed of USDC."""
    rows = Allowance.objects.filter(token__symbol="USDC", through="")
    return dict(rows.values_list("wallet__label", "amount"))


@pytest.mark.parametrize("with_multicall", [True, False])
def test_what_was_given_elsewhere_is_found(
    network: Network, standing: Operator, *, with_multicall: bool
) -> None:
    if not with_multicall:
        network.multicall_address = ""
        network.save()
    done = scan(network)
    assert amounts() == {"alice": 5 * USDC, "bob": MAX}
    assert (done.found, done.unknown, done.asked) == (2, 0, 2 * 1 * network.tokens.count())
    assert [row.is_unlimited for row in Allowance.objects.order_by("wallet__label")] == [
        False,
        True,
    ]


def test_what_is_zero_gets_no_row_and_was_asked(network: Network, alice: Operator) -> None:
    assert never_asked(network) == network.tokens.count()
    scan(network)
    assert (Allowance.objects.count(), never_asked(network)) == (0, 0)


def test_what_is_new_since_the_scan_is_unknown(network: Network, alice: Operator) -> None:
    scan(network)
    tokens = network.tokens.count()
    factories.WalletFactory.create()
    assert never_asked(network) == tokens
    factories.TokenFactory.create(network=network)
    assert never_asked(network) == tokens + 2
    factories.PolicyRuleFactory.create(network=network, selector="allowance")
    assert never_asked(network) == 2 * 2 * (tokens + 1) - tokens


def test_many_networks_take_as_many_questions_as_one(
    network: Network, alice: Operator, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    scan(network)
    others = [factories.AllowanceFactory.create().token.network for _ in range(5)]
    factories.AllowanceScanFactory.create(network=others[0])
    with django_assert_num_queries(5):
        found = coverage_of([network, *others])
    assert [one.scan is not None for one in found] == [True, True, False, False, False, False]
    # Each of the five allowances has a wallet of its own.
    assert found[2].never_asked == 6


def test_a_token_that_does_not_answer_is_unknown_and_never_none(
    network: Network, standing: Operator
) -> None:
    scan(network)
    nobody = Account.create().address
    Token.objects.filter(symbol="USDC").update(address=nobody)
    done = scan(network)
    assert (amounts(), done.unknown) == ({"alice": None, "bob": None}, 2)
    history = Transition.objects.filter(subject="allowance").order_by("id")
    assert [line.to_state for line in history][-1] == "unknown"
    assert f"{nobody} does not say what it allows" in history.latest("id").reason


def test_two_endpoints_that_differ_leave_it_unknown(
    network: Network, standing: Operator, market: Market
) -> None:
    def tamper(asked: Item, answer: Item) -> Item:
        if asked["method"] == "eth_call" and asked["params"][0]["data"].startswith("0xdd62ed3e"):
            return {"id": asked["id"], "result": "0x" + "0" * 64}
        aggregate = asked["method"] == "eth_call" and asked["params"][0]["data"][:10]
        return {**answer, "result": "0x12"} if aggregate == "0x82ad56cb" else answer

    with serve(market.rpc.url) as running:
        running.tamper = tamper
        prefer(network, running)
        scan(network)
    assert amounts() == {"alice": None, "bob": None}


def test_a_scan_that_was_cut_short_is_gone_on_with_at_its_block(
    network: Network, standing: Operator, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allowance_scans, "CALLS_PER_REQUEST", 1)
    first = scan(network, seconds=0)
    assert (first.finished_at, amounts()) == (None, {"alice": 5 * USDC})
    market.rpc.call("evm_mine")
    second = scan(network)
    assert (second.pk, second.block_number) == (first.pk, first.block_number)
    assert (second.finished_at is not None, amounts()["bob"]) == (True, MAX)


@pytest.mark.parametrize("change", ["age", "scope", "block"])
def test_one_that_cannot_be_gone_on_with_begins_anew(
    network: Network, standing: Operator, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(allowance_scans, "CALLS_PER_REQUEST", 1)
    first = scan(network, seconds=0)
    left = AllowanceScan.objects.filter(pk=first.pk)
    match change:
        case "age":
            left.update(begun_at=timezone.now() - GO_ON_WITHIN)
        case "scope":
            factories.PolicyRuleFactory.create(network=network, selector="allowance")
        case "block":
            left.update(block_hash="0x" + "ab" * 32)
    second = scan(network)
    assert (second.pk == first.pk, second.finished_at is not None) == (False, True)
    assert not left.exists()


def test_a_node_that_forgot_the_block_is_no_silent_token(
    network: Network, standing: Operator, server: RpcServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allowance_scans, "CALLS_PER_REQUEST", 1)
    scan(network, seconds=0)

    def tamper(asked: Item, answer: Item) -> Item:
        if asked["method"] in ("eth_call", "eth_getBalance"):
            return {"id": asked["id"], "error": {"code": -32000, "message": "pruned away"}}
        return answer

    server.tamper = tamper
    with pytest.raises(RpcUnavailable, match="the scan begins anew at a newer one"):
        scan(network)
    assert amounts() == {"alice": 5 * USDC}


def test_a_block_that_is_replaced_while_it_is_read_keeps_nothing(
    network: Network, standing: Operator, server: RpcServer
) -> None:
    def tamper(asked: Item, answer: Item) -> Item:
        if asked["method"] == "eth_getBlockByNumber" and asked["params"][0].startswith("0x"):
            return {"id": asked["id"], "result": {**answer["result"], "hash": "0x" + "ab" * 32}}
        return answer

    server.tamper = tamper
    with pytest.raises(RpcUnavailable, match="was replaced while allowances were read"):
        scan(network)
    assert amounts() == {}


def test_a_row_that_knows_of_a_later_block_stays(network: Network, standing: Operator) -> None:
    scan(network)
    Allowance.objects.update(block_number=10**9, amount=7)
    scan(network)
    assert amounts() == {"alice": 7, "bob": 7}


def test_a_thousand_wallets_take_few_requests_and_queries(
    network: Network,
    alice: Operator,
    server: RpcServer,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    Wallet.objects.bulk_create(
        Wallet(label=f"w{n}", address=f"0x{n + 10**40:040x}", signer_kind="watch_only")
        for n in range(1000)
    )
    factories.PolicyRuleFactory.create_batch(3, network=network, selector="allowance")
    with django_assert_max_num_queries(400):
        done = scan(network)
    assert done.asked == 1001 * network.tokens.count() * 4
    assert len(server.bodies) <= done.asked // 2000 + 4


def inner(amount: int, until: int) -> str:
    """What Permit2 answers."""
    return "0x" + "".join(f"{number:064x}" for number in (amount, until, 0))


@pytest.mark.parametrize(
    ("until", "found"), [(2**48 - 1, 2**160 - 1), (4 * 10**9, 2**160 - 1), (1, 0)]
)
def test_what_permit2_keeps_is_read_until_it_is_over(
    network: Network, alice: Operator, server: RpcServer, until: int, found: int
) -> None:
    def tamper(asked: Item, answer: Item) -> Item:
        if asked["method"] == "eth_call" and asked["params"][0]["to"] == PERMIT2:
            return {"id": asked["id"], "result": inner(2**160 - 1, until)}
        return answer

    network.multicall_address = ""
    network.save()
    factories.PolicyRuleFactory.create(network=network, address=PERMIT2, selector="allowance")
    server.tamper = tamper
    scan(network)
    rows = Allowance.objects.filter(through=PERMIT2, token__symbol="USDC")
    assert [row.amount for row in rows] == ([found] if found else [])
    assert all(row.is_unlimited for row in rows)


def test_permit2_is_not_asked_where_nobody_registered_it(
    network: Network, alice: Operator, server: RpcServer
) -> None:
    scan(network)
    assert "927da105" not in str(server.bodies)


def test_a_spender_nobody_registered_is_asked_about_when_named(
    network: Network, alice: Operator
) -> None:
    stranger = Account.create().address
    give(alice, stranger, 9)
    scan(network)
    assert amounts() == {}
    scan(network, spenders=[stranger])
    assert amounts() == {"alice": 9}
    give(alice, stranger, 3)
    scan(network)
    assert amounts() == {"alice": 3}


def due() -> list[str]:
    (periodic,) = (one for one in wakeups.registered() if one.name == "allowances")
    return list(periodic.due())


def test_workers_scan_and_then_rest_for_the_interval(
    network: Network, standing: Operator, settings: Settings
) -> None:
    assert due() == [str(network.pk)]
    scan_network_allowances(str(network.pk))
    assert (amounts()["bob"], due()) == (MAX, [])
    free = Lease.objects.get(name=f"allowances:{network.pk}").expires_at
    assert free is not None
    assert free - timezone.now() > timedelta(seconds=settings.ALLOWANCE_SECONDS - 5)
    settings.ALLOWANCE_SECONDS = 0
    Lease.objects.update(expires_at=None)
    assert due() == []


def test_one_process_scans_a_network_at_a_time(network: Network, standing: Operator) -> None:
    leases.take(f"allowances:{network.pk}", owner="another", duration=timedelta(seconds=30))
    scan_network_allowances(str(network.pk))
    assert scan_allowances(network=network, client=NetworkClient(network)) is None
    assert (due(), amounts()) == ([], {})


def test_a_person_need_not_wait_for_the_interval(network: Network, standing: Operator) -> None:
    scan_network_allowances(str(network.pk))
    client = NetworkClient(network)
    assert scan_allowances(network=network, client=client) is None
    assert scan_allowances(network=network, client=client, at_once=True)


def test_a_scan_that_failed_is_tried_again_soon(
    network: Network, alice: Operator, server: RpcServer
) -> None:
    server.tamper = refusing("eth_getBlockByNumber", "header not found")
    scan_network_allowances(str(network.pk))
    free = Lease.objects.get(name=f"allowances:{network.pk}").expires_at
    assert free is not None
    assert free - timezone.now() < timedelta(seconds=31)
