"""The procedure for a stolen key, command by command, on a real chain."""

from pathlib import Path

import pytest

from tests.airdrops_site.desk import Desk, make_people
from tests.airdrops_site.guides import commands, execute
from tests.factories import an_address
from tests.factories.recipients import AddressBookEntryFactory
from tests.market import Market
from tests.protocols.operators import ETHER, USDC
from tests.scheduling.plans import coin, native, new_wallet
from tests.scheduling.trading import allowed, router, run_of, until_ended, usdc
from wallets.models import EmergencyStop, Network, Wallet

pytestmark = [pytest.mark.django_db]
VAULT = an_address("vault")


@pytest.fixture
def desk(registered: Network, market: Market, keystores: Path, tmp_path: Path) -> Desk:
    """A treasury, and a wallet with coin, tokens and an allowance that stands."""
    Network.objects.update(final_rule="depth", final_depth=4)
    registered.refresh_from_db()
    coin(registered)
    make_people(tmp_path)
    new_wallet("treasury", market, 10 * ETHER)
    wallet = new_wallet("farm-1", market, ETHER)
    market.give("USDC", wallet.address, 7 * USDC)
    params = {"token": usdc(market), "spender": router(market), "amount": str(5 * USDC)}
    run_of(registered, wallet, "approve", params)
    until_ended(registered, market)
    AddressBookEntryFactory.create(label="vault", address=VAULT, is_safe=True, confirmed=True)
    desk = Desk(tmp_path, registered, market)
    desk.work(6)
    return desk


def test_every_command_of_the_procedure_works(desk: Desk) -> None:
    ends_with_1 = {"manage.py wallets retire farm-1 --to vault"}
    checks = 0
    for line in commands("stolen-key.md"):
        code, said = execute(line, {}, desk.folder / "password")
        if line.startswith("manage.py allowances check"):
            checks += 1
            assert code == (1 if checks == 1 else 0), said
        elif line in ends_with_1:
            assert code in (0, 1), said
        else:
            assert code == 0, (line, said)
        desk.until_plans_are_over()
        desk.work(7)
    execute("manage.py wallets retire farm-1 --to vault", {}, desk.folder / "password")
    wallet = Wallet.objects.get(label="farm-1")
    assert wallet.status == "retired"
    assert EmergencyStop.objects.get(scope_value="farm-1").engaged
    assert allowed(desk.market, wallet) == 0
    assert native(desk.market, wallet.address) < desk.network.dust
    assert native(desk.market, VAULT) > ETHER * 9 // 10


def test_between_the_stop_and_its_lifting_only_the_drain_leaves(desk: Desk) -> None:
    wallet = Wallet.objects.get(label="farm-1")
    friend = Wallet.objects.get(label="treasury")
    execute('manage.py wallets stop farm-1 --reason "stolen"', {}, desk.folder)
    params = {"to": friend.address, "amount": "1"}
    run = run_of(desk.network, wallet, "transfer", params)
    execute("manage.py wallets drain farm-1", {}, desk.folder)
    desk.until_plans_are_over()
    assert native(desk.market, VAULT) > ETHER * 9 // 10
    row = run.steps.get().transaction
    assert row is not None
    assert (row.state, row.hold_reason) == ("held", "stop")
