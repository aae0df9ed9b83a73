"""Made exchanges and bridgings, carried out on chains: afterwards nothing is missing any more."""

from pathlib import Path

import pytest
from pytest_django import Settings

from airdrops_site.devnet.outbox import encode_call
from analytics.chain_history.live import read_new_blocks
from analytics.chain_history.own import record_transactions
from analytics.criteria.making_tasks import make_tasks
from analytics.criteria.recording import evaluate_campaign
from analytics.models import Campaign
from protocols.models import Protocol
from scheduling.dispatch import dispatch_due
from scheduling.models import Run, Task
from scheduling.services import save_task
from scheduling.states import FINISHED_RUN
from tests import factories
from tests.analytics.criteria.reached import evaluated
from tests.market import Market
from tests.protocols.operators import ETHER, USDC
from tests.protocols.scroll.bridge import Bridge
from tests.protocols.scroll.crossing import Ends, rounds
from tests.scheduling.trading import until_ended, usdc
from wallets.models import Lease, Network, Token, Transaction, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def template(network: Network, protocol: str, action: str, params: dict[str, object]) -> Campaign:
    """A campaign with a task that does it, which is switched off."""
    campaign: Campaign = factories.CampaignFactory.create(slug="season")
    row = Protocol.objects.get(slug=protocol)
    task: Task = factories.TaskFactory.create(
        protocol=row, network=network, name=action, action=action, params=params, enabled=False
    )
    campaign.tasks.add(task)
    return campaign


def balance(token: str = "") -> str:
    """The metric, on the network that the rule set calls `here`."""
    return f'of = "transfers"\nmeasure = "balance"\nnetwork = "here"\ntoken = "{token}"'


def switch_on(task: Task) -> None:
    """As a person does who has looked at it."""
    task.enabled = True
    save_task(task=task)
    dispatch_due()


def reached(campaign: Campaign, wallet: Wallet) -> object:
    """Whether the rule is met, by what is on record now."""
    evaluate_campaign(campaign=campaign, actor="ann", assume_complete=True)
    return campaign.eligibilities.get(wallet=wallet).details[0]["met"]


def test_a_made_exchange_brings_what_was_missing(
    registered: Network, market: Market, trader: Wallet, tmp_path: Path, settings: Settings
) -> None:
    sold, bought = usdc(market), Token.objects.get(symbol="GOV")
    # As the pools have it; each of the two on the way keeps 0.3 %.
    factories.PriceFactory.create(token=Token.objects.get(symbol="USDC"), amount=1, decimals=0)
    factories.PriceFactory.create(token=bought, amount=25, decimals=1)
    pair = {"token_in": sold, "token_out": bought.address}
    params = {**pair, "amount": str(USDC), "slippage_bps": 100}
    campaign = template(registered, "evm", "swap", params)
    kind = balance(bought.address)
    evaluated(campaign, tmp_path, settings, kind, "20", chain_id=registered.chain_id)
    (made,) = make_tasks(campaign=campaign, rule="r")
    switch_on(made)
    until_ended(registered, market)
    assert Run.objects.get().state == "succeeded"
    record_transactions(Transaction.objects.values_list("pk", flat=True))
    assert reached(campaign, trader) is True


@pytest.mark.parametrize("brought", ["native", "token"])
def test_a_made_bridging_brings_what_was_missing_at_the_other_end(
    ends: Ends,
    bridge: Bridge,
    twin: str,
    crosser: Wallet,
    tmp_path: Path,
    settings: Settings,
    brought: str,
) -> None:
    ethereum, layer = ends
    Wallet.objects.exclude(pk=crosser.pk).delete()  # it was there to have the twin made
    sent, arrives = ("native", "") if brought == "native" else (bridge.token, twin)
    campaign = template(ethereum, "scroll", "deposit", {"token": sent, "amount": "1"})
    kind = balance(arrives)
    evaluated(campaign, tmp_path, settings, kind, "5", chain_id=layer.chain_id)
    (made,) = make_tasks(campaign=campaign, rule="r")
    read_on(ends, bridge)
    had = held(bridge, crosser, arrives)
    switch_on(made)
    while Run.objects.exclude(state__in=FINISHED_RUN).exists():
        rounds(ends, bridge, 1)
    assert Run.objects.get().state == "succeeded"
    assert held(bridge, crosser, arrives) - had == 5 * ETHER
    read_on(ends, bridge)
    # Coin that contracts sent is not seen without traces of every block: unknown, not missing.
    assert reached(campaign, crosser) is (True if arrives else None)


def read_on(ends: Ends, bridge: Bridge) -> None:
    """What is final now becomes history, from where it was read to."""
    for network, rpc in zip(ends, (bridge.l1, bridge.l2), strict=True):
        rpc.call("anvil_mine", "0x2")
        Lease.objects.all().delete()
        read_new_blocks(str(network.pk))


def held(bridge: Bridge, wallet: Wallet, token: str) -> int:
    """On Scroll, by plain JSON-RPC."""
    if not token:
        return int(bridge.l2.call("eth_getBalance", wallet.address, "latest"), 16)
    data = encode_call("balanceOf(address)", wallet.address)
    return int(bridge.l2.call("eth_call", {"to": token, "data": data}, "latest"), 16)
