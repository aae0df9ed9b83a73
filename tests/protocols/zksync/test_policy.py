"""Whatever a plan says, the bridge's calls give value to nobody but the wallet itself."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from protocols.actions import Call, Done, Progress, Wait
from protocols.zksync import finalising
from protocols.zksync.contracts import BRIDGEHUB_ABI
from tests.protocols.zksync.chains import L1, L2
from tests.protocols.zksync.conftest import ETHER
from tests.protocols.zksync.crossing import Traveller
from wallets.transactions.policy import PolicyRefusal

pytestmark = pytest.mark.django_db

STRANGER = "11" * 20
ROUTER_MESSAGE = "9c884fd1" + "00" * 31 + "44" + "22" * 32


def places(data: bytes, needle: str) -> Iterator[int]:
    """Where the bytes stand in the calldata, in hex digits."""
    text, at = data.hex(), -1
    while (at := text.find(needle, at + 1)) >= 0:
        yield at


def tampered(call: Call, wallet: str) -> Iterator[Call]:
    """The call with each mention of the wallet replaced by a stranger, one at a time."""
    own, text = wallet[2:].lower(), call.data.hex()
    for at in places(call.data, own):
        yield replace(call, data=bytes.fromhex(text[:at] + STRANGER + text[at + 40 :]))


def refuses_strangers(who: Traveller, chain_id: int, call: Call, mentions: int) -> None:
    """The call itself may be signed; with any other receiver it may not."""
    who.judge(chain_id, call, "any")
    wrong = list(tampered(call, who.address))
    assert len(wrong) == mentions
    for one in wrong:
        with pytest.raises(PolicyRefusal, match="is not the sending wallet"):
            who.judge(chain_id, one, "any")


def only_call(who: Traveller, chain_id: int, action: str, **params: str) -> Call:
    """The plan's call that is no allowance."""
    steps = who.plan(chain_id, action, **params).steps
    return [step for step in steps if isinstance(step, Call)][-1]


def finalisation(who: Traveller, message: str) -> Call:
    """A finalisation of any message."""
    kept = {
        "sender": "0x000000000000000000000000000000000000800A",
        "message": f"0x{message}",
        "batch": 7,
        "index": 3,
        "tx_number": 1,
        "proof": ["0x" + "33" * 32],
    }
    progress = Progress((Done(Wait("a wait", finalising.PROVABLE), found=kept),))
    (call,) = finalising.plan_finalisation(who.context(L2), progress)
    assert isinstance(call, Call)
    return call


def test_a_deposit_of_ether_pays_and_refunds_the_wallet(traveller: Traveller) -> None:
    refuses_strangers(traveller, L1, only_call(traveller, L1, "deposit", amount="5"), 2)


def test_a_deposit_of_a_token_pays_and_refunds_the_wallet(traveller: Traveller, coin: str) -> None:
    call = only_call(traveller, L1, "deposit-token", token=coin, amount="5")
    refuses_strangers(traveller, L1, call, 2)


def test_withdrawals_pay_the_wallet(traveller: Traveller, native_coin: str) -> None:
    refuses_strangers(traveller, L2, only_call(traveller, L2, "withdraw", amount="5"), 1)
    call = only_call(traveller, L2, "withdraw-token", token=native_coin, amount="5")
    refuses_strangers(traveller, L2, call, 1)


def test_a_finalisation_pays_the_wallet(traveller: Traveller) -> None:
    own = traveller.address[2:].lower()
    ether = "6c0960f9" + own + f"{ETHER:064x}"
    refuses_strangers(traveller, L1, finalisation(traveller, ether), 1)
    receiver = "00" * 12 + own
    token = ROUTER_MESSAGE + "00" * 12 + STRANGER + receiver + "00" * 12 + "55" * 20
    refuses_strangers(traveller, L1, finalisation(traveller, token), 1)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (f"{L2:064x}", f"{300:064x}", "it must be 324 on Chain 1, not 300"),
        (f"{800:064x}", f"{801:064x}", "it must be 800"),
        ("8829ad80e425c646dab305381ff105169feece56", STRANGER, "that a call may name"),
    ],
)
def test_another_chain_price_or_bridge_is_refused(
    traveller: Traveller, coin: str, old: str, new: str, told: str
) -> None:
    call = only_call(traveller, L1, "deposit-token", token=coin, amount="5")
    assert call.data.hex().count(old) == 1
    wrong = replace(call, data=bytes.fromhex(call.data.hex().replace(old, new)))
    with pytest.raises(PolicyRefusal, match=told):
        traveller.judge(L1, wrong, "deposit-token")


def test_a_call_on_l2_hidden_in_a_deposit_is_refused(traveller: Traveller) -> None:
    hub = traveller.context(L1).deployment("bridgehub")
    request: Any = (L2, 9, traveller.address, 1, b"\xde\xad", 9, 800, [], traveller.address)
    call = only_call(traveller, L1, "deposit", amount="5")
    data = BRIDGEHUB_ABI.function("requestL2TransactionDirect").encode(request)
    with pytest.raises(PolicyRefusal, match="it must be 0x, not 0xdead"):
        traveller.judge(L1, replace(call, to=hub, data=data), "deposit")
