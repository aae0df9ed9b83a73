"""The guide's commands do what it says, in its order, on a real chain."""

from pathlib import Path

import pytest

from scheduling.models import Plan
from tests.airdrops_site.desk import Desk, make_people
from tests.airdrops_site.guides import commands, execute
from tests.factories import an_address
from tests.market import Market
from tests.protocols.operators import ETHER, USDC
from tests.scheduling.plans import coin, native, new_wallet
from wallets.models import AddressBookEntry, Network, Token, Wallet, WalletTag

pytestmark = [pytest.mark.django_db]
ADDRESSES = {"EXCHANGE": an_address("exchange"), "VAULT": an_address("vault")}
PAYMENTS = """wallet,network,token,amount,to,purpose
treasury,devnet-l2,USDC,2.5,exchange,March
treasury,devnet-l2,native,0.1,farm-1,gas
"""


@pytest.fixture
def desk(
    registered: Network,
    market: Market,
    keystores: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    """A treasury, two wallets of a farm, and a file of payments."""
    monkeypatch.chdir(tmp_path)
    Network.objects.update(final_rule="depth", final_depth=4)
    registered.refresh_from_db()
    coin(registered)
    make_people(tmp_path)
    treasury = new_wallet("treasury", market, 10 * ETHER)
    market.give("USDC", treasury.address, 50 * USDC)
    farm = WalletTag.objects.create(name="farm")
    for label in ("farm-1", "farm-2"):
        wallet = new_wallet(label, market, ETHER // 10)
        wallet.tags.add(farm)
        market.give("USDC", wallet.address, 7 * USDC)
    (tmp_path / "payments.csv").write_text(PAYMENTS)
    return Desk(tmp_path, registered, market)


def test_every_command_of_the_guide_works(desk: Desk) -> None:
    for line in commands("transfers.md"):
        code, said = execute(line, ADDRESSES, desk.folder / "password")
        waits = "retire" in line and "--dry-run" not in line
        if waits and Wallet.objects.get(label="farm-1").status != "retired":
            assert code == 1, (line, said)
        else:
            assert code == 0, (line, said)
        desk.until_plans_are_over()
    book = AddressBookEntry.objects.values_list("label", "status")
    assert set(book) == {("exchange", "confirmed"), ("vault", "confirmed")}
    states = list(Plan.objects.order_by("pk").values_list("kind", "state"))
    assert states == [
        ("transfer", "done"),
        ("transfer", "cancelled"),
        ("fund", "done"),
        ("sweep", "done"),
        ("drain", "done"),
        ("drain", "done"),
    ]
    statuses = dict(Wallet.objects.values_list("label", "status"))
    assert statuses == {"treasury": "verified", "farm-1": "retired", "farm-2": "verified"}
    market = desk.market
    assert native(market, ADDRESSES["EXCHANGE"]) == ETHER // 2
    assert native(market, ADDRESSES["VAULT"]) > ETHER // 5
    for label in ("farm-1", "farm-2"):
        left = native(market, Wallet.objects.get(label=label).address)
        assert left < desk.network.dust
    assert Token.objects.get(symbol="USDC").dust == 0
