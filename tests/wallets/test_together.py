"""A lane signs several at once: each is judged by itself, together they share what is scarce."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db import transaction as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.chains import ETHER, Chain
from tests.wallets.intents import settled, ticked, transfer
from tests.wallets.rpc_servers import (
    Item,
    Raw,
    RpcServer,
    add_endpoint,
    html,
    refusal,
    refusing,
    serve,
)
from wallets.chain.client import NetworkClient
from wallets.models import Limit, Network, NonceLane, RpcEndpoint, Transaction, Wallet
from wallets.services import engage_stop
from wallets.transactions import points
from wallets.transactions.operator import cancel_transaction
from wallets.transactions.points import Point
from wallets.transactions.states import MOST_UNSENT
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

pytestmark = [pytest.mark.django_db, pytest.mark.db]
SEND = "eth_sendRawTransaction"
Queue = Callable[..., list[Transaction]]


@pytest.fixture
def queue(network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain) -> Queue:
    """Queue so many transfers of 1 ETH in a lane whose nonce 0 a node has taken."""
    settled(ticked(transfer(wallet, network, other_wallet.address, key="0", value=1)), chain)

    def make(number: int, **fields: Any) -> list[Transaction]:
        keys = [f"t:{n}" for n in range(1, number + 1)]
        return [transfer(wallet, network, other_wallet.address, key=key, **fields) for key in keys]

    return make


@pytest.fixture
def node(network: Network, chain: Chain) -> Iterator[RpcServer]:
    """The network's only endpoint."""
    with serve(chain.url) as running:
        RpcEndpoint.objects.filter(name="anvil").update(url=running.url)
        yield running


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[Point, Callable[[], object]], None]:
    """Have something happen once, when a boundary is reached."""

    def when(point: Point, happens: Callable[[], object]) -> None:
        left = [happens]

        def listener(reached: StrEnum, _kind: str) -> None:
            if reached == point and left:
                left.pop()()

        monkeypatch.setattr(points, "_listeners", [listener])

    return when


def turn(rows: list[Transaction]) -> list[Transaction]:
    """The rows after their lane had a turn."""
    tick(rows[0].lane_id)
    for row in rows:
        row.refresh_from_db()
    return rows


def states(rows: list[Transaction]) -> list[str]:
    return [row.state for row in rows]


def nonces(rows: list[Transaction]) -> list[int | None]:
    return [row.nonce for row in rows]


def sendings(node: RpcServer) -> list[list[str]]:
    """The bytes of each request that sent some."""
    batches = [body if isinstance(body, list) else [body] for body in node.bodies]
    sent = [[one["params"][0] for one in batch if one["method"] == SEND] for batch in batches]
    return [batch for batch in sent if batch]


def test_they_leave_in_one_request_in_the_order_of_their_nonces(
    queue: Queue, node: RpcServer, chain: Chain
) -> None:
    rows = turn(queue(5))
    assert (states(rows), nonces(rows)) == (["broadcast"] * 5, [1, 2, 3, 4, 5])
    raws = ["0x" + bytes(row.attempts.get().raw).hex() for row in rows]
    assert sendings(node) == [raws]
    assert {settled(row, chain).outcome for row in rows} == {"succeeded"}


def test_the_next_goes_alone_until_a_node_has_taken_the_last(
    network: Network, wallet: Wallet, other_wallet: Wallet, node: RpcServer
) -> None:
    to = other_wallet.address
    rows = [transfer(wallet, network, to, key=f"t:{n}") for n in range(4)]
    node.reply = refusal("intrinsic gas too low")
    assert nonces(turn(rows)) == [None] * 4
    node.reply, node.tamper = (lambda _body: None), refusing(SEND, "invalid sender")
    assert (states(turn(rows)), nonces(rows)) == (["signed"] + ["queued"] * 3, [0] + [None] * 3)
    node.tamper = lambda _asked, answer: answer
    assert states(turn(turn(rows))) == ["broadcast"] * 4


def test_another_costs_few_questions(queue: Queue, chain: Chain) -> None:
    asked = []
    for number in (3, 11):
        rows = [row for row in queue(number) if row.state == "queued"]
        with CaptureQueriesContext(connection) as context:
            turn(rows)
        asked.append(len(context) - len(rows))
        settled(rows[0], chain)
    assert asked[1] - asked[0] <= 6 * 3


