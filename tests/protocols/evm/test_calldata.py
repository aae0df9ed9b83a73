"""What the plain actions send is, byte for byte, what viem encodes over the published ABIs."""

from random import Random
from typing import Any

import pytest

from protocols.actions import Call
from protocols.evm import tokens, wrapping
from protocols.evm.quotes import ROUTER_ABI
from protocols.params import read_params
from protocols.registry import get_action
from tests.author import calldata
from tests.protocols.operators import ETHER, USDC, Operator
from tests.viem import MODULES, encode_all, wanted
from tests.wallets.planned import planned
from wallets.transactions.expectations import minimum_out

pytestmark = pytest.mark.django_db

ERC20 = MODULES / "@openzeppelin/contracts/build/contracts/IERC20.json"
WETH = MODULES / "@uniswap/v2-periphery/build/WETH9.json"
ROUTER = MODULES / "@uniswap/v2-periphery/build/UniswapV2Router02.json"
SETS = 24
PAIRS = [("native", "USDC"), ("USDC", "native"), ("USDC", "GOV")]
AMOUNTS = "getAmountsOut(uint256,address[])"


def amounts(most: int) -> list[int]:
    """Generated amounts up to that."""
    random = Random(most)
    return [random.randint(1, most) for _ in range(SETS)]


def last(operator: Operator, action: str, **params: Any) -> bytes:
    """The calldata of the last step."""
    return planned(operator, action, **params)[-1].data


def test_sending_a_token(alice: Operator, bob: Operator) -> None:
    usdc, to = alice.token("USDC"), bob.address
    wanted_amounts = amounts(10_000 * USDC)
    ours = [last(alice, "transfer-token", token=usdc, to=to, amount=one) for one in wanted_amounts]
    theirs = encode_all([wanted(ERC20, "transfer", to, one) for one in wanted_amounts])
    assert ours == theirs
    decoded = tokens.ABI.decode_call(theirs[0])
    assert decoded is not None
    assert list(decoded.arguments.values()) == [to, wanted_amounts[0]]


def test_allowing_a_spender(alice: Operator) -> None:
    usdc, router = alice.token("USDC"), alice.deployed.router.address
    wanted_amounts = amounts(10_000 * USDC)
    ours = [last(alice, "approve", token=usdc, spender=router, amount=x) for x in wanted_amounts]
    assert ours == encode_all([wanted(ERC20, "approve", router, one) for one in wanted_amounts])


def test_wrapping_and_unwrapping(alice: Operator) -> None:
    alice.perform("wrap", amount=ETHER)
    (call,) = planned(alice, "wrap", amount=str(ETHER))
    assert [call.data] == encode_all([wanted(WETH, "deposit")])
    wanted_amounts = amounts(ETHER)
    ours = [last(alice, "unwrap", amount=one) for one in wanted_amounts]
    theirs = encode_all([wanted(WETH, "withdraw", one) for one in wanted_amounts])
    assert ours == theirs
    decoded = wrapping.ABI.decode_call(theirs[0])
    assert decoded is not None
    assert list(decoded.arguments.values()) == [wanted_amounts[0]]


def official_swap(operator: Operator, asked: dict[str, Any], now: int) -> dict[str, Any]:
    """The same swap for viem, quoted by the router itself."""
    weth, router = operator.token("WETH"), operator.deployed.router.address
    ends = [weth if asked[key] == "native" else asked[key] for key in ("token_in", "token_out")]
    path = ends if weth in ends else [ends[0], weth, ends[1]]
    # The last of the amounts is the last word of the answer.
    quoted = quote(operator, router, asked["amount"], path)
    terms = (minimum_out(quoted, asked["slippage_bps"]), path, operator.address)
    ending = (*terms, now + asked["deadline_seconds"])
    if asked["token_in"] == "native":
        return wanted(ROUTER, "swapExactETHForTokens", *ending)
    kind = "ETH" if asked["token_out"] == "native" else "Tokens"
    return wanted(ROUTER, f"swapExactTokensFor{kind}", asked["amount"], *ending)


def quote(operator: Operator, router: str, amount: int, path: list[str]) -> int:
    """What the router says comes out at the end."""
    call = {"to": router, "data": calldata(AMOUNTS, amount, path)}
    answer: str = operator.rpc.call("eth_call", call, "latest")
    return int(answer[-64:], 16)


def test_swapping(alice: Operator) -> None:
    swap, context = get_action("evm", "swap"), alice.context()
    now, ours, theirs = int(context.now.timestamp()), [], []
    for number in range(SETS):
        random, pair = Random(number), PAIRS[number % len(PAIRS)]
        names = (one if one == "native" else alice.token(one) for one in pair)
        amount = random.randint(10**12, ETHER) if pair[0] == "native" else random.randint(9, 10**9)
        asked: dict[str, Any] = {
            **dict(zip(("token_in", "token_out"), names, strict=True)),
            "amount": amount,
            "slippage_bps": random.randint(0, 5000),
            "deadline_seconds": random.randint(60, 3600),
        }
        call = swap.plan(context, read_params(swap.Params, asked)).steps[-1]
        assert isinstance(call, Call)
        ours.append(call.data)
        theirs.append(official_swap(alice, asked, now))
    encoded = encode_all(theirs)
    assert ours == encoded
    decoded = ROUTER_ABI.decode_call(encoded[1])
    assert decoded is not None
    assert decoded.arguments["to"] == alice.address
