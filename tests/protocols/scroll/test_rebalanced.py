"""Capital goes over a bridge to where a policy by network wants it, and the books tell it once."""

import pytest
from django.contrib.auth.models import User

from airdrops_site.devnet.outbox import Outbox
from analytics.allocation.approving import apply, approve
from analytics.allocation.jobs import look_after
from analytics.allocation.proposing import propose
from analytics.booking import book_ledger
from analytics.books.balance import account_sums
from analytics.books.reading import book_news
from analytics.chain_history.live import read_new_blocks
from analytics.models import AllocationPolicy, LedgerEntry, Rebalance, RebalanceEvent
from scheduling.dispatch import dispatch_due
from scheduling.models import Run, Step
from scheduling.plans.making import Maker
from scheduling.states import FINISHED_RUN
from tests import factories
from tests.analytics.allocation.capital import look, past_prices
from tests.protocols.operators import ETHER
from tests.protocols.scroll.bridge import Bridge
from tests.protocols.scroll.crossing import Ends, rounds
from tests.scheduling.plans import person
from wallets.models import Lease, Token, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def ann(db: None) -> User:
    """Does it all."""
    return person("ann", "operate_rebalance", "approve_rebalance")


@pytest.fixture
def policy(ends: Ends, bridge: Bridge, crosser: Wallet) -> AllocationPolicy:
    """Half on each side; 350,000 dollars are on L1, among them calm ones, 50,000 on Scroll."""
    outbox = Outbox.of(bridge.l1, bridge.l1.call("eth_accounts")[0])
    outbox.call(bridge.token, "transfer(address,uint256)", crosser.address, 99_000 * ETHER)
    outbox.send()
    bridge.l1.call("evm_mine")
    bridge.l2.call("anvil_setBalance", crosser.address, hex(20 * ETHER))
    factories.PriceFactory.create(token=Token.objects.get(symbol="TOKEN"))
    mine_and_read(ends, bridge)
    past_prices(ends[0], ETH=0.8, TOKEN=0.005)
    terms = {"dimension": "network", "method": "fixed", "assumed_gas": 300_000}
    row = factories.AllocationPolicyFactory.create(name="sides", **terms)
    for network in ends:
        add = factories.AllocationBucketFactory.create
        add(policy=row, symbol="", network=network.slug, target_bps=5_000)
    return row


def mine_and_read(ends: Ends, bridge: Bridge) -> None:
    """Two more blocks, balances, prices, and what is final of history and books."""
    for network, rpc in zip(ends, (bridge.l1, bridge.l2), strict=True):
        rpc.call("anvil_mine", "0x2")
        look(network)
        Lease.objects.all().delete()
        read_new_blocks(str(network.pk))
    book_ledger()
    book_news()


def carried_out(ends: Ends, bridge: Bridge, row: Rebalance, by: User) -> RebalanceEvent:
    apply(rebalance=approve(rebalance=row, person=by), person=by)
    dispatch_due()
    while Run.objects.exclude(state__in=FINISHED_RUN).exists():
        rounds(ends, bridge, 1)
        assert max(Step.objects.values_list("looks", flat=True)) < 20
    look_after()
    assert RebalanceEvent.objects.get().ended_at is None  # what has arrived is not booked yet
    rounds(ends, bridge, 2)
    mine_and_read(ends, bridge)
    Lease.objects.all().delete()
    look_after()
    return RebalanceEvent.objects.get()


def test_capital_goes_over_a_bridge_and_is_booked_as_one_movement(
    ends: Ends, bridge: Bridge, policy: AllocationPolicy, ann: User
) -> None:
    row = propose(policy=policy, maker=Maker.of(ann))
    assert (row.detail, row.without_route) == ("", [])
    assert [[leg["kind"] for leg in move["legs"]] for move in row.moves] == [["bridge"]]
    event = carried_out(ends, bridge, row, ann)
    assert set(Run.objects.values_list("state", flat=True)) == {"succeeded"}
    assert [one["bps"] for one in event.after] == pytest.approx([5_000, 5_000, 0], abs=2)
    crossed = LedgerEntry.objects.filter(account="bridge")
    assert {one.step.run_id for one in crossed if one.step} == {Run.objects.get().pk}
    arrived = crossed.get(token__network=ends[1])
    assert (arrived.kind, arrived.amount, arrived.protocol) == ("in", 60 * ETHER, "scroll")
    asked = sum(one.get("bridge", 0) for one in account_sums().values())
    assert 0 < asked < ETHER // 1_000  # the bridge's own fee: nothing is under way
    assert event.actual_cost_cents is not None
    assert 0 < event.actual_cost_cents <= event.planned_cost_cents