def test_what_may_not_be_signed_takes_no_nonce(queue: Queue) -> None:
    rows = queue(4)
    Transaction.objects.filter(pk=rows[1].pk).update(to="0x" + "11" * 20)
    Transaction.objects.filter(pk=rows[2].pk).update(max_fee_ceiling=1)
    turn(rows)
    assert states(rows) == ["broadcast", "refused", "held", "broadcast"]
    assert nonces(rows) == [1, None, None, 2]


def test_no_more_are_signed_than_may_be_in_flight(queue: Queue) -> None:
    rows = queue(5)
    NonceLane.objects.update(max_in_flight=3)
    assert states(turn(rows)) == ["broadcast"] * 3 + ["queued"] * 2


def test_each_counts_what_those_before_it_hold_back(queue: Queue) -> None:
    rows = turn(queue(11))
    assert states(rows) == ["broadcast"] * 9 + ["held"] * 2
    assert "already under way" in rows[9].detail


def test_what_is_mined_since_the_balance_was_read_still_counts(
    queue: Queue, chain: Chain, at: Callable[..., None]
) -> None:
    first, second = queue(2, value=6 * ETHER)
    Transaction.objects.filter(pk=second.pk).update(not_before=timezone.now() + timedelta(days=1))
    turn([first])
    Transaction.objects.filter(pk=second.pk).update(not_before=None)
    at(Point.CHAIN_ASKED, lambda: mined(first, chain))
    turn([second])
    assert (states([second]), second.hold_reason) == (["held"], "funds")


def mined(row: Transaction, chain: Chain) -> None:
    chain.mine()
    watch(row.network, NetworkClient(row.network))
    row.refresh_from_db()
    assert row.state == "included"


def test_a_days_limit_is_shared_among_them(queue: Queue) -> None:
    Limit.objects.create(kind="max_day_value", scope_kind="everything", amount=2 * ETHER)
    rows = turn(queue(4))
    assert states(rows) == ["broadcast", "broadcast", "held", "held"]
    assert sum(row.reservations.get().amount for row in rows[:2]) == 2 * ETHER
    assert not any(row.reservations.exists() for row in rows[2:])


def test_what_was_cancelled_since_the_turn_began_is_left_out(
    queue: Queue, at: Callable[..., None]
) -> None:
    rows = queue(3)
    gone = rows[1].pk
    at(Point.QUOTED, lambda: cancel_transaction(transaction_id=gone, actor="x", reason="no"))
    turn(rows)
    assert (states(rows), nonces(rows)) == (["broadcast", "cancelled", "broadcast"], [1, None, 2])


def test_one_that_is_changed_before_it_is_held_keeps_no_other(
    queue: Queue, at: Callable[..., None]
) -> None:
    Limit.objects.create(kind="max_day_value", scope_kind="everything", amount=ETHER)
    rows = queue(2)
    gone = rows[1].pk
    at(Point.STATE_MOVED, lambda: cancel_transaction(transaction_id=gone, actor="x", reason="no"))
    assert states(turn(rows)) == ["broadcast", "cancelled"]


def test_a_stop_that_comes_first_holds_all_of_them(queue: Queue, at: Callable[..., None]) -> None:
    rows = queue(3)
    at(Point.QUOTED, lambda: engage_stop(reason="wait", actor="x"))
    assert states(turn(rows)) == ["held"] * 3


def test_one_whose_time_runs_out_while_it_is_quoted_is_not_signed(
    queue: Queue, at: Callable[..., None]
) -> None:
    rows = queue(2)
    soon = timezone.now() + timedelta(seconds=1)
    Transaction.objects.filter(pk=rows[0].pk).update(valid_until=soon)
    at(Point.QUOTED, lambda: time.sleep(1.1))
    turn(rows)
    assert (states(rows), nonces(rows)) == (["queued", "broadcast"], [None, 1])


