"""docs/allowances.md says nothing that does not work: each of its commands is run, in its order."""

from string import Template

import pytest
from django.utils import timezone

from tests.airdrops_site.guides import commands, run
from tests.market import Market
from tests.protocols.operators import USDC
from tests.scheduling.conftest import trader as trader
from tests.scheduling.trading import allowed, one_round, router, run_of, until_ended, usdc
from wallets.models import Allowance, Network, Transaction, Wallet, WalletTag
from wallets.revocations import verify_revocations

pytestmark = [pytest.mark.django_db]
# What stands is what these are there to say.
FINDING_ONE = ("allowances check",)


@pytest.fixture
def places(registered: Network, market: Market, trader: Wallet) -> dict[str, str]:
    """What the guide's operator has: a tagged wallet, and the router that may take 5 USDC of it."""
    registered.multicall_address = market.manifest.l2.multicall3.address
    registered.save()
    trader.tags.add(WalletTag.objects.create(name="farm"))
    params = {"token": usdc(market), "spender": router(market), "amount": str(5 * USDC)}
    run_of(registered, trader, "approve", params)
    until_ended(registered, market)
    return {"SPENDER": market.manifest.l2.factory.address, "ROUTER": router(market)}


def test_every_command_of_the_guide_works(
    places: dict[str, str], registered: Network, market: Market, trader: Wallet
) -> None:
    lines = commands("allowances.md")
    assert len(lines) >= 10
    for line in lines:
        code, said = run(Template(line).substitute(places))
        wanted = 1 if any(words in line for words in FINDING_ONE) else 0
        assert (code, bool(said)) == (wanted, True), (line, said)
    assert Transaction.objects.get(action="revoke").lane.wallet == trader
    for _ in range(8):
        one_round(registered, market)
        Allowance.objects.exclude(verify_at=None).update(verify_at=timezone.now())
        verify_revocations()
    row = Allowance.objects.get()
    assert (row.amount, allowed(market, trader), row.verify_at) == (0, 0, None)
