"""The data fee of L1 is what Scroll's published oracle says, in each of its forks."""

from collections.abc import Callable

import pytest

from tests.protocols.scroll.bridge import Bridge
from tests.protocols.scroll.contracts import L2_ORACLE
from wallets.chain.client import NetworkClient
from wallets.chain.l1_fees import estimate_l1_fee
from wallets.models import Network

pytestmark = pytest.mark.django_db

BASE, BLOB, OVERHEAD, PENALTY = 3 * 10**9, 7, 124, 2 * 10**9
SCALAR, COMMIT, OF_BLOB = 1_150_000_000, 11 * 10**9, 600 * 10**9
# Where the oracle keeps each: see its source.
PLACES = {1: BASE, 2: OVERHEAD, 3: SCALAR, 5: BLOB, 6: COMMIT, 7: OF_BLOB, 10: PENALTY}
CURIE, FEYNMAN, GALILEO = 8, 11, 12
DATA = bytes(range(1, 200))
# What stands around the calldata: 180 bytes, none of them zero.
LENGTH = 180 + len(DATA)


def before_curie() -> int:
    return (LENGTH * 16 + OVERHEAD + 64) * BASE * SCALAR // 10**9


def curie() -> int:
    return (COMMIT * BASE + OF_BLOB * LENGTH * BLOB) // 10**9


def feynman() -> int:
    return (COMMIT * BASE + OF_BLOB * BLOB) * LENGTH * PENALTY // 10**18


def galileo() -> int:
    base = (COMMIT * BASE + OF_BLOB * BLOB) * LENGTH
    return (base + base * LENGTH // PENALTY) // 10**9


@pytest.mark.parametrize(
    ("forks", "formula"),
    [
        ((), before_curie),
        ((CURIE,), curie),
        ((CURIE, FEYNMAN), feynman),
        ((CURIE, FEYNMAN, GALILEO), galileo),
    ],
)
def test_the_fee_is_the_oracles_with_half_as_much_again(
    ends: tuple[Network, Network],
    bridge: Bridge,
    forks: tuple[int, ...],
    formula: Callable[[], int],
) -> None:
    for place, number in {**PLACES, **dict.fromkeys(forks, 1)}.items():
        bridge.l2.call("anvil_setStorageAt", L2_ORACLE, hex(place), f"0x{number:064x}")
    asked = estimate_l1_fee(NetworkClient(ends[1]), DATA, 100_000)
    assert asked == formula() * 3 // 2
    assert asked > 0
