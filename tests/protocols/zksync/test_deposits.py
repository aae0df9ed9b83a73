"""What is deposited arrives at the wallet itself on L2, and the books say what both chains say."""

import pytest

from protocols.actions import Call, PlanError, Wait
from tests.protocols.zksync.chains import L1, L2
from tests.protocols.zksync.conftest import ETHER
from tests.protocols.zksync.crossing import Traveller, change

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_ether_arrives_and_the_unused_fee_with_it(traveller: Traveller) -> None:
    before = traveller.holdings()
    traveller.cross(L1, "deposit", amount=str(ETHER))
    moved = change(before, traveller.holdings())
    assert traveller.booked() == moved
    assert -moved[L1, ""] > moved[L2, ""] > ETHER


def test_the_wallet_itself_is_receiver_and_gets_the_refund(traveller: Traveller) -> None:
    call, wait = traveller.plan(L1, "deposit", amount=str(ETHER)).steps
    assert isinstance(call, Call)
    assert isinstance(wait, Wait)
    assert call.data.hex().count(traveller.address[2:].lower()) == 2
    assert call.value > ETHER
