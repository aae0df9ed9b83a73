"""Wrapping and unwrapping move the same amount on both sides, as WETH says."""

import pytest

from protocols.actions import PlanError
from protocols.models import Deployment
from tests.protocols.operators import ETHER, Operator, booked, change

pytestmark = pytest.mark.django_db


def test_wrapping_is_booked_as_the_chain_did_it(alice: Operator) -> None:
    before = alice.balances()
    done = alice.perform("wrap", amount=ETHER)
    assert booked(done) == change(before, alice.balances())
    assert booked(done) == {"": -ETHER, alice.token("WETH"): ETHER}


def test_unwrapping_is_booked_as_the_chain_did_it(alice: Operator) -> None:
    alice.perform("wrap", amount=ETHER)
    before = alice.balances()
    done = alice.perform("unwrap", amount=ETHER // 4)
    assert booked(done) == change(before, alice.balances())
    assert booked(done) == {"": ETHER // 4, alice.token("WETH"): -ETHER // 4}


def test_more_than_the_wallet_has_is_refused(alice: Operator) -> None:
    with pytest.raises(PlanError, match="10000000000000000001 are asked for"):
        alice.plan("wrap", amount=10 * ETHER + 1)
    with pytest.raises(PlanError, match="has 0 base units"):
        alice.plan("unwrap", amount=1)


def test_without_an_enabled_weth_nothing_is_planned(alice: Operator) -> None:
    Deployment.objects.filter(role="weth").update(enabled=False)
    with pytest.raises(PlanError, match="no enabled deployment of weth on chain 31338"):
        alice.plan("wrap", amount=1)
