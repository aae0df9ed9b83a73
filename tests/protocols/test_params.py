"""Parameters are typed and bounded; a wrong one is told in one sentence."""

from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from protocols.actions import PlanError
from protocols.params import (
    ActionParams,
    Address,
    Amount,
    AmountOrAll,
    AmountOrZero,
    BadParameters,
    Bps,
    Hash32,
    Seconds,
    TokenRef,
    read_params,
)
from wallets.amounts import MAX_UINT256

ADDRESS = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
ADDRESSES = st.binary(min_size=20, max_size=20).filter(any).map(to_checksum_address)


class Everything(ActionParams):
    """One of each kind."""

    to: Address = to_checksum_address(ADDRESS)
    token: TokenRef = "native"
    amount: Amount = 1
    least: AmountOrZero = 0
    slippage: Bps = 0
    wait: Seconds = 60
    proof: tuple[Hash32, ...] = ()


class Needed(ActionParams):
    """One that cannot be left out."""

    amount: Amount


def sentence(model: type[ActionParams] = Everything, **values: Any) -> str:
    """Why the values are refused."""
    with pytest.raises(BadParameters) as refusal:
        read_params(model, values)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("amount", "0", "write an amount above zero, in base units"),
        ("amount", 1.0, "write a whole number"),
        ("amount", True, "write a whole number"),
        ("amount", "1e18", "write a whole number"),
        ("amount", " 1", "write a whole number"),
        ("amount", "٣", "write a whole number"),
        ("amount", -1, "from 0 to 2^256-1"),
        ("least", 2**256, "from 0 to 2^256-1"),
        ("slippage", 5001, "less than or equal to 5000"),
        ("slippage", -1, "greater than or equal to 0"),
        ("wait", 59, "greater than or equal to 60"),
        ("to", "vitalik.eth", "write 0x and 40 hex digits"),
        ("to", 7, "write 0x and 40 hex digits"),
        ("to", ADDRESS.replace("C02a", "c02a"), "copied with its upper and lower case"),
        ("to", "0x" + "0" * 40, "the zero address is nobody's"),
        ("token", "ETH", "write 0x and 40 hex digits"),
        ("proof", ["0x12"], "write 0x and 64 hex digits"),
        ("proof", "0x12", "tuple"),
    ],
)
def test_a_wrong_parameter_is_told_with_what_to_write(name: str, value: Any, advice: str) -> None:
    told = sentence(**{name: value})
    assert told.startswith(f"the parameter {name}")
    assert advice in told
    assert "\n" not in told


def test_a_missing_and_an_unknown_parameter_are_told_together() -> None:
    told = sentence(Needed, amuont="1")
    assert "the parameter amount is missing" in told
    assert "there is no parameter amuont; this action takes amount" in told


def test_wrong_parameters_refuse_the_plan() -> None:
    assert issubclass(BadParameters, PlanError)


@pytest.mark.parametrize("prefix", ["", "0x"])
def test_a_private_key_in_the_wrong_field_is_not_repeated(prefix: str) -> None:
    key = prefix + "0123456789abcdef" * 4
    assert "0123456789abcdef" not in sentence(to=key)
    assert "0123456789abcdef" not in sentence(amount=key)


def test_a_long_value_is_cut() -> None:
    assert len(sentence(to="x" * 10_000)) < 250


def test_parameters_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_params(Everything, {}).amount = 2


@given(
    values=st.fixed_dictionaries(
        {
            "to": ADDRESSES,
            "token": st.just("native") | ADDRESSES,
            "amount": st.integers(1, 2**256 - 1),
            "least": st.integers(0, 2**256 - 1).map(str),
            "slippage": st.integers(0, 5000),
            "proof": st.lists(st.binary(min_size=32, max_size=32), max_size=4),
        }
    )
)
def test_parameters_survive_json(values: dict[str, Any]) -> None:
    read = read_params(Everything, values)
    kept = read.model_dump(mode="json")
    assert kept["amount"] == str(values["amount"])
    assert read_params(Everything, kept) == read


def test_an_address_without_a_checksum_gets_one() -> None:
    assert read_params(Everything, {"to": ADDRESS.lower()}).to == ADDRESS


def test_all_there_is_stays_all_in_json() -> None:
    class Some(ActionParams):
        amount: AmountOrAll

    params = read_params(Some, {"amount": "all"})
    assert params.amount == MAX_UINT256
    assert params.model_dump(mode="json") == {"amount": "all"}
    assert read_params(Some, params.model_dump(mode="json")) == params
    assert read_params(Some, {"amount": "7"}).model_dump(mode="json") == {"amount": "7"}
