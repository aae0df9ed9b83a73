"""Runs that trade on the market, and what the workers would do with them."""

from typing import Any

from django.utils import timezone
from eth_abi.abi import decode

from airdrops_site.devnet.outbox import Outbox, encode_call
from protocols.models import Protocol
from scheduling import allowances
from scheduling.dispatch import dispatch_due
from scheduling.models import Run, RunAllowance, Task
from scheduling.runs import advance_runs, unsettle_reorganised
from scheduling.services import create_task
from scheduling.states import FINISHED_RUN
from tests.market import Market
from tests.protocols.operators import USDC
from wallets.chain.client import NetworkClient
from wallets.models import Network, NonceLane, Transaction, Wallet
from wallets.transactions import market as prices
from wallets.transactions.allowances import read_allowance_call
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

ROUNDS = 60


def run_of(
    network: Network,
    wallet: Wallet,
    action: str,
    params: Any,
    *,
    protocol: str = "evm",
    **fields: Any,
) -> Run:
    """A run of a new task that is due once, now."""
    task = Task(
        name=f"{action} {Task.objects.count()}",
        protocol=Protocol.objects.get(slug=protocol),
        action=action,
        network=network,
        params=params,
        schedule=Task.Schedule.ONCE,
        starts_at=timezone.now(),
        **fields,
    )
    create_task(task=task, wallets={wallet: {}}, person=task.changed_by)
    dispatch_due()
    return Run.objects.get(task=task)


def swap(network: Network, market: Market, wallet: Wallet, **fields: Any) -> Run:
    """A run that sells 5 USDC, for which it needs an allowance."""
    params = {"token_in": usdc(market), "token_out": "native", "amount": str(5 * USDC)}
    return run_of(network, wallet, "swap", {**params, **fields.pop("params", {})}, **fields)


def usdc(market: Market) -> str:
    """The token that is sold."""
    return market.manifest.l2.token("USDC").contract.address


def router(market: Market) -> str:
    """The contract that takes it."""
    return market.manifest.l2.router.address


def allowed(market: Market, wallet: Wallet, token: str = "") -> int:
    """What the router may take of the wallet's token, asked by plain JSON-RPC."""
    data = encode_call("allowance(address,address)", wallet.address, router(market))
    answer: str = market.rpc.call("eth_call", {"to": token or usdc(market), "data": data}, "latest")
    number: int = decode(["uint256"], bytes.fromhex(answer[2:]))[0]
    return number


def made_on_chain(market: Market, wallet: Wallet) -> list[int]:
    """The amounts of every approve the chain holds from the wallet, by plain JSON-RPC."""
    head = int(market.rpc.call("eth_blockNumber"), 16)
    blocks = [market.rpc.call("eth_getBlockByNumber", hex(one), True) for one in range(head + 1)]
    sent: list[dict[str, Any]] = [found for block in blocks for found in block["transactions"]]
    own = [one for one in sent if one["from"].lower() == wallet.address.lower() and one["to"]]
    calls = [read_allowance_call(one["to"], bytes.fromhex(one["input"][2:])) for one in own]
    return [call.amount for call in calls if call]


def crash_the_price(market: Market) -> None:
    """Sell so much that what was quoted before cannot be had any more."""
    deployed, amount = market.manifest.l2, 500_000 * USDC
    path = [usdc(market), deployed.weth.contract.address]
    terms = (amount, 0, path, deployed.treasury, 2**40)
    outbox = Outbox.of(market.rpc, deployed.treasury)
    outbox.call(usdc(market), "approve(address,uint256)", router(market), amount)
    sale = "swapExactTokensForETH(uint256,uint256,address[],address,uint256)"
    outbox.call(router(market), sale, *terms, gas=1_000_000)
    outbox.send()


def one_round(network: Network, market: Market, *others: Network) -> None:
    """Everything the workers would do until the next block, whatever it is that waits."""
    work(network, *others)
    market.rpc.call("evm_mine")
    watch(network, NetworkClient(network))


def work(*networks: Network) -> None:
    """A pass of every worker of this floor, and a turn for every lane."""
    now = timezone.now()
    Run.objects.exclude(wake_at=None).update(wake_at=now)
    RunAllowance.objects.exclude(look_at=None).update(look_at=now)
    unsettle_reorganised()
    advance_runs()
    allowances.take_back()
    prices.forget()
    for lane in NonceLane.objects.filter(network__in=networks):
        tick(lane.pk)


def until_allowed(network: Network, market: Market, wallet: Wallet) -> None:
    """Go on until the router may take what a run sells, and its swap is about to be signed."""
    for _ in range(ROUNDS):
        one_round(network, market)
        if allowed(market, wallet):
            return
    raise AssertionError("nothing was ever allowed")


def until_ended(network: Network, market: Market) -> None:
    """Go on until every run has ended."""
    for _ in range(ROUNDS):
        one_round(network, market)
        if not Run.objects.exclude(state__in=FINISHED_RUN).exists():
            return
    raise AssertionError([(run.pk, run.state, run.detail) for run in Run.objects.all()])


def until_settled(network: Network, market: Market) -> None:
    """Go on until nothing is left to look at."""
    for _ in range(ROUNDS):
        one_round(network, market)
        if not RunAllowance.objects.exclude(look_at=None).exists():
            return
    raise AssertionError([row.detail for row in RunAllowance.objects.all()])


def revocations() -> list[Transaction]:
    """Everything that was ever asked for to take an allowance back."""
    return list(Transaction.objects.filter(action="revoke").order_by("pk"))
