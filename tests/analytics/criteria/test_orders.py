"""Tasks made from what is missing of contracts and balances: switched off, and able to do it."""

from pathlib import Path

import pytest
from pytest_django import Settings

from analytics.chain_history.own import record_transactions
from analytics.criteria.library import CriteriaError
from analytics.criteria.making_tasks import make_tasks
from analytics.criteria.recording import evaluate_campaign, rule_set_of
from protocols.services import sync_protocols
from scheduling.dispatch import dispatch_due
from scheduling.models import Task
from scheduling.runs import advance_runs
from scheduling.services import save_task
from tests import factories
from tests.analytics.criteria.reached import a_task, estimate, evaluated, ground, ran
from tests.chains import Chain, make_network, make_wallet
from tests.factories import ETHER, an_address
from wallets.amounts import to_decimal
from wallets.chain.client import NetworkClient
from wallets.models import Network, Transaction
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

pytestmark = [pytest.mark.django_db, pytest.mark.db]

CONTRACTS = 'of = "transactions"\nmeasure = "contracts"\nnetworks = ["here"]'
BALANCE = 'of = "transfers"\nmeasure = "balance"\nnetwork = "here"\ntoken = ""'


def test_each_of_the_cheapest_tasks_is_made_for_the_wallets_that_lack_its_contract(
    tmp_path: Path, settings: Settings
) -> None:
    network, _, campaign = ground()
    wrap = a_task(network, "evm", "wrap", campaign, params={"amount": "1"})
    asset = {"asset": an_address("dollar"), "amount": "1"}
    lend = a_task(network, "aave", "supply", campaign, params=asset)
    ran(wrap, ETHER // 1000, "wrapped")
    ran(lend, ETHER // 100, "pool")
    fresh, wrapped = factories.WalletFactory.create(), factories.WalletFactory.create()
    factories.ChainTransactionFactory.create(
        network=network, wallet=wrapped, recipient=an_address("wrapped")
    )
    evaluated(campaign, tmp_path, settings, CONTRACTS, "1")
    (only,) = make_tasks(campaign=campaign, rule="r")  # the cheapest will do
    assert (only.action, only.max_occurrences, only.enabled) == ("wrap", 1, False)
    assert fresh in only.wallets.all()
    assert wrapped not in only.wallets.all()
    evaluated(campaign, tmp_path, settings, CONTRACTS, "2")
    with pytest.raises(CriteriaError, match="already"):
        make_tasks(campaign=campaign, rule="r")
    only.delete()
    made = {task.action: task for task in make_tasks(campaign=campaign, rule="r")}
    assert wrapped in made["supply"].wallets.all()
    assert wrapped not in made["wrap"].wallets.all()
    assert fresh in made["wrap"].wallets.all()


def test_a_missing_balance_becomes_a_transfer_to_each_wallet_by_the_one_that_pays(
    tmp_path: Path, settings: Settings
) -> None:
    network, coin, campaign = ground()
    params = {"to": an_address("friend"), "amount": "1"}
    pay = a_task(network, "evm", "transfer", campaign, params=params)
    payer, poor = factories.WalletFactory.create(), factories.WalletFactory.create()
    factories.TaskWalletFactory.create(task=pay, wallet=payer)
    factories.ChainTransferFactory.create(
        network=network, wallet=poor, token=coin, amount=ETHER // 4, source="explorer"
    )
    evaluated(campaign, tmp_path, settings, BALANCE, "1")
    (made,) = make_tasks(campaign=campaign, rule="r", template=pay)
    (one,) = made.task_wallets.all()
    assert (one.wallet, one.params) == (
        payer,
        {"to": poor.address, "amount": str(ETHER * 3 // 4)},
    )


def test_an_exchange_takes_what_by_the_prices_of_now_and_its_slippage_brings_it(
    tmp_path: Path, settings: Settings
) -> None:
    network, _, campaign = ground()
    dollar = factories.TokenFactory.create(network=network, symbol="USDC", decimals=6)
    factories.PriceFactory.create(token=dollar)
    params = {"token_in": dollar.address, "token_out": "native", "amount": "1"}
    swap = a_task(network, "evm", "swap", campaign, params={**params, "slippage_bps": 2000})
    poor = factories.WalletFactory.create()
    evaluated(campaign, tmp_path, settings, BALANCE, "1")
    (made,) = make_tasks(campaign=campaign, rule="r", template=swap)
    # A coin of $2,000, of which a fifth may be lost.
    assert made.task_wallets.get(wallet=poor).params == {"amount": str(2_500 * 10**6)}


def test_the_made_transfer_brings_the_missing_on_a_chain_and_its_fee_is_the_next_estimate(
    tmp_path: Path, settings: Settings, chain: Chain, keystores: Path
) -> None:
    network = make_network(chain)
    sync_protocols()
    campaign = factories.CampaignFactory.create(slug="season")
    payer, poor = make_wallet("payer", chain), make_wallet("poor", chain)
    params = {"to": payer.address, "amount": "1"}
    pay = a_task(network, "evm", "transfer", campaign, params=params)
    factories.TaskWalletFactory.create(task=pay, wallet=payer)
    evaluated(campaign, tmp_path, settings, BALANCE, "2")
    (made,) = make_tasks(campaign=campaign, rule="r")
    before = chain.balance(poor.address)
    row = executed(made, network, chain)
    assert chain.balance(poor.address) - before == 2 * ETHER
    receipt = chain.rpc.call("eth_getTransactionReceipt", row.attempts.get().hash)
    paid = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    (part,) = estimate(campaign, rule_set_of(campaign).rules, "1", poor.pk).parts
    assert part.fee.coins == {"ETH": to_decimal(paid, 18)}
    record_transactions([row.pk])
    evaluate_campaign(campaign=campaign, actor="ann", assume_complete=True)
    assert campaign.eligibilities.get(wallet=poor).details[0]["met"] is True


def executed(task: Task, network: Network, chain: Chain) -> Transaction:
    """Switched on by a person, signed, mined and settled."""
    task.enabled = True
    save_task(task=task)
    dispatch_due()
    advance_runs()
    row = Transaction.objects.get()
    tick(row.lane_id)
    chain.mine(5)
    watch(network, NetworkClient(network))
    advance_runs()
    return row
