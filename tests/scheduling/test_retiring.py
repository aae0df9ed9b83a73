"""A wallet is archived only when nothing is under way and nothing known stays in it."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from airdrops_site.devnet.ports import free_port
from protocols.models import Protocol
from protocols.registry import adapters
from scheduling.models import Plan, PlanLine, Task
from scheduling.plans.emergency import drain_wallets, only_safe_address
from scheduling.plans.making import Maker
from scheduling.plans.retiring import look_at, retire_wallet
from scheduling.plans.services import approve_plan
from tests import factories
from tests.factories import an_address
from tests.market import Market
from tests.protocols.operators import ETHER, USDC
from tests.scheduling.plans import (
    APPROVES,
    MAKES,
    coin,
    made_by,
    native,
    new_wallet,
    paid_on_chain,
    person,
    until_over,
)
from wallets.models import Network, PolicyRule, RpcEndpoint, Token, Transaction, Transition, Wallet
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db, pytest.mark.db]
SHELL = Maker(None, "shell root")
SAFE = an_address("safe")


@pytest.fixture(autouse=True)
def safe(registered: Network) -> str:
    """A listed safe address, and the coin as a token."""
    coin(registered)
    factories.AddressBookEntryFactory.create(
        label="vault", address=SAFE, is_safe=True, confirmed=True
    )
    return SAFE


@pytest.fixture
def ben(db: None) -> User:
    return person("ben", *MAKES, *APPROVES)


def retire(wallet: Wallet, to: str = SAFE, maker: Maker = SHELL, *acknowledged: str) -> Any:
    return retire_wallet(wallet=wallet, to=to, maker=maker, acknowledged=acknowledged)


def retired(wallet: Wallet, network: Network, market: Market, *acknowledged: str) -> bool:
    """Whether it is over after the one drain that it takes."""
    retire(wallet, SAFE, SHELL, *acknowledged)
    until_over(network, market)
    return bool(retire(wallet, SAFE, SHELL, *acknowledged).is_over)


def test_its_tasks_stop_and_the_history_says_who_did_it(
    registered: Network, market: Market, trader: Wallet
) -> None:
    friend = new_wallet("friend", market)
    own = factories.TaskFactory.create(name="own", network=registered, enabled=True)
    shared = factories.TaskFactory.create(name="shared", network=registered, enabled=True)
    for task, wallets in ((own, [trader]), (shared, [trader, friend])):
        for wallet in wallets:
            factories.TaskWalletFactory.create(task=task, wallet=wallet)
    assert retired(trader, registered, market)
    own.refresh_from_db()
    shared.refresh_from_db()
    assert (own.enabled, shared.enabled) == (False, True)
    assert [member.wallet for member in shared.task_wallets.all()] == [friend]
    line = Transition.objects.filter(subject="wallet", subject_id=trader.pk).latest("id")
    assert (line.from_state, line.to_state, line.actor) == ("verified", "retired", "shell root")


def test_an_empty_wallet_is_archived_at_once(registered: Network, market: Market) -> None:
    empty = new_wallet("empty", market)
    assert retire(empty).is_over
    assert not Plan.objects.exists()


@pytest.mark.parametrize("kind", ["transaction", "run", "request", "line"])
def test_nothing_is_retired_while_something_is_under_way(
    registered: Network, trader: Wallet, kind: str
) -> None:
    lane = factories.NonceLaneFactory.create(wallet=trader, network=registered)
    made: dict[str, Any] = {
        "transaction": lambda: factories.TransactionFactory.create(
            lane=lane, state="confirmed", outcome="succeeded", nonce=1
        ),
        "run": lambda: factories.RunFactory.create(
            occurrence__wallet=trader, occurrence__task__network=registered, state="held"
        ),
        "request": lambda: factories.SignedRequestFactory.create(wallet=trader, state="sent"),
        "line": lambda: factories.PlanLineFactory.create(
            plan__state="approved", plan__approved_at="2026-11-26T12:00Z", recipient=trader.address
        ),
    }
    made[kind]()
    with pytest.raises(NotPossible, match=r"trader cannot be retired yet: .* is "):
        retire(trader)
    trader.refresh_from_db()
    assert (trader.status, Plan.objects.filter(kind="drain").exists()) == ("verified", False)


LENDER = """
from protocols.actions import Adapter, Plan, PlanError, Position, Settlement, Action
from protocols.params import ActionParams

class Supply(Action):
    slug, title, Params = "supply", "Supply", ActionParams
    def plan(self, ctx, params):
        return Plan(())
    def settle(self, ctx, params, receipt):
        return Settlement()

