"""Swaps on SyncSwap: the pair's own registered pool, paid out to the wallet, booked as it was."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from protocols.actions import Call, PlanError
from protocols.models import Deployment
from protocols.services import disable_deployment
from protocols.syncswap.adapter import positions
from protocols.syncswap.swaps import SWAP
from tests.market import Market
from tests.protocols.encoder import OfficialCall, encode_officially, official_abi
from tests.protocols.operators import ETHER, GWEI, USDC, Operator, booked, change
from tests.protocols.syncswap.exchange import NOBODY, Exchange, register
from wallets.addresses import parse_address
from wallets.chain.codec import CODEC
from wallets.transactions.expectations import minimum_out

pytestmark = pytest.mark.django_db

ROUTER = official_abi(Path(__file__).with_name("official"), "router")


def coin(operator: Operator, symbol: str) -> str:
    """A coin as a parameter names it."""
    return symbol if symbol == "native" else operator.token(symbol)


def plan_swap(operator: Operator, way: tuple[str, str], amount: int, **more: Any) -> Call:
    """The swap itself, the last step of its plan."""
    pair = {"token_in": coin(operator, way[0]), "token_out": coin(operator, way[1])}
    call = operator.plan("swap", protocol="syncswap", **pair, amount=amount, **more).steps[-1]
    assert isinstance(call, Call)
    return call


@pytest.mark.parametrize(
    ("source", "target", "amount", "steps"),
    [
        ("native", "USDC", ETHER, 1),
        ("USDC", "native", 2_000 * USDC, 2),
        ("USDC", "WETH", 2_000 * USDC, 2),
        ("USDC", "GOV", 2_000 * USDC, 2),
    ],
)
def test_a_swap_is_booked_as_the_chain_did_it(
    exchange: Exchange, alice: Operator, source: str, target: str, amount: int, steps: int
) -> None:
    before = alice.balances()
    pair = {"token_in": coin(alice, source), "token_out": coin(alice, target)}
    done = alice.perform("swap", protocol="syncswap", **pair, amount=amount)
    gained = booked(done)
    assert gained == change(before, alice.balances())
    assert gained["" if target == "native" else coin(alice, target)] > 0
    assert len(gained) == 2
    assert len(done) == steps


def test_wrapped_coin_goes_in_as_the_token_it_is(exchange: Exchange, alice: Operator) -> None:
    alice.perform("wrap", amount=ETHER)
    before = alice.balances()
    pair = {"token_in": coin(alice, "WETH"), "token_out": coin(alice, "USDC")}
    done = booked(alice.perform("swap", protocol="syncswap", **pair, amount=ETHER))
    assert done == change(before, alice.balances())
    assert done[coin(alice, "WETH")] == -ETHER


def test_the_pool_of_the_pair_must_be_registered(bare_exchange: Exchange, alice: Operator) -> None:
    with pytest.raises(PlanError, match=f"{bare_exchange.classic_pool}, is no enabled deployment"):
        plan_swap(alice, ("native", "USDC"), ETHER)


def test_a_registered_pool_that_the_factory_does_not_name_is_not_used(
    exchange: Exchange, alice: Operator
) -> None:
    with pytest.raises(PlanError, match="has no pool of"):
        plan_swap(alice, ("native", "GOV"), ETHER)


def test_a_pool_is_of_the_type_its_factory_makes(exchange: Exchange, alice: Operator) -> None:
    classic = Deployment.objects.get(role="syncswap_classic_factory")
    disable_deployment(deployment=classic, reason="its address is given to another below")
    register(alice.network, "syncswap_classic_factory", exchange.stable, "factory")
    with pytest.raises(PlanError, match="is a pool of type 2, syncswap_classic_factory makes 1"):
        plan_swap(alice, ("USDC", "GOV"), USDC)


def test_the_same_coin_twice_is_refused(exchange: Exchange, alice: Operator) -> None:
    with pytest.raises(PlanError, match="are the same coin"):
        plan_swap(alice, ("native", "WETH"), ETHER)


def test_an_amount_too_small_to_bring_anything_is_refused(
    exchange: Exchange, alice: Operator
) -> None:
    with pytest.raises(PlanError, match="nothing would come out for 1 of native"):
        plan_swap(alice, ("native", "USDC"), 1)


def test_the_swap_names_pool_wallet_mode_minimum_and_deadline(
    exchange: Exchange, alice: Operator
) -> None:
    call = plan_swap(alice, ("USDC", "native"), 100 * USDC, slippage_bps=100, deadline_seconds=300)
    decoded = SWAP.decode_call(call.data)
    assert decoded is not None
    assert call.valid_until is not None
    assert call.expectations.quoted_out is not None
    inside = CODEC.encode(("address", "address", "uint8"), (coin(alice, "USDC"), alice.address, 1))
    steps = ((exchange.classic_pool, inside, NOBODY, b""),)
    assert decoded.arguments == {
        "paths": ((steps, coin(alice, "USDC"), 100 * USDC),),
        "amountOutMin": minimum_out(call.expectations.quoted_out, 100),
        "deadline": call.valid_until.timestamp(),
    }


TERMS = st.fixed_dictionaries(
    {
        "way": st.sampled_from(
            [("native", "USDC"), ("USDC", "native"), ("USDC", "WETH"), ("USDC", "GOV")]
        ),
        "amount": st.integers(10**6, 10**9),
        "slippage_bps": st.integers(0, 5000),
        "deadline_seconds": st.integers(60, 3600),
    }
)


@settings(
    max_examples=1,
    phases=[Phase.generate],
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(terms=st.lists(TERMS, min_size=24, max_size=24))
def test_the_calldata_is_what_viem_makes_of_the_official_abi(
    exchange: Exchange, alice: Operator, terms: list[dict[str, Any]]
) -> None:
    planned = [(one, plan_swap(alice, one["way"], amount_of(one), **limits(one))) for one in terms]
    theirs = [official_swap(alice, exchange, one, call) for one, call in planned]
    assert [call.data for _, call in planned] == encode_officially(theirs)


def amount_of(one: dict[str, Any]) -> int:
    """Gwei of native coin, or base units of USDC."""
    amount: int = one["amount"]
    return amount * GWEI if one["way"][0] == "native" else amount


def limits(one: dict[str, Any]) -> dict[str, int]:
    """What may be lost on the way."""
    return {name: one[name] for name in ("slippage_bps", "deadline_seconds")}


def official_swap(
    alice: Operator, exchange: Exchange, one: dict[str, Any], call: Call
) -> OfficialCall:
    """The same swap as the official ABI has it, put together without our code."""
    source, target = one["way"]
    spent = coin(alice, "WETH" if source == "native" else source)
    words = (spent, alice.address, hex(1 if target == "native" else 2))
    data = b"".join(bytes.fromhex(word[2:].rjust(64, "0")) for word in words)
    pool = exchange.stable_pool if target == "GOV" else exchange.classic_pool
    way_in = NOBODY if source == "native" else spent
    quoted, until = call.expectations.quoted_out, call.valid_until
    assert quoted is not None
    assert until is not None
    least = -(-quoted * (10_000 - one["slippage_bps"]) // 10_000)
    path = [[[pool, data, NOBODY, b""]], way_in, amount_of(one)]
    return ROUTER["swap"], [[path], least, int(until.timestamp())]


def test_liquidity_is_seen_as_a_share_of_what_the_pool_holds(
    exchange: Exchange, alice: Operator, market: Market
) -> None:
    treasury = parse_address(alice.deployed.treasury)
    assert positions(alice.context("syncswap")) == ()
    found = positions(replace(alice.context("syncswap"), wallet=treasury))
    held = {(one.token, one.amount) for one in found if exchange.classic_pool in one.what}
    assert held == {(coin(alice, "WETH"), 100 * ETHER), (coin(alice, "USDC"), 200_000 * USDC)}
    assert {one.kind for one in found} == {"liquidity"}
