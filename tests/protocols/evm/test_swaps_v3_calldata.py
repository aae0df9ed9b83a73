"""What a swap sends is, byte for byte, what viem encodes for it."""

from random import Random
from typing import Any

import pytest

from protocols.actions import Call
from protocols.evm.swaps_v3 import EXACT_INPUT, MULTICALL
from protocols.params import read_params
from protocols.registry import get_action
from tests.protocols.operators import ETHER, USDC, Operator
from tests.uniswap_v3 import UniswapV3
from tests.viem import MODULES, encode_all, wanted

pytestmark = pytest.mark.django_db

ROUTER = (
    MODULES
    / "@uniswap/swap-router-contracts/artifacts/contracts/SwapRouter02.sol/SwapRouter02.json"
)
PAIRS = [
    ("native", "USDC", ETHER, (500,)),
    ("USDC", "native", 5_000 * USDC, (500,)),
    ("USDC", "WETH", 5_000 * USDC, (500,)),
    ("USDC", "GOV", 5_000 * USDC, (500, 3000)),
]


def generated(operator: Operator, number: int) -> tuple[dict[str, Any], tuple[int, ...]]:
    """Parameters of a swap, and the fees of the pools it goes through."""
    random = Random(number)
    source, target, most, fees = PAIRS[number % len(PAIRS)]
    names = (name if name == "native" else operator.token(name) for name in (source, target))
    asked = dict(zip(("token_in", "token_out"), names, strict=True))
    amount = random.randint(most // 1000, most)
    terms = {"slippage_bps": random.randint(0, 5000), "deadline_seconds": random.randint(60, 3600)}
    return {**asked, "amount": amount, **terms}, fees


def packed(operator: Operator, asked: dict[str, Any], fees: tuple[int, ...]) -> bytes:
    """The way through the pools, as the router's documentation packs it."""
    weth = operator.token("WETH")
    ends = [weth if asked[key] == "native" else asked[key] for key in ("token_in", "token_out")]
    tokens = ends if len(fees) == 1 else [ends[0], weth, ends[1]]
    text = tokens[0][2:] + "".join(
        f"{fee:06x}{token[2:]}" for fee, token in zip(fees, tokens[1:], strict=True)
    )
    return bytes.fromhex(text)


def official(
    operator: Operator, v3: UniswapV3, asked: dict[str, Any], fees: tuple[int, ...], now: int
) -> dict[str, Any]:
    """The same swap, as a multicall for viem."""
    path, amount = packed(operator, asked, fees), asked["amount"]
    kept = 10_000 - asked["slippage_bps"]
    least = (v3.quote(path, amount) * kept + 9_999) // 10_000
    to_native = asked["token_out"] == "native"
    receiver = f"0x{2:040x}" if to_native else operator.address
    calls = [wanted(ROUTER, "exactInput", (path, receiver, amount, least))]
    if to_native:
        calls.append(wanted(ROUTER, "unwrapWETH9(uint256,address)", least, operator.address))
    if asked["token_in"] == "native":
        calls.append(wanted(ROUTER, "refundETH"))
    until = now + asked["deadline_seconds"]
    return wanted(ROUTER, "multicall(uint256,bytes[])", until, calls)


def test_a_swap_is_what_viem_encodes(alice: Operator, v3: UniswapV3) -> None:
    swap, context = get_action("evm", "swap-v3"), alice.context()
    now = int(context.now.timestamp())
    sets = [generated(alice, number) for number in range(24)]
    theirs = encode_all([official(alice, v3, *one, now) for one in sets])
    for (asked, _fees), expected in zip(sets, theirs, strict=True):
        call = swap.plan(context, read_params(swap.Params, asked)).steps[-1]
        assert isinstance(call, Call)
        assert call.data == expected
        assert call.value == (asked["amount"] if asked["token_in"] == "native" else 0)


def test_what_viem_encodes_is_read_back(alice: Operator, v3: UniswapV3) -> None:
    asked, fees = generated(alice, 0)
    path = packed(alice, asked, fees)
    (data,) = encode_all([official(alice, v3, asked, fees, 1_000)])
    outer = MULTICALL.decode_call(data)
    assert outer is not None
    assert outer.arguments["deadline"] == 1_000 + asked["deadline_seconds"]
    inner = EXACT_INPUT.decode_call(outer.arguments["data"][0])
    assert inner is not None
    assert inner.arguments["params"][:3] == (path, alice.address, asked["amount"])