def positions(ctx):
{body}

ADAPTER = Adapter.of("lender", "Lender", [Supply()], package=__name__, {reader})
"""


@pytest.fixture
def lender(
    registered: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, str], None]]:
    """An installed package whose adapter answers so about what wallets have inside it."""

    def put(body: str, reader: str = "positions=positions") -> None:
        code = LENDER.format(body=f"    {body}", reader=reader)
        (tmp_path / "lender_adapter.py").write_text(code)
        metadata = tmp_path / "lender-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: lender\nVersion: 1.0\n")
        point = "[airdrops.protocols]\nlender = lender_adapter:ADAPTER\n"
        (metadata / "entry_points.txt").write_text(point)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "lender_adapter", raising=False)
        adapters.cache_clear()
        row, _ = Protocol.objects.get_or_create(slug="lender", defaults={"name": "Lender"})
        row.networks.add(registered)

    yield put
    monkeypatch.undo()
    adapters.cache_clear()


@pytest.mark.parametrize(
    ("body", "reader", "sentence"),
    [
        (
            'return [Position("2 ETH supplied"), Position("1 ETH in flight")]',
            "positions=positions",
            "Lender on devnet-l2: 2 ETH supplied .*; Lender on devnet-l2: 1 ETH in flight",
        ),
        (
            'raise PlanError("the pool is paused")',
            "positions=positions",
            "what Lender holds on devnet-l2 is unknown: the pool is paused",
        ),
        ("return ()", "", "what Lender holds on devnet-l2 is unknown: .* reports no positions"),
    ],
)
def test_what_an_adapter_names_or_cannot_say_blocks_until_acknowledged(
    registered: Network,
    market: Market,
    trader: Wallet,
    lender: Callable[[str, str], None],
    body: str,
    reader: str,
    sentence: str,
) -> None:
    lender(body, reader)
    with pytest.raises(NotPossible, match=sentence) as refused:
        retire(trader)
    assert "(--acknowledge positions:lender@devnet-l2)" in str(refused.value)
    assert retired(trader, registered, market, "positions:lender@devnet-l2")


def test_a_protocol_that_holds_nothing_is_no_obstacle(
    registered: Network, market: Market, trader: Wallet, lender: Callable[[str], None]
) -> None:
    lender("return ()")
    assert retired(trader, registered, market)


def test_a_token_that_is_not_enabled_is_named_and_may_be_left(
    registered: Network, market: Market, trader: Wallet
) -> None:
    Token.objects.filter(symbol="USDC").update(enabled=False)
    token = Token.objects.get(symbol="USDC")
    key = f"token:{token.address}@devnet-l2"
    with pytest.raises(NotPossible, match=f"100 USDC on devnet-l2.*--acknowledge {key}"):
        retire(trader)
    assert retired(trader, registered, market, key)


def test_an_allowance_that_stands_is_revoked_first(registered: Network, trader: Wallet) -> None:
    token = Token.objects.get(symbol="USDC")
    factories.AllowanceFactory.create(wallet=trader, token=token, amount=5)
    with pytest.raises(NotPossible, match="`allowances revoke --wallet trader` first"):
        retire(trader)


def test_a_network_that_does_not_answer_is_unknown_and_blocks(
    registered: Network, trader: Wallet
) -> None:
    RpcEndpoint.objects.update(url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(NotPossible, match=r"nothing is guessed: .*--acknowledge network:"):
        retire(trader)
    trader.refresh_from_db()
    assert trader.status == "verified"


def test_to_another_wallet_it_waits_for_a_second_person(
    registered: Network, market: Market, trader: Wallet, ben: User
) -> None:
    friend, ann = new_wallet("friend", market), person("ann", *MAKES)
    report = retire(trader, friend.address, made_by(ann))
    assert report.sentence.endswith(f"waits for its approval: plans approve {report.plan.pk}")
    approve_plan(plan=report.plan, maker=made_by(ben))
    retire(trader, friend.address, made_by(ann))
    until_over(registered, market)
    assert retire(trader, friend.address, made_by(ann)).is_over
    assert native(market, friend.address) > 9 * ETHER


def test_what_arrives_meanwhile_is_drained_too(
    registered: Network, market: Market, trader: Wallet
) -> None:
    retire(trader)
    until_over(registered, market)
    market.give("USDC", trader.address, 3 * USDC)
    market.rpc.call("anvil_setBalance", trader.address, hex(ETHER))
    assert not retire(trader).is_over
    until_over(registered, market)
    assert retire(trader).is_over
    assert Plan.objects.filter(state="done").count() == 2


def test_a_drain_whose_balances_are_old_is_made_anew(
    registered: Network, market: Market, trader: Wallet, ben: User
) -> None:
    friend, ann = new_wallet("friend", market), person("ann", *MAKES)
    first = retire(trader, friend.address, made_by(ann)).plan
    Plan.objects.update(balances_at="2026-01-01T00:00Z")
    second = retire(trader, friend.address, made_by(ann)).plan
    first.refresh_from_db()
    assert (first.state, second.state) == ("cancelled", "draft")


def test_a_dry_run_changes_nothing(registered: Network, trader: Wallet) -> None:
    task = factories.TaskFactory.create(network=registered, enabled=True)
    factories.TaskWalletFactory.create(task=task, wallet=trader)
    report = look_at(wallet=trader, to=SAFE, acknowledged=())
    assert report.sentence == "2 payments would empty it"
    assert (Plan.objects.count(), Task.objects.get().enabled) == (0, True)


def test_a_safe_address_is_never_retired(trader: Wallet) -> None:
    Wallet.objects.update(safe_address=True)
    trader.refresh_from_db()
    with pytest.raises(NotPossible, match="is a listed safe address"):
        retire(trader)


def test_an_emergency_drain_pressed_twice_drains_once(
    registered: Network, market: Market, trader: Wallet
) -> None:
    first = drain_wallets(wallets=[trader], to=SAFE, maker=SHELL)
    second = drain_wallets(wallets=[trader], to=SAFE, maker=SHELL)
    assert first.plan is not None
    assert (second.plan, len(second.under_way)) == (None, 2)
    until_over(registered, market)
    assert len(paid_on_chain(market, trader.address)) == 2
    assert {row.urgency for row in Transaction.objects.all()} == {"fast"}


def test_an_emergency_drain_goes_to_listed_safe_addresses_only(
    registered: Network, market: Market, trader: Wallet
) -> None:
    friend = new_wallet("friend", market)
    with pytest.raises(NotPossible, match="is no listed safe address on any network"):
        drain_wallets(wallets=[trader], to=friend.address, maker=SHELL)
    assert only_safe_address() == SAFE
    factories.AddressBookEntryFactory.create(is_safe=True, confirmed=True)
    with pytest.raises(NotPossible, match="2 safe addresses are listed; say which"):
        only_safe_address()


def test_what_an_emergency_drain_does_not_know_is_named_and_not_waited_for(
    registered: Network, market: Market, trader: Wallet
) -> None:
    dead = factories.NetworkFactory.create(slug="dead")
    coin(dead)
    done = drain_wallets(wallets=[trader], to=SAFE, maker=SHELL)
    assert len(done.payments) == 2
    assert done.unknown[0].startswith("what is on dead is unknown: ")


def test_what_a_limit_or_a_missing_rule_refuses_keeps_nothing_else_from_leaving(
    registered: Network, market: Market, trader: Wallet
) -> None:
    factories.LimitFactory.create(scope_kind="everything", scope_value="", amount=ETHER)
    done = drain_wallets(wallets=[trader], to=SAFE, maker=SHELL)
    assert [one.token.symbol for one in done.payments] == ["USDC"]
    assert "ETH on devnet-l2 of trader: 10 ETH is above the limit of 1 ETH" in done.refused[0]
    PolicyRule.objects.filter(address=Token.objects.get(symbol="USDC").address).delete()
    Plan.objects.update(state="done")
    PlanLine.objects.update(state="failed")
    again = drain_wallets(wallets=[trader], to=SAFE, maker=SHELL)
    assert (again.plan, len(again.refused)) == (None, 2)


def test_a_retirement_that_is_refused_leaves_no_plan_in_the_way(
    registered: Network, market: Market, trader: Wallet
) -> None:
    limit = factories.LimitFactory.create(scope_kind="everything", scope_value="", amount=1)
    with pytest.raises(NotPossible, match="is above the limit"):
        retire(trader)
    assert Plan.objects.get().state == "cancelled"
    limit.delete()
    assert retired(trader, registered, market)


def test_what_comes_again_is_drained_again_at_once(
    registered: Network, market: Market, trader: Wallet
) -> None:
    for _ in range(2):
        assert drain_wallets(wallets=[trader], to=SAFE, maker=SHELL).plan is not None
        until_over(registered, market)
        market.give("USDC", trader.address, 100 * USDC)
        market.rpc.call("anvil_setBalance", trader.address, hex(10 * ETHER))
    assert [plan.detail for plan in Plan.objects.all()] == 2 * ["2 of 2 lines happened"]
