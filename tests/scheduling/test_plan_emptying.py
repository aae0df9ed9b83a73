"""Topping up and emptying wallets: computed from balances at one block, never from a guess."""

import pytest
from django.contrib.auth.models import User

from airdrops_site.devnet.outbox import encode_call
from airdrops_site.devnet.ports import free_port
from scheduling.plans.emptying import everything_of, top_ups
from scheduling.plans.making import Maker
from scheduling.plans.services import approve_plan, retry_plan
from tests import factories
from tests.factories import an_address
from tests.market import Market
from tests.protocols.operators import ETHER, USDC
from tests.scheduling.plans import (
    APPROVES,
    MAKES,
    coin,
    draft,
    made_by,
    native,
    new_wallet,
    paid_on_chain,
    person,
    run_through,
    states,
    until_over,
)
from wallets.models import Balance, Limit, Network, Receipt, RpcEndpoint, Token, Transaction, Wallet
from wallets.services import engage_stop
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db, pytest.mark.db]
SHELL = Maker(None, "shell root")
SAFE = an_address("safe")


@pytest.fixture
def ann(db: None) -> User:
    return person("ann", *MAKES)


@pytest.fixture
def ben(db: None) -> User:
    return person("ben", *MAKES, *APPROVES)


@pytest.fixture
def eth(registered: Network) -> Token:
    return coin(registered)


@pytest.fixture
def safe(registered: Network) -> str:
    """A listed safe address."""
    factories.AddressBookEntryFactory.create(
        label="vault", address=SAFE, is_safe=True, confirmed=True
    )
    return SAFE


def token_balance(market: Market, address: str) -> int:
    data = f"0x70a08231{address[2:].lower():0>64}"
    token = market.manifest.l2.token("USDC").contract.address
    return int(market.rpc.call("eth_call", {"to": token, "data": data}, "latest"), 16)


