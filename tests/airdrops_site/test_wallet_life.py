"""The full life of a wallet on a real chain: add, verify, fund, use, drain, retire."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError
from django.utils import timezone

from analytics.selectors import balance_change
from protocols.models import Protocol
from scheduling.dispatch import dispatch_due
from scheduling.models import Run, Task
from scheduling.services import create_task
from tests.airdrops_site.desk import Desk, make_people
from tests.factories import an_address
from tests.market import Market
from tests.protocols.operators import ETHER
from tests.scheduling.plans import coin, native
from wallets.models import Network, Receipt, Token, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]
VAULT = an_address("vault")


@pytest.fixture
def desk(
    registered: Network,
    market: Market,
    keystores: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    """Two people, and a treasury with 10 ETH."""
    monkeypatch.setattr(settings, "KEYSTORE_SCRYPT_LOG2", 1)
    Network.objects.update(final_rule="depth", final_depth=4)
    registered.refresh_from_db()
    coin(registered)
    make_people(tmp_path)
    return Desk(tmp_path, registered, market)


def buying(wallet: Wallet, network: Network, usdc: Token, beside: Wallet) -> Task:
    """A standing order of two wallets: buy USDC for 0.1 ETH, each hour."""
    task = Task(
        name="buy USDC",
        protocol=Protocol.objects.get(slug="evm"),
        action="swap",
        network=network,
        params={"token_in": "native", "token_out": usdc.address, "amount": str(ETHER // 10)},
        schedule=Task.Schedule.INTERVAL,
        interval_seconds=3600,
        starts_at=timezone.now(),
    )
    return create_task(task=task, wallets={wallet: {}, beside: {}})


def held(market: Market, token: Token, address: str) -> int:
    """A balance, asked by plain JSON-RPC."""
    if token.is_native:
        return native(market, address)
    data = f"0x70a08231{address[2:].lower():0>64}"
    return int(market.rpc.call("eth_call", {"to": token.address, "data": data}, "latest"), 16)


def test_from_adding_to_retiring_to_the_wei(
    desk: Desk, registered: Network, market: Market
) -> None:
    usdc, eth = Token.objects.get(network=registered, symbol="USDC"), coin(registered)
    for label in ("treasury", "farmer"):
        desk.run(f"wallets create {label}")
        desk.run(f"wallets verify {label}")
    treasury, farmer = (Wallet.objects.get(label=label) for label in ("treasury", "farmer"))
    market.rpc.call("anvil_setBalance", treasury.address, hex(10 * ETHER))
    desk.run(f"addresses add vault {VAULT} --safe", user="ann")
    desk.run(f"addresses confirm vault {VAULT} --safe", user="ben")

    made = desk.run(
        "wallets fund farmer --from treasury --network devnet-l2 --to-balance 2", user="ann"
    )
    assert made["second_person"]
    with pytest.raises(CommandError, match=r"ann has no right scheduling\.approve_plan"):
        desk.run(f"plans approve {made['plan']}", user="ann")
    desk.run(f"plans approve {made['plan']}", user="ben")
    desk.run(f"plans run {made['plan']}", user="ann")
    desk.until_plans_are_over()
    assert native(market, farmer.address) == 2 * ETHER

    task = buying(farmer, registered, usdc, treasury)
    dispatch_due()
    with pytest.raises(CommandError, match=r"cannot be retired yet: .*run \d+ is pending"):
        desk.run("wallets retire farmer --to vault", user="ann")
    desk.work(12)
    assert set(Run.objects.values_list("state", flat=True)) == {"succeeded"}

    dry = desk.run("wallets retire farmer --to vault --dry-run")
    assert [one["token"] for one in dry["payments"]] == ["USDC", "ETH"]
    going = desk.run("wallets retire farmer --to vault", user="ann", code=1)
    assert not Task.objects.get(pk=task.pk).task_wallets.filter(wallet=farmer).exists()
    assert Task.objects.get(pk=task.pk).enabled
    again = desk.run("wallets retire farmer --to vault", user="ann", code=1)
    assert again["plan"] == going["plan"]
    desk.until_plans_are_over()
    over = desk.run("wallets retire farmer --to vault", user="ann")
    assert (over["retired"], over["status"]) == (True, "retired")
    assert desk.run("wallets retire farmer --to vault", user="ann")["retired"]

    left = native(market, farmer.address)
    assert (held(market, usdc, farmer.address), 0 < left < registered.dust) == (0, True)
    assert held(market, usdc, VAULT) > 0
    assert native(market, VAULT) == 2 * ETHER - ETHER // 10 - left - fees_of(farmer)
    for wallet, had in ((farmer, 0), (treasury, 10 * ETHER)):
        assert_books_agree(market, wallet, {eth: had, usdc: 0})


def assert_books_agree(market: Market, wallet: Wallet, before: dict[Token, int]) -> None:
    """What the wallet had and what the ledger says of it since is what the chain says now."""
    for token, had in before.items():
        said = balance_change(wallet=wallet, token=token)
        assert had + said == held(market, token, wallet.address), (wallet, token)


def fees_of(wallet: Wallet) -> int:
    """What its transactions cost."""
    rows = Receipt.objects.filter(canonical=True, transaction__lane__wallet=wallet)
    return sum(rows.values_list("fee", flat=True))
