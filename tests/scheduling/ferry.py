"""An installed protocol that pays on one network, waits, and goes on: on another, or there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from protocols.models import Protocol
from protocols.registry import adapters
from scheduling.models import Run, Step
from scheduling.runs import advance_runs
from tests.chains import Chain
from tests.market import Market
from tests.scheduling.trading import one_round, run_of
from wallets.chain.client import NetworkClient
from wallets.models import Network, Wallet
from wallets.transactions.watch import watch

AMOUNT = 10**17

CODE = """
from protocols.actions import *
from protocols.movements import read_movements
from protocols.params import ActionParams, Address, Amount

class Cross(Action):
    slug, title = "cross", "Cross"

    class Params(ActionParams):
        to: Address
        amount: Amount
        patience: int = 3600

    def plan(self, ctx, params):
        pay = Call("pay the ferry", params.to, value=params.amount)
        landed = Wait("landing", "landed", {"least": str(params.amount)}, 1, params.patience)
        return Plan((pay, landed), "cross")

    def look(self, ctx, params, wait, progress):
        assert len(list(progress.receipts())) == 1
        there = ctx.on(31337).chain.balance(ctx.wallet)
        if there == 1:
            raise PlanError("the ferry sank")
        return {"there": str(there)} if there >= int(wait.arguments["least"]) else None

    def go_on(self, ctx, params, progress):
        if len(list(progress.receipts())) > 1:
            return Plan(())
        assert int(progress.found("landed")["there"]) >= params.amount
        return Plan((Call("onward", params.to, value=params.amount // 2, chain_id=31337),))

    def settle(self, ctx, params, receipt):
        return Settlement(read_movements(receipt, ctx.wallet))

class Errand(Cross):
    slug, title = "errand", "Errand"
    go_on = Action.go_on

    def plan(self, ctx, params):
        first, second = (Call(label, params.to, value=1) for label in ("first", "second"))
        return Plan((*super().plan(ctx, params).steps, first, second), "errand")

class Solemn(Cross):
    slug, title, needs_approval = "solemn", "Solemn", True

ACTIONS = [Cross(), Errand(), Solemn()]
ADAPTER = Adapter.of("ferry", "Ferry", ACTIONS, package=__name__, positions=no_positions)
"""


@pytest.fixture
def ferry(
    registered: Network, network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Protocol]:
    """The protocol, enabled on both networks; blocks on both are final soon."""
    (tmp_path / "ferry_adapter.py").write_text(CODE)
    metadata = tmp_path / "ferry-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: ferry\nVersion: 1.0\n")
    point = "[airdrops.protocols]\nferry = ferry_adapter:ADAPTER\n"
    (metadata / "entry_points.txt").write_text(point)
    monkeypatch.syspath_prepend(tmp_path)
    adapters.cache_clear()
    row = Protocol.objects.create(slug="ferry", name="Ferry")
    row.networks.set([registered, network])
    yield row
    monkeypatch.undo()
    adapters.cache_clear()


def cross(
    network: Network, wallet: Wallet, other: Wallet, patience: int = 3600, **fields: Any
) -> Run:
    """A run that crosses to the other network."""
    params = {"to": other.address, "amount": str(AMOUNT), "patience": patience}
    action = fields.pop("action", "cross")
    return run_of(network, wallet, action, params, protocol="ferry", **fields)


def errand(network: Network, wallet: Wallet, other: Wallet, **fields: Any) -> Run:
    """A run whose plan is whole from the first: it pays, waits, and pays twice more."""
    params = {"to": other.address, "amount": str(AMOUNT)}
    return run_of(network, wallet, "errand", params, protocol="ferry", **fields)


def rounds(here: Network, market: Market, there: Network, chain: Chain, count: int) -> None:
    """What the workers would do on both networks; every pause between looks is over."""
    for _ in range(count):
        Step.objects.exclude(look_at=None).update(look_at=timezone.now())
        one_round(here, market, there)
        chain.mine()
        watch(there, NetworkClient(there))
        advance_runs()


def land(chain: Chain, wallet: Wallet, amount: int = 10**18) -> None:
    """The ferry arrives: the wallet has so much on the other side."""
    chain.rpc.call("anvil_setBalance", wallet.address, hex(amount))


def onward(chain: Chain, wallet: Wallet) -> int:
    """How many transactions of the wallet the other chain has."""
    return chain.nonce(wallet.address)
