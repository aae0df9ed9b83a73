"""Calls and logs go to bytes and come back, and only what fits is decoded."""

import json
from pathlib import Path

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from protocols.abi import abi_names, load_abi
from protocols.actions import Log
from protocols.codec import AbiError
from protocols.selectors import describe_call
from wallets.addresses import parse_address

ROUTER = load_abi("protocols.evm", "uniswap_v2_router")
ERC20 = load_abi("protocols.evm", "erc20")
WETH = load_abi("protocols.evm", "weth")
CLAIMS = load_abi("protocols.claims", "merkle_distributor")
ADDRESSES = st.binary(min_size=20, max_size=20).map(to_checksum_address)
UINTS = st.integers(0, 2**256 - 1)
HERE, THERE = parse_address("0x" + "aa" * 20), parse_address("0x" + "bb" * 20)


def word(number: int) -> bytes:
    """A number as a log has it."""
    return number.to_bytes(32)


@pytest.mark.parametrize(
    ("abi", "name", "selector"),
    [
        (ERC20, "transfer", "a9059cbb"),
        (ERC20, "approve", "095ea7b3"),
        (ERC20, "allowance", "dd62ed3e"),
        (WETH, "deposit", "d0e30db0"),
        (WETH, "withdraw", "2e1a7d4d"),
        (ROUTER, "swapExactETHForTokens", "7ff36ab5"),
        (ROUTER, "swapExactTokensForTokens", "38ed1739"),
        (ROUTER, "swapExactTokensForETH", "18cbafe5"),
        (CLAIMS, "claim", "2e7ba6ef"),
        (CLAIMS, "isClaimed", "9e34070f"),
    ],
)
def test_selectors_are_those_in_use_on_chain(abi: object, name: str, selector: str) -> None:
    assert abi.function(name).selector.hex() == selector  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("abi", "name", "topic"),
    [
        (ERC20, "Transfer", "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"),
        (WETH, "Deposit", "e1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c"),
        (WETH, "Withdrawal", "7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65"),
        (CLAIMS, "Claimed", "4ec90e965519d92681267467f775ada5bd214aa92c0dc93d90a5e880ce9ed026"),
    ],
)
def test_topics_are_those_in_use_on_chain(abi: object, name: str, topic: str) -> None:
    assert abi.event(name).topic.hex() == topic  # type: ignore[attr-defined]


def test_calldata_is_read_as_a_person_would_say_it() -> None:
    data = bytes.fromhex("a9059cbb") + bytes(12) + bytes.fromhex("bb" * 20) + word(1500)
    said = describe_call(protocol="evm", data=data)
    assert str(said) == f"transfer(to={THERE}, amount=1500)"


def test_calldata_of_another_protocol_is_read_too() -> None:
    data = CLAIMS.function("claim").encode(7, HERE, 5, [b"\x01" * 32])
    said = describe_call(protocol="evm", data=data)
    proof = "0x" + "01" * 32
    assert str(said) == f"claim(index=7, account={HERE}, amount=5, merkleProof=[{proof}])"


@given(
    amount=UINTS, least=UINTS, path=st.lists(ADDRESSES, max_size=4), to=ADDRESSES, deadline=UINTS
)
def test_a_call_comes_back_from_its_bytes(
    amount: int, least: int, path: list[str], to: str, deadline: int
) -> None:
    data = ROUTER.function("swapExactTokensForETH").encode(amount, least, path, to, deadline)
    decoded = ROUTER.decode_call(data)
    assert decoded
    assert tuple(decoded.arguments.values()) == (amount, least, tuple(path), to, deadline)


@given(data=st.binary(max_size=200))
def test_bytes_after_a_selector_never_break_the_reader(data: bytes) -> None:
    function = ROUTER.function("swapExactTokensForETH")
    decoded = ROUTER.decode_call(function.selector + data)
    assert decoded is None or function.encode(*decoded.arguments.values())[4:] == data


def test_calldata_with_something_behind_it_is_not_explained() -> None:
    data = ERC20.function("approve").encode(THERE, 1)
    assert ERC20.decode_call(data) is not None
    assert ERC20.decode_call(data + b"\x00") is None
    assert describe_call(protocol="evm", data=b"\x12\x34\x56\x78") is None


@given(source=ADDRESSES, target=ADDRESSES, amount=UINTS)
def test_a_log_comes_back_from_its_bytes(source: str, target: str, amount: int) -> None:
    event = ERC20.event("Transfer")
    sides = tuple(bytes(12) + bytes.fromhex(side[2:]) for side in (source, target))
    log = Log(HERE, (event.topic, *sides), word(amount), 0)
    assert event.decode(log) == {"from": source, "to": target, "value": amount}


def test_a_log_of_another_shape_is_not_decoded() -> None:
    event = ERC20.event("Transfer")
    nft = Log(HERE, (event.topic, bytes(32), bytes(32), word(7)), b"", 0)
    fourth = Log(HERE, (event.topic, bytes(32), bytes(32), word(7)), word(1), 0)
    short = Log(HERE, (event.topic, bytes(32), bytes(32)), b"\x01", 0)
    other = Log(HERE, (WETH.event("Deposit").topic, bytes(32), bytes(32)), word(1), 0)
    anonymous = Log(HERE, (), word(1), 0)
    assert [event.decode(log) for log in (nft, fourth, short, other, anonymous)] == [None] * 5


def test_an_answer_of_another_shape_is_refused() -> None:
    with pytest.raises(AbiError, match=r"0x is no answer of balanceOf\(address\)"):
        ERC20.function("balanceOf").decode_result(b"")


def test_a_name_that_is_not_there_lists_those_that_are() -> None:
    with pytest.raises(AbiError, match="weth has no function mint; it has deposit, withdraw"):
        WETH.function("mint")
    with pytest.raises(AbiError, match="weth has no event Minted; it has Deposit, Withdrawal"):
        WETH.event("Minted")


def test_an_abi_file_that_is_not_there_is_told() -> None:
    with pytest.raises(AbiError, match=r"protocols\.evm has no readable abi/nothing\.json"):
        load_abi("protocols.evm", "nothing")
    assert abi_names("protocols.claims") == ("merkle_distributor", "zk_merkle_distributor")
    assert abi_names("protocols") == ()


def test_overloads_in_one_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "overloaded_adapter"
    (package / "abi").mkdir(parents=True)
    (package / "__init__.py").touch()
    fragments = [
        {"type": "function", "name": "claim", "inputs": [{"name": "a", "type": kind}]}
        for kind in ("uint256", "address")
    ]
    (package / "abi" / "both.json").write_text(json.dumps(fragments))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(AbiError, match="both has claim twice"):
        load_abi("overloaded_adapter", "both")
