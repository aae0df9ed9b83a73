"""What is deposited arrives at the wallet itself on L2, and the books say what both chains say."""

import pytest
from eth_utils.address import to_checksum_address

from airdrops_site.devnet.outbox import encode_call
from protocols.actions import Call, PlanError
from protocols.models import Deployment
from protocols.zksync.adapter import health
from protocols.zksync.depositing import deposit_fee
from tests.protocols.zksync.chains import L1, L2, PLACES
from tests.protocols.zksync.conftest import ETHER
from tests.protocols.zksync.crossing import Traveller, change
from tests.protocols.zksync.era import send_as
from wallets.models import Network

pytestmark = pytest.mark.django_db

STRANGER = "0x1111111111111111111111111111111111111111"


def allowed(who: Traveller, token: str) -> int:
    """What the router may still take."""
    data = encode_call("allowance(address,address)", who.address, PLACES["L1", "AssetRouter"])
    return int(who.chains.l1.call("eth_call", {"to": token, "data": data}, "latest"), 16)


def bridged(who: Traveller, token: str) -> str:
    """The token that stands for one of L1 on L2."""
    asset = who.chains.l1.call(
        "eth_call",
        {"to": PLACES["L1", "L1Vault"], "data": encode_call("assetId(address)", token)},
        "latest",
    )
    data = encode_call("tokenAddress(bytes32)", bytes.fromhex(asset[2:]))
    found = who.chains.l2.call("eth_call", {"to": PLACES["L2", "L2Vault"], "data": data}, "latest")
    return to_checksum_address(f"0x{found[-40:]}")


def fail_next(who: Traveller) -> None:
    """The L2 cannot do the next request."""
    who.chains.node.call("test_fail")


def test_ether_arrives_and_the_unused_fee_with_it(traveller: Traveller) -> None:
    before = traveller.holdings()
    traveller.cross(L1, "deposit", amount=str(ETHER))
    moved = change(before, traveller.holdings())
    assert traveller.booked() == moved
    assert -moved[L1, ""] > moved[L2, ""] > ETHER


def test_an_arrival_counts_once_it_is_confirmed(traveller: Traveller) -> None:
    Network.objects.filter(chain_id=L2).update(confirm_depth=3)
    looked = []

    def world() -> None:
        looked.append(traveller.chains.node.call("test_carry"))
        for rpc in (traveller.chains.l1, traveller.chains.l2):
            rpc.call("evm_mine")

    traveller.cross(L1, "deposit", world, amount=str(ETHER))
    assert looked == [1, 0]


def test_the_fee_is_enough_for_the_highest_price_that_may_be_paid(traveller: Traveller) -> None:
    call, _ = traveller.plan(L1, "deposit", amount=str(ETHER)).steps
    price = int(traveller.chains.l1.call("eth_gasPrice"), 16)
    traveller.chains.l1.call("anvil_setNextBlockBaseFeePerGas", hex(2 * price - 10**9))
    assert isinstance(call, Call)
    # Nothing is sent for more than the fee was reckoned with.
    assert call.max_fee_per_gas == price * 5 // 2
    assert traveller.send(L1, call, "deposit")


def test_a_token_arrives_and_no_allowance_is_left(traveller: Traveller, coin: str) -> None:
    before = traveller.holdings((L1, coin))
    traveller.cross(L1, "deposit-token", token=coin, amount=str(5 * ETHER))
    there = bridged(traveller, coin)
    moved = change(before, traveller.holdings((L1, coin), (L2, there)))
    assert traveller.booked() == moved
    assert (moved[L1, coin], moved[L2, there]) == (-5 * ETHER, 5 * ETHER)
    assert allowed(traveller, coin) == 0


def test_ether_of_a_failed_request_is_told_to_be_back_on_l2(traveller: Traveller) -> None:
    before = traveller.holdings()
    fail_next(traveller)
    with pytest.raises(PlanError, match=r"failed: .* wei of amount and fee came back") as told:
        traveller.cross(L1, "deposit", amount=str(ETHER))
    moved = change(before, traveller.holdings())
    assert traveller.booked() == moved
    assert str(moved[L2, ""]) in str(told.value)


def test_a_token_of_a_failed_request_is_proven_back(traveller: Traveller, coin: str) -> None:
    before = traveller.holdings((L1, coin))
    fail_next(traveller)
    with pytest.raises(PlanError, match=rf"failed; .* of {coin} went back to"):
        traveller.cross(L1, "deposit-token", token=coin, amount=str(5 * ETHER))
    moved = change(before, traveller.holdings((L1, coin)))
    assert traveller.booked() == moved
    assert (L1, coin) not in moved


def test_a_wallet_with_code_would_lose_its_refund(traveller: Traveller) -> None:
    traveller.chains.l1.call("anvil_setCode", traveller.address, "0xef0100" + "11" * 20)
    with pytest.raises(PlanError, match="an address nobody has; remove the delegation"):
        traveller.plan(L1, "deposit", amount=str(ETHER))


def test_what_the_wallet_does_not_have_is_refused(traveller: Traveller, coin: str) -> None:
    with pytest.raises(PlanError, match="lower the amount or fund the wallet"):
        traveller.plan(L1, "deposit", amount=str(10 * ETHER))
    with pytest.raises(PlanError, match="lower the amount or fund the wallet"):
        traveller.plan(L1, "deposit-token", token=coin, amount=str(1001 * ETHER))


def test_a_deposit_does_not_start_on_l2(traveller: Traveller) -> None:
    with pytest.raises(PlanError, match=r"a deposit starts on the L1 .* not on chain 324"):
        traveller.plan(L2, "deposit", amount="1")


def test_a_bridge_that_moved_is_not_used(traveller: Traveller, coin: str) -> None:
    elsewhere = PLACES["L1", "L1Vault"]
    Deployment.objects.filter(role="diamond_proxy").update(address=elsewhere)
    with pytest.raises(PlanError, match="does not take requests to chain 324 through"):
        traveller.plan(L1, "deposit", amount="1")
    Deployment.objects.filter(role="l1_native_token_vault").update(address=coin)
    with pytest.raises(PlanError, match=f"uses {elsewhere} as l1_native_token_vault"):
        traveller.plan(L1, "deposit-token", token=coin, amount="1")


def test_a_bridge_that_is_closed_on_l1_is_told(traveller: Traveller) -> None:
    assert list(health(traveller.context(L1))) == list(health(traveller.context(L2))) == []
    hub, mailbox = PLACES["L1", "Bridgehub"], PLACES["L1", "Mailbox"]
    for contract, call in ((hub, "pause()"), (mailbox, "freezeDiamond()")):
        send_as(traveller.chains.l1, STRANGER, contract, encode_call(call))
    assert list(health(traveller.context(L1))) == [
        f"the bridge is paused: {hub} takes no deposits",
        f"the chain is frozen on L1: {mailbox} takes no deposits",
    ]


@pytest.mark.parametrize("action", ["deposit", "deposit-token"])
def test_the_fee_is_known_before_the_coin_is_there(
    traveller: Traveller, coin: str, action: str
) -> None:
    token = "native" if action == "deposit" else coin
    params = {"amount": str(5 * ETHER)} | ({"token": token} if action != "deposit" else {})
    *_, request, _arrival = traveller.plan(L1, action, **params).steps
    assert isinstance(request, Call)
    own = 5 * ETHER if action == "deposit" else 0
    asked = deposit_fee(traveller.context(L1), token, 5 * ETHER)
    assert asked == request.value - own > 0