def test_none_is_signed_before_what_was_signed_has_left(queue: Queue, node: RpcServer) -> None:
    rows = queue(3)
    node.tamper = lambda asked, answer: None if asked["method"] == SEND else answer
    assert states(turn(rows)) == ["signed"] * 3
    late = transfer(rows[0].lane.wallet, rows[0].network, rows[0].to, key="late")
    assert states(turn([late])) == ["queued"]
    node.tamper = lambda _asked, answer: answer
    # What is to be sent again goes first; what is new waits for the next turn.
    assert states(turn(rows)) == ["broadcast"] * 3
    assert states(turn([late])) == ["broadcast"]


def test_the_database_keeps_a_second_batch_from_beginning(queue: Queue, node: RpcServer) -> None:
    first, second = queue(2)
    node.tamper = lambda asked, answer: None if asked["method"] == SEND else answer
    turn([first, second])
    with pytest.raises(IntegrityError, match="unsent"), database.atomic():
        Transaction.objects.filter(pk=second.pk).update(unsent_place=0)
    with pytest.raises(IntegrityError, match="transaction_few_unsent"), database.atomic():
        Transaction.objects.filter(pk=second.pk).update(unsent_place=MOST_UNSENT)


def too_large(body: Any) -> Raw | None:
    """An answer to more than one call at once."""
    return Raw(b"", 413) if isinstance(body, list) and len(body) > 1 and is_send(body[0]) else None


def is_send(item: Item) -> bool:
    return bool(item["method"] == SEND)


def test_a_node_that_takes_no_batches_gets_them_one_by_one(queue: Queue, node: RpcServer) -> None:
    node.reply = too_large
    assert states(turn(queue(3))) == ["broadcast"] * 3
    assert [len(batch) for batch in sendings(node)] == [3, 1, 1, 1]


def test_one_that_a_batch_leaves_unanswered_is_in_doubt(queue: Queue, node: RpcServer) -> None:
    rows = queue(3)
    seen: list[Item] = []

    def forgets_the_second(asked: Item, answer: Item) -> Item | None:
        seen.extend([asked] if is_send(asked) else [])
        return None if len(seen) == 2 and seen[-1] is asked else answer

    node.tamper = forgets_the_second
    turn(rows)
    assert states(rows) == ["broadcast", "signed", "broadcast"]
    assert rows[1].attempts.get().state == "ambiguous"
    assert states(turn(rows)) == ["broadcast"] * 3


def test_a_page_of_a_proxy_leaves_all_in_doubt_and_nothing_is_sent_twice_at_once(
    queue: Queue, node: RpcServer
) -> None:
    rows = queue(2)
    node.reply = lambda body: (
        html(body) if is_send(body[0] if isinstance(body, list) else body) else None
    )
    turn(rows)
    assert states(rows) == ["signed"] * 2
    assert {row.attempts.get().times_sent for row in rows} == {1}
    node.reply = lambda _body: None
    assert states(turn(rows)) == ["broadcast"] * 2


def test_a_relay_gets_them_one_by_one(queue: Queue, network: Network, chain: Chain) -> None:
    with serve(chain.url) as relay:
        add_endpoint(network, "private", relay.url, is_private=True, can_read=False)
        assert states(turn(queue(3, private_only=True))) == ["broadcast"] * 3
        assert [len(batch) for batch in sendings(relay)] == [1, 1, 1]


def test_private_and_public_ones_each_go_their_way(
    queue: Queue, node: RpcServer, network: Network, chain: Chain
) -> None:
    rows = queue(3)
    Transaction.objects.filter(pk=rows[1].pk).update(private_only=True)
    with serve(chain.url) as relay:
        add_endpoint(network, "private", relay.url, is_private=True, can_read=False)
        assert states(turn(rows)) == ["broadcast"] * 3
        assert [len(batch) for batch in sendings(node)] == [2]
        assert [len(batch) for batch in sendings(relay)] == [1]


@pytest.mark.parametrize("status", [Wallet.Status.UNVERIFIED, Wallet.Status.RETIRED])
def test_a_wallet_that_loses_its_word_during_a_turn_signs_nothing(
    queue: Queue, at: Callable[[Point, Callable[[], object]], None], wallet: Wallet, status: str
) -> None:
    rows = queue(3)
    at(Point.CHAIN_ASKED, lambda: Wallet.objects.filter(pk=wallet.pk).update(status=status))
    turn(rows)
    assert {(row.state, row.nonce) for row in rows} == {("queued", None)}
