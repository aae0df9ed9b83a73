"""Each replacement is taken at once by a pool that counts to the wei, and prices never spiral."""

from collections.abc import Iterator
from typing import Any

import pytest
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from tests.chains import Chain
from tests.wallets.intents import settled, ticked, transfer
from tests.wallets.rpc_servers import Raw, refusal, serve
from wallets.models import Network, RpcEndpoint, Transaction, Wallet
from wallets.transactions.operator import cancel_transaction, speed_up_transaction
from wallets.transactions.recovery import MOST_ATTEMPTS

pytestmark = [pytest.mark.django_db, pytest.mark.db]
FIELDS = ("maxFeePerGas", "maxPriorityFeePerGas")


class StrictPool:
    """What geth asks of a replacement: a tenth more in both fields, in whole wei, and more at all.

    anvil lets one replace another for a wei more in one of them.
    """

    def __init__(self) -> None:
        self.held: dict[int, tuple[int, int]] = {}
        self.refused = 0

    def __call__(self, body: Any) -> Raw | None:
        if not isinstance(body, dict) or body["method"] != "eth_sendRawTransaction":
            return None
        sent = TypedTransaction.from_bytes(HexBytes(body["params"][0])).as_dict()
        offered = (int(sent[FIELDS[0]]), int(sent[FIELDS[1]]))
        before = self.held.setdefault(sent["nonce"], offered)
        if offered != before and not all(map(self._enough, before, offered)):
            self.refused += 1
            return refusal("replacement transaction underpriced")(body)
        self.held[sent["nonce"]] = offered
        return None

    def _enough(self, old: int, new: int) -> bool:
        return new > old and new >= old * 110 // 100


@pytest.fixture
def pool(chain: Chain, network: Network) -> Iterator[StrictPool]:
    """The network's only node, with a strict pool."""
    strict = StrictPool()
    with serve(chain.url) as node:
        RpcEndpoint.objects.update(url=node.url)
        node.reply = strict
        yield strict


@pytest.fixture
def sent(
    pool: StrictPool, network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain
) -> Transaction:
    """On its way, at a price that no tenth divides."""
    chain.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(1_000_000_007))
    chain.mine()
    return ticked(transfer(wallet, network, other_wallet.address))


def test_the_pool_refuses_a_bump_one_wei_short() -> None:
    enough = StrictPool()._enough
    assert [enough(1_000_000_001, new) for new in (1_100_000_000, 1_100_000_001)] == [False, True]


def test_no_bump_is_a_wei_short(sent: Transaction, pool: StrictPool, chain: Chain) -> None:
    for _ in range(6):
        speed_up_transaction(transaction_id=sent.pk, actor="test")
        ticked(sent)
    assert (sent.attempts.count(), pool.refused) == (7, 0)
    assert settled(sent, chain).receipts.get().attempt.kind == "bump"


def test_no_cancel_is_a_wei_short(sent: Transaction, pool: StrictPool, chain: Chain) -> None:
    speed_up_transaction(transaction_id=sent.pk, actor="test")
    ticked(sent)
    cancel_transaction(transaction_id=sent.pk, actor="test", reason="not wanted")
    ticked(sent)
    assert (settled(sent, chain).outcome, pool.refused) == ("replaced", 0)


def test_prices_do_not_spiral_while_nothing_is_mined(
    sent: Transaction, pool: StrictPool, chain: Chain
) -> None:
    Network.objects.update(bump_after_seconds=0)
    first = sent.attempts.get().max_fee_per_gas
    for _ in range(2 * MOST_ATTEMPTS):
        ticked(sent)
    prices = list(sent.attempts.order_by("pk").values_list("max_fee_per_gas", flat=True))
    assert (len(prices), pool.refused) == (MOST_ATTEMPTS, 0)
    assert max(prices) <= 4 * first
    assert settled(sent, chain).outcome == "succeeded"
