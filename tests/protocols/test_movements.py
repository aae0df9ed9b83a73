"""Movements are the logs, read once, whatever dialect a wrapped coin speaks."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from protocols.abi import load_abi
from protocols.actions import Call, CallReceipt, Log, Movement, Settlement
from protocols.movements import read_movements
from protocols.settlements import settlement_from_json, settlement_to_json
from tests.protocols.operators import net
from wallets.addresses import ZERO_ADDRESS, parse_address

WALLET, OTHER, TOKEN, WETH, ROUTER = (
    parse_address("0x" + pair * 20) for pair in ("a1", "b2", "c3", "d4", "e5")
)
NATIVE_BOOK = parse_address("0x000000000000000000000000000000000000800A")
TRANSFER = load_abi("protocols.evm", "erc20").event("Transfer").topic
DEPOSIT = load_abi("protocols.evm", "weth").event("Deposit").topic
WITHDRAWAL = load_abi("protocols.evm", "weth").event("Withdrawal").topic


def log(token: str, topic: bytes, *sides: str, amount: int) -> Log:
    """A log with addresses in its topics and one amount in its data."""
    places = (bytes(12) + bytes.fromhex(side[2:]) for side in sides)
    return Log(parse_address(token), (topic, *places), amount.to_bytes(32), 0)


def receipt(*logs: Log, to: str = ROUTER, value: int = 0) -> CallReceipt:
    """What a call logged."""
    return CallReceipt(Call("call", parse_address(to), value=value), "0x", 1, logs)


def test_a_wrapped_coin_that_logs_only_deposits_is_booked() -> None:
    logs = [log(WETH, DEPOSIT, WALLET, amount=5)]
    movements = read_movements(receipt(*logs, to=WETH, value=5), WALLET, wrapped=WETH)
    assert movements == (Movement("", "out", 5, WETH), Movement(WETH, "in", 5, WETH))


def test_a_wrapped_coin_that_logs_both_is_booked_once() -> None:
    minted = log(WETH, TRANSFER, ZERO_ADDRESS, WALLET, amount=5)
    logs = [minted, log(WETH, DEPOSIT, WALLET, amount=5)]
    movements = read_movements(receipt(*logs, to=WETH, value=5), WALLET, wrapped=WETH)
    assert net(movements) == {"": -5, WETH: 5}


def test_a_wrapped_coin_that_logs_only_transfers_is_booked() -> None:
    burned = log(WETH, TRANSFER, WALLET, ZERO_ADDRESS, amount=5)
    movements = read_movements(receipt(burned, to=WETH), WALLET, wrapped=WETH, unwrapped_by=WALLET)
    assert movements == (Movement(WETH, "out", 5, WETH), Movement("", "in", 5, WETH))


def test_what_the_router_unwraps_came_to_the_wallet() -> None:
    paid = log(TOKEN, TRANSFER, WALLET, OTHER, amount=9)
    logs = [paid, log(WETH, WITHDRAWAL, ROUTER, amount=5), log(WETH, WITHDRAWAL, OTHER, amount=3)]
    movements = read_movements(receipt(*logs), WALLET, wrapped=WETH, unwrapped_by=ROUTER)
    assert movements == (Movement(TOKEN, "out", 9, OTHER), Movement("", "in", 5, ROUTER))


def test_a_deposit_logged_by_another_token_is_not_believed() -> None:
    logs = [log(TOKEN, DEPOSIT, WALLET, amount=5), log(TOKEN, WITHDRAWAL, ROUTER, amount=5)]
    assert read_movements(receipt(*logs), WALLET, wrapped=WETH, unwrapped_by=ROUTER) == ()


def test_what_moved_nothing_is_not_booked() -> None:
    logs = [
        log(TOKEN, TRANSFER, WALLET, WALLET, amount=5),
        log(TOKEN, TRANSFER, WALLET, OTHER, amount=0),
        log(TOKEN, TRANSFER, OTHER, ROUTER, amount=5),
    ]
    assert read_movements(receipt(*logs, to=WALLET, value=7), WALLET) == ()


def test_native_coin_that_a_chain_logs_like_a_token_is_not_booked_twice() -> None:
    logs = [log(NATIVE_BOOK, TRANSFER, WALLET, OTHER, amount=7)]
    movements = read_movements(receipt(*logs, to=OTHER, value=7), WALLET)
    assert movements == (Movement("", "out", 7, OTHER),)


SIDES = st.sampled_from((WALLET, OTHER, ROUTER, ZERO_ADDRESS))
TRANSFERS = st.tuples(st.sampled_from((TOKEN, WETH)), SIDES, SIDES, st.integers(0, 2**255))


@given(transfers=st.lists(TRANSFERS, max_size=12), value=st.integers(0, 2**255))
def test_movements_add_up_to_what_the_transfers_did(
    transfers: list[tuple[str, str, str, int]], value: int
) -> None:
    book: Counter[str] = Counter({"": -value})
    for token, source, target, amount in transfers:
        book[token] += amount * ((target == WALLET) - (source == WALLET))
    logs = [
        log(token, TRANSFER, source, target, amount=amount)
        for token, source, target, amount in transfers
    ]
    movements = read_movements(receipt(*logs, value=value), WALLET)
    assert net(movements) == {token: amount for token, amount in book.items() if amount}
    settlement = Settlement(movements, "a note")
    assert settlement_from_json(settlement_to_json(settlement)) == settlement
