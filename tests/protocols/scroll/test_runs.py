"""Round trips through the real pipeline: each step once, also when workers are killed anywhere."""

from enum import StrEnum
from typing import Any

import pytest

from analytics.ledger import book_transactions
from analytics.models import LedgerEntry
from protocols.scroll.sides import L1_ROUTER_ABI, L2_ROUTER_ABI
from scheduling.models import Run
from scheduling.points import RunPoint, WaitPoint
from scheduling.states import FINISHED_RUN
from tests.protocols.operators import ETHER
from tests.protocols.scroll.bridge import Bridge
from tests.protocols.scroll.contracts import L2_ETH_GATEWAY, broken
from tests.protocols.scroll.crossing import Ends, rounds
from tests.scheduling.trading import run_of
from tests.wallets.crashing import broken_invariants, dies_at, time_passes
from wallets.models import Network, Transaction, Wallet
from wallets.transactions.points import Point

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def begin(network: Network, wallet: Wallet, action: str, token: str = "native") -> Run:
    """A run that crosses with one whole coin."""
    params = {"token": token, "amount": str(ETHER)}
    return run_of(network, wallet, action, params, protocol="scroll")


def until_over(ends: Ends, bridge: Bridge, run: Run) -> Run:
    """Go on until the run has ended and everything it sent is final."""
    for _ in range(20):
        rounds(ends, bridge, 1)
        run.refresh_from_db()
        if run.state in FINISHED_RUN and not any(map(broken_invariants, ends)):
            break
    return run


def sent(bridge: Bridge, wallet: Wallet) -> list[list[str]]:
    """The selectors of everything the wallet has on both chains, by plain JSON-RPC."""
    found = []
    for rpc in (bridge.l1, bridge.l2):
        head = int(rpc.call("eth_blockNumber"), 16)
        blocks = [rpc.call("eth_getBlockByNumber", hex(n), True) for n in range(head + 1)]
        rows: list[dict[str, Any]] = [row for block in blocks for row in block["transactions"]]
        own = [row for row in rows if row["from"].lower() == wallet.address.lower()]
        found.append([row["input"][:10] for row in own])
    return found


def selector(abi: Any, name: str) -> str:
    """The first bytes of a call."""
    return f"0x{abi.function(name).selector.hex()}"


DEPOSIT, WITHDRAW = selector(L1_ROUTER_ABI, "depositETH"), selector(L2_ROUTER_ABI, "withdrawETH")
RELAY, REPLAY = "0xc311b6fc", "0x55004105"


def test_a_deposit_is_a_run_that_ends_when_it_has_arrived(
    ends: Ends, bridge: Bridge, crosser: Wallet
) -> None:
    run = until_over(ends, bridge, begin(ends[0], crosser, "deposit"))
    assert (run.state, run.detail) == ("succeeded", "")
    assert sent(bridge, crosser) == [[DEPOSIT], []]


def test_a_withdrawal_is_a_run_that_ends_when_it_is_paid_out_on_l1(
    ends: Ends, bridge: Bridge, crosser: Wallet
) -> None:
    run = until_over(ends, bridge, begin(ends[1], crosser, "withdraw"))
    assert (run.state, run.detail) == ("succeeded", "")
    assert sent(bridge, crosser) == [[RELAY], [WITHDRAW]]
    settled = [(step.settlement or {})["movements"] for step in run.steps.order_by("index")]
    assert [[(one["direction"], one["amount"]) for one in step] for step in settled] == [
        [("out", str(ETHER))],
        [],
        [("in", str(ETHER))],
    ]


@pytest.mark.parametrize(("action", "arrived"), [("deposit", [0, ETHER]), ("withdraw", [0, 0])])
def test_the_ledger_of_each_side_is_what_its_chain_did(
    ends: Ends, bridge: Bridge, crosser: Wallet, action: str, arrived: list[int]
) -> None:
    def balances() -> list[int]:
        chains = (bridge.l1, bridge.l2)
        return [int(one.call("eth_getBalance", crosser.address, "latest"), 16) for one in chains]

    before = balances()
    until_over(ends, bridge, begin(ends[0 if action == "deposit" else 1], crosser, action))
    book_transactions(Transaction.objects.values_list("pk", flat=True))
    moved = [now - was for now, was in zip(balances(), before, strict=True)]
    # What arrives on Scroll is no transaction of the wallet: its run has it, the ledger has not.
    assert moved == [kept + more for kept, more in zip(map(ledger, ends), arrived, strict=True)]


def ledger(network: Network) -> int:
    """What the books say the wallet's native coin did."""
    rows = LedgerEntry.objects.filter(token__network=network, token__address="")
    return sum(row.amount if row.kind == "in" else -row.amount for row in rows)


def test_a_token_is_deposited_with_an_exact_allowance(
    ends: Ends, bridge: Bridge, crosser: Wallet
) -> None:
    run = until_over(ends, bridge, begin(ends[0], crosser, "deposit", bridge.token))
    assert (run.state, run.detail) == ("succeeded", "")
    assert sent(bridge, crosser)[0] == ["0x095ea7b3", selector(L1_ROUTER_ABI, "depositERC20")]


def test_a_message_that_failed_is_replayed_by_the_run(
    ends: Ends, bridge: Bridge, crosser: Wallet
) -> None:
    run = begin(ends[0], crosser, "deposit")
    with broken(bridge.l2, L2_ETH_GATEWAY):
        rounds(ends, bridge, 3)
    until_over(ends, bridge, run)
    assert (run.state, run.detail) == ("succeeded", "")
    assert sent(bridge, crosser) == [[DEPOSIT, REPLAY], []]


POINTS = [*WaitPoint, RunPoint.STEP_SETTLED, Point.STORED, Point.SENT]


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize(
    ("action", "expected"),
    [("deposit", [[DEPOSIT], []]), ("withdraw", [[RELAY], [WITHDRAW]])],
)
def test_a_worker_killed_anywhere_crosses_once(
    ends: Ends,
    bridge: Bridge,
    crosser: Wallet,
    point: StrEnum,
    action: str,
    expected: list[list[str]],
) -> None:
    run = begin(ends[0 if action == "deposit" else 1], crosser, action)
    # The second transaction of a withdrawal is the relay.
    passes = 1 if isinstance(point, Point) and action == "withdraw" else 0
    assert dies_at(point, "", lambda: rounds(ends, bridge, 8), passes=passes)
    for network in ends:
        time_passes(network)
    until_over(ends, bridge, run)
    assert (run.state, run.detail) == ("succeeded", "")
    assert sent(bridge, crosser) == expected
    assert broken_invariants(ends[0]) == broken_invariants(ends[1]) == []
