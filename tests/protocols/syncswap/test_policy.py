"""A wrong or malicious swap is refused at signing, whoever planned it."""

from dataclasses import replace
from typing import Any

import pytest

from protocols.actions import Call
from protocols.syncswap.swaps import POOL_DATA, SWAP
from tests.protocols.judged import judge
from tests.protocols.operators import ETHER, USDC, Operator
from tests.protocols.syncswap.exchange import NOBODY, Exchange
from wallets.chain.codec import CODEC

pytestmark = pytest.mark.django_db

STRANGER = "0x1111111111111111111111111111111111111111"


def planned(alice: Operator) -> Call:
    """An honest swap of one ETH for USDC."""
    pair = {"token_in": "native", "token_out": alice.token("USDC"), "amount": ETHER}
    (call,) = alice.plan("swap", protocol="syncswap", **pair).steps
    assert isinstance(call, Call)
    return call


def refusal(alice: Operator, call: Call) -> str:
    """What the policy says to it."""
    return judge(call, wallet=alice.address, network=alice.network, protocol="syncswap")


def changed(call: Call, **wrong: Any) -> Call:
    """The same swap with other parts."""
    decoded = SWAP.decode_call(call.data)
    assert decoded is not None
    ((((pool, data, callback, more),), token, amount),) = decoded.arguments["paths"]
    inside = dict(zip(("token", "to", "mode"), CODEC.decode(POOL_DATA, data), strict=True))
    inside |= {key: value for key, value in wrong.items() if key in inside}
    encoded = CODEC.encode(POOL_DATA, tuple(inside.values()))
    step = (wrong.get("pool", pool), encoded, wrong.get("callback", callback), more)
    steps = (step,) * wrong.get("steps", 1)
    path = (steps, wrong.get("token_in", token), wrong.get("amount", amount))
    least = wrong.get("least", decoded.arguments["amountOutMin"])
    until = wrong.get("until", decoded.arguments["deadline"])
    return replace(call, data=SWAP.encode((path,) * wrong.get("paths", 1), least, until))


def test_an_honest_swap_is_permitted(exchange: Exchange, alice: Operator) -> None:
    assert refusal(alice, planned(alice)) == ""
    assert refusal(alice, changed(planned(alice))) == ""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"to": STRANGER}, "is not the sending wallet"),
        ({"mode": 0}, "it must be one of 1, 2, not 0"),
        ({"pool": STRANGER}, "that a call may name"),
        ({"callback": STRANGER}, f"it must be {NOBODY}"),
        ({"token": STRANGER}, "is no enabled token"),
        ({"token_in": STRANGER}, "is no enabled token"),
        ({"amount": ETHER - 1}, f"{ETHER} wei go with the call, {ETHER - 1} should"),
        ({"steps": 2}, "it must have one element, not 2"),
        ({"paths": 2}, "2 tokens are paid in, it must have one element"),
        ({"least": 1}, "was promised, 1 would be accepted"),
        ({"until": 2**40}, "the deadline is"),
    ],
)
def test_a_malicious_swap_is_refused(
    exchange: Exchange, alice: Operator, wrong: dict[str, Any], said: str
) -> None:
    assert said in refusal(alice, changed(planned(alice), **wrong))


def test_native_coin_does_not_go_beside_a_token(exchange: Exchange, alice: Operator) -> None:
    pair = {"token_in": alice.token("USDC"), "token_out": "native", "amount": USDC}
    call = alice.plan("swap", protocol="syncswap", **pair).steps[-1]
    assert isinstance(call, Call)
    assert refusal(alice, call) == ""
    assert "7 wei go with the call, 0 should" in refusal(alice, replace(call, value=7))