def test_a_treasury_tops_up_what_is_below_the_target(
    registered: Network, market: Market, trader: Wallet, eth: Token, ann: User, ben: User
) -> None:
    has = {"poor": 0, "half": ETHER // 20, "rich": ETHER}
    wallets = [new_wallet(label, market, ether) for label, ether in has.items()]
    found = top_ups(
        network=registered, treasury=trader, wallets=wallets, target=ETHER // 10, purpose="gas"
    )
    assert [(one.recipient, one.amount) for one in found.payments] == [
        (wallets[0].address, ETHER // 10),
        (wallets[1].address, ETHER // 20),
    ]
    blocks = Balance.objects.filter(token=eth).values_list("snapshot__block_number", flat=True)
    assert len(set(blocks)) == 1
    plan = draft(found.payments, made_by(ann), "fund", balances_at=found.read_at)
    run_through(plan, made_by(ben), registered, market)
    assert [native(market, one.address) for one in wallets] == [ETHER // 10, ETHER // 10, ETHER]


def test_a_second_plan_from_the_same_balances_is_not_approved(
    registered: Network, market: Market, trader: Wallet, eth: Token, ann: User, ben: User
) -> None:
    wallets = [new_wallet("poor", market)]
    found = [
        top_ups(network=registered, treasury=trader, wallets=wallets, target=9, purpose="gas")
        for _ in range(2)
    ]
    first, second = (
        draft(one.payments, made_by(ann), "fund", balances_at=one.read_at) for one in found
    )
    run_through(first, made_by(ben), registered, market)
    with pytest.raises(NotPossible, match="since the balances were read; make this one anew"):
        approve_plan(plan=second, maker=made_by(ben))


def test_nothing_is_guessed(registered: Network, market: Market, trader: Wallet) -> None:
    poor = new_wallet("poor", market)
    RpcEndpoint.objects.update(url=f"http://127.0.0.1:{free_port()}")
    found = everything_of(wallets=[trader], networks=[registered], to=poor.address, purpose="x")
    assert found.payments == []
    assert found.unknown[0].key == "network:devnet-l2"


def test_a_treasury_without_enough_is_told(
    registered: Network, market: Market, trader: Wallet, eth: Token
) -> None:
    wallets = [new_wallet("poor", market)]
    with pytest.raises(NotPossible, match="lower the target or fund it first"):
        top_ups(
            network=registered, treasury=trader, wallets=wallets, target=11 * ETHER, purpose="gas"
        )


def test_tokens_go_first_and_the_coin_less_its_fee_last(
    registered: Network, market: Market, trader: Wallet, eth: Token, safe: str
) -> None:
    found = everything_of(wallets=[trader], networks=[registered], to=safe, purpose="empty it")
    assert [(one.token.symbol, one.everything) for one in found.payments] == [
        ("USDC", False),
        ("ETH", True),
    ]
    plan = draft(found.payments, SHELL, "drain", balances_at=found.read_at)
    plan = run_through(plan, SHELL, registered, market)
    assert plan.detail == "2 of 2 lines happened"
    left, fees = native(market, trader.address), _fees(trader)
    assert token_balance(market, safe) == 100 * USDC
    assert 0 < left < registered.dust
    assert native(market, safe) + left + fees == 10 * ETHER
    again = everything_of(wallets=[trader], networks=[registered], to=safe, purpose="empty it")
    assert again.payments == []


def test_not_more_than_was_approved_leaves(
    registered: Network, market: Market, trader: Wallet, eth: Token, safe: str
) -> None:
    found = everything_of(wallets=[trader], networks=[registered], to=safe, purpose="x", only=[eth])
    plan = draft(found.payments, SHELL, "sweep", balances_at=found.read_at)
    market.rpc.call("anvil_setBalance", trader.address, hex(50 * ETHER))
    run_through(plan, SHELL, registered, market)
    assert native(market, safe) == 10 * ETHER


def test_a_limit_keeps_what_it_keeps(
    registered: Network, market: Market, trader: Wallet, eth: Token, safe: str
) -> None:
    Limit.objects.create(kind="min_native_balance", scope_kind="everything", amount=4 * ETHER)
    found = everything_of(wallets=[trader], networks=[registered], to=safe, purpose="x", only=[eth])
    run_through(draft(found.payments, SHELL, "sweep"), SHELL, registered, market)
    assert 4 * ETHER < native(market, trader.address) < 4 * ETHER + registered.dust


def test_the_coin_stays_while_a_token_beside_it_failed(
    registered: Network, market: Market, trader: Wallet, eth: Token, safe: str
) -> None:
    found = everything_of(wallets=[trader], networks=[registered], to=safe, purpose="empty it")
    plan = draft(found.payments, SHELL, "sweep")
    usdc = market.manifest.l2.token("USDC").contract.address
    move_away(market, trader, usdc)
    run_through(plan, SHELL, registered, market)
    assert [state for state, _ in states()] == ["failed", "failed"]
    assert "line 1 failed, and what it leaves behind needs this coin" in states()[1][1]
    assert native(market, trader.address) == 10 * ETHER
    market.give("USDC", trader.address, 100 * USDC)
    retry_plan(plan=plan, maker=SHELL)
    until_over(registered, market)
    assert [state for state, _ in states()] == ["done", "done"]


def test_in_haste_the_coin_leaves_none_the_less(
    registered: Network, market: Market, trader: Wallet, eth: Token, safe: str
) -> None:
    found = everything_of(wallets=[trader], networks=[registered], to=safe, purpose="empty it")
    plan = draft(found.payments, SHELL, "drain", urgency="fast")
    move_away(market, trader, market.manifest.l2.token("USDC").contract.address)
    run_through(plan, SHELL, registered, market)
    assert [state for state, _ in states()] == ["failed", "done"]
    assert Transaction.objects.get().urgency == "fast"


@pytest.mark.parametrize(("mode", "paid"), [("all_but_drain", 2), ("all_but_cancels", 0)])
def test_only_the_mode_that_spares_it_lets_the_safe_drain_pass(
    registered: Network,
    market: Market,
    trader: Wallet,
    eth: Token,
    safe: str,
    mode: str,
    paid: int,
) -> None:
    stop = {"scope_kind": "wallet", "scope_value": trader.label}
    engage_stop(reason="stolen", actor="test", mode=mode, **stop)
    found = everything_of(wallets=[trader], networks=[registered], to=safe, purpose="stolen")
    plan = draft(found.payments, SHELL, "drain", urgency="fast")
    try:
        run_through(plan, SHELL, registered, market)
    except AssertionError:
        assert not paid
    assert len(paid_on_chain(market, trader.address)) == paid


def test_a_drain_to_elsewhere_does_not_pass_the_stop(
    registered: Network, market: Market, trader: Wallet, eth: Token, ben: User, ann: User
) -> None:
    friend = new_wallet("friend", market)
    engage_stop(reason="stolen", actor="test", mode="all_but_drain")
    found = everything_of(
        wallets=[trader], networks=[registered], to=friend.address, purpose="x", only=[eth]
    )
    plan = draft(found.payments, made_by(ann), "drain", urgency="fast")
    with pytest.raises(AssertionError):
        run_through(plan, made_by(ben), registered, market)
    assert paid_on_chain(market, trader.address) == []


def move_away(market: Market, wallet: Wallet, token: str) -> None:
    """Somebody moves the token out of the wallet, outside of our rows."""
    market.rpc.call("anvil_impersonateAccount", wallet.address)
    data = encode_call("transfer(address,uint256)", market.manifest.l2.treasury, 100 * USDC)
    message = {"from": wallet.address, "to": token, "data": data, "gasPrice": "0x0"}
    market.rpc.call("anvil_setNextBlockBaseFeePerGas", "0x0")
    market.rpc.call("eth_sendTransaction", message)
    market.rpc.call("evm_mine")
    market.rpc.call("anvil_setBalance", wallet.address, hex(10 * ETHER))
    market.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(10**9))
    market.rpc.call("evm_mine")


def _fees(wallet: Wallet) -> int:
    rows = Receipt.objects.filter(transaction__lane__wallet=wallet, canonical=True)
    return sum(rows.values_list("fee", flat=True))
