"""After a stop positions are taken out by ordinary runs, once, and what stays is named."""

import json
from typing import Any

import pytest

from scheduling.dispatch import dispatch_due
from scheduling.models import Run, Task
from tests.airdrops_site.guides import run
from tests.market import Market
from tests.protocols.evm.conftest import register
from tests.protocols.evm.test_liquidity import pair_of
from tests.protocols.operators import USDC, Operator
from tests.scheduling.trading import run_of, until_ended, usdc, work
from wallets.models import Network, Transaction, Wallet
from wallets.services import engage_stop, lift_stop

pytestmark = [pytest.mark.django_db, pytest.mark.db]
ORDER = "manage.py emergency withdraw --reason leave --protocol evm --json"


def asked(line: str, code: int = 0) -> Any:
    """What the command answers."""
    ended, said = run(line)
    assert ended == code, said
    return json.loads(said)


@pytest.fixture
def pool(registered: Network, market: Market, trader: Wallet, alice: Operator) -> str:
    """A pool with 5 USDC of the trader in it."""
    pair = pair_of(alice, "WETH", "USDC")
    register(registered, "uniswap_v2_pair-weth-usdc", pair, "uniswap_v2_pair")
    terms = {"token_a": usdc(market), "token_b": "native", "amount_a": str(5 * USDC)}
    run_of(registered, trader, "add-liquidity", {**terms, "amount_b": str(10**16)})
    until_ended(registered, market)
    return pair


def test_what_is_inside_is_shown_first_and_taken_out_once(pool: str) -> None:
    dry = asked(f"{ORDER} --dry-run")
    assert [one["action"] for one in dry["withdrawals"]] == ["remove-liquidity"]
    assert Task.objects.count() == 1
    (name,) = asked(ORDER)["tasks"]
    task = Task.objects.get(name=name)
    assert (task.priority, task.schedule) == (Task.Priority.CRITICAL, "once")
    again = asked(ORDER)
    assert (again["tasks"], len(again["under_way"])) == ([], 1)


def test_it_is_signed_when_the_stop_allows_it(
    pool: str, registered: Network, market: Market, trader: Wallet
) -> None:
    engage_stop(reason="stolen", actor="test")
    asked(ORDER)
    dispatch_due()
    work(registered)
    assert Transaction.objects.get(action="remove-liquidity").hold_reason == "stop"
    lift_stop(reason="over", actor="test")
    until_ended(registered, market)
    assert set(Run.objects.values_list("state", flat=True)) == {"succeeded"}
    assert asked(ORDER)["withdrawals"] == []


def test_what_nobody_can_say_is_left_and_named(pool: str, registered: Network) -> None:
    registered.endpoints.update(url="http://127.0.0.1:9")
    found = asked(ORDER, code=1)
    assert (found["withdrawals"], found["tasks"]) == ([], [])
    assert any("what trader has in evm on devnet-l2 is unknown" in one for one in found["left"])
