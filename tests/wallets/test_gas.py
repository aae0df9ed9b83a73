"""What gas costs is read often, and kept once an hour for a week."""

import pytest

from tests.chains import Chain
from tests.factories import GasReadingFactory
from wallets.chain.client import NetworkClient
from wallets.gas import hour_of, read_gas, usual_price
from wallets.models import GasReading, Network

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_an_hours_price_is_the_last_that_was_read_in_it(network: Network, chain: Chain) -> None:
    for base in (2 * 10**9, 9 * 10**9):
        chain.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(base))
        chain.mine()
        row = read_gas(network, NetworkClient(network))
    assert GasReading.objects.get() == row
    assert row.hour == hour_of(row.at)
    # anvil lowers the base fee of the block after an empty one by an eighth.
    assert 9 * 10**9 * 7 // 8 <= row.price < 10**10


def test_what_is_usual_is_the_lower_median() -> None:
    rows = [GasReadingFactory.build(network=None, price=price) for price in (9, 1, 5, 3)]
    assert usual_price(rows) == 3
