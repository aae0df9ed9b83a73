"""Amounts said as a share of a balance: exact, rounded down, and refused when they are written."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.evm.adapter import ADAPTER
from protocols.params import BadParameters
from scheduling.dispatch import dispatch_due
from scheduling.expressions.parsing import BadExpression, parse_expression
from scheduling.expressions.readings import check_params
from scheduling.models import Run, Task
from scheduling.runs import advance_runs
from scheduling.services import create_task
from tests.chains import ETHER, Chain
from tests.factories import ProtocolFactory, TokenFactory
from tests.scheduling.tasks import a_task
from wallets.models import Network, Transaction, Wallet

_NUMBERS = st.decimals(0, 10**12, places=6).map(lambda number: f"{number:f}")
_SHARES = st.integers(1, 100 * 10**6).map(lambda parts: Decimal(parts).scaleb(-6))


@given(share=_SHARES, balance=st.integers(0, 2**256 - 1), most=_NUMBERS, least=_NUMBERS)
def test_a_share_is_rounded_down_and_within_its_bounds(
    share: Decimal, balance: int, most: str, least: str
) -> None:
    said = parse_expression(f"{share:f} % of USDC, at least {least}, at most {most}")
    amount = said.amount_of(balance, 6)
    exact = balance * int(share * 10**6) // 10**8
    wanted = min(exact, int(Decimal(most) * 10**6))
    assert amount == (wanted if wanted >= Decimal(least) * 10**6 else 0)


@given(st.text(max_size=40))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        said = parse_expression(text)
    except BadExpression:
        return
    assert 0 <= said.amount_of(10**18, 18) <= 10**18


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("25 % of USDC", 2_500_000),
        ("25% of USDC, at most 1.5", 1_500_000),
        ("all of USDC but 10", 0),
        ("all of USDC but 9.999999", 1),
        ("0.00001 % of USDC", 1),
        ("50 % of USDC but 1, at least 4.000001", 0),
    ],
)
def test_of_ten_usdc_it_comes_to(text: str, amount: int) -> None:
    assert parse_expression(text).amount_of(10_000_000, 6) == amount


@pytest.mark.parametrize(
    "text",
    ["101 % of USDC", "0 % of USDC", "-5 % of USDC", "5 of USDC", "1e2 % of USDC", "25 % of",
     "25 % of USDC, at most 1, at most 2", "25 % of USDC at most 1", "0.1234567 % of USDC"],
)  # fmt: skip
def test_what_says_nothing_clear_is_refused(text: str) -> None:
    with pytest.raises(BadExpression):
        parse_expression(text)


TRANSFER = ADAPTER.actions["transfer"].Params
TO = "0x" + "22" * 20


@pytest.mark.django_db
@pytest.mark.db
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("10 % of DOGE", "DOGE is no enabled token on"),
        ("10 % of TKN, at most 0.0000001", "has more than 6 decimals"),
        ("10 % of TKN, at least 5, at most 4", "is nothing"),
        ("10 % if TKN", "write an amount in base units"),
        ("10 % of TKN", "TKN is not what this action moves; that is the network's coin"),
    ],
)
def test_a_wrong_expression_is_told_when_it_is_written(text: str, told: str) -> None:
    token = TokenFactory.create(symbol="TKN", decimals=6)
    with pytest.raises(BadParameters, match=told):
        check_params(TRANSFER, {"to": TO, "amount": text}, token.network)


@pytest.mark.django_db
@pytest.mark.db
def test_a_share_of_another_token_than_the_one_that_is_moved_is_refused() -> None:
    token, other = (TokenFactory.create(symbol=name, decimals=6) for name in ("ONE", "TWO"))
    swap = ADAPTER.actions["swap"].Params
    params = {"token_in": other.address, "token_out": token.address, "amount": "5 % of ONE"}
    with pytest.raises(BadParameters, match="ONE is not the token_in of this action"):
        check_params(swap, params, token.network)


def planned(wallet: Wallet, other: Wallet, network: Network, text: str) -> Run:
    """A run whose amount is such a share, once it has had its turn."""
    task = a_task(
        network,
        protocol=ProtocolFactory.create(),
        action="transfer",
        params={"to": other.address, "amount": text},
    )
    create_task(task=task, wallets={wallet: {}})
    dispatch_due()
    advance_runs()
    return Run.objects.get()


def test_a_run_moves_its_share_and_keeps_what_it_was_taken_of(
    wallet: Wallet, other_wallet: Wallet, network: Network
) -> None:
    run = planned(wallet, other_wallet, network, "25 % of balance, at most 3")
    assert run.params["amount"] == str(Transaction.objects.get().value) == str(25 * ETHER // 10)
    assert run.readings["amount"]["balance"] == str(10 * ETHER)


def test_a_share_below_its_least_sends_nothing(
    wallet: Wallet, other_wallet: Wallet, network: Network, chain: Chain
) -> None:
    run = planned(wallet, other_wallet, network, "1 % of balance, at least 0.2")
    assert (run.state, Transaction.objects.count()) == ("failed", 0)
    assert "comes to nothing: the wallet has 10" in run.detail
    assert Task.objects.get().params["amount"] == "1 % of balance, at least 0.2"
