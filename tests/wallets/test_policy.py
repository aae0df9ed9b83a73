"""What adapters plan is allowed; a call that says anything else is refused with the reason."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from protocols.evm.quotes import ROUTER_ABI
from protocols.evm.tokens import ABI as ERC20_ABI
from protocols.models import Protocol
from protocols.services import disable_deployment, disable_token
from tests.protocols.operators import ETHER, USDC, Operator
from tests.wallets.planned import planned, queue, with_arguments
from wallets.addresses import parse_address
from wallets.models import Limit, PolicyRule, Token, Transaction, Wallet
from wallets.transactions import guards
from wallets.transactions.expectations import Expectations
from wallets.transactions.policy import PolicyRefusal, check_policy

pytestmark = [pytest.mark.django_db, pytest.mark.db]

STRANGER = "0x1111111111111111111111111111111111111111"
TRANSFER, APPROVE = ERC20_ABI.function("transfer"), ERC20_ABI.function("approve")
FROM_NATIVE = ROUTER_ABI.function("swapExactETHForTokens")
TO_NATIVE = ROUTER_ABI.function("swapExactTokensForETH")


def now_plus(seconds: int) -> int:
    """A time as contracts know it."""
    return int((timezone.now() + timedelta(seconds=seconds)).timestamp())


@pytest.fixture
def send_usdc(alice: Operator, bob: Operator) -> Any:
    """A transfer of 7 USDC to Bob, as planned."""
    token = alice.token("USDC")
    return planned(alice, "transfer-token", token=token, to=bob.address, amount=7 * USDC)[0]


@pytest.fixture
def sell_usdc(alice: Operator) -> list[Any]:
    """An allowance of 5 USDC and their swap to ETH, as planned."""
    usdc = alice.token("USDC")
    return planned(alice, "swap", token_in=usdc, token_out="native", amount=5 * USDC)


@pytest.fixture
def buy_usdc(alice: Operator) -> Any:
    """A swap of 1 ETH to USDC, as planned."""
    usdc = alice.token("USDC")
    return planned(alice, "swap", token_in="native", token_out=usdc, amount=ETHER)[0]


def refusal(operator: Operator, action: str, call: Any, *, protocol: str = "evm") -> str:
    """Why the call is not allowed."""
    with pytest.raises(PolicyRefusal) as refused:
        check_policy(queue(operator, action, call, protocol=protocol))
    return str(refused.value)


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("transfer", {"to": "bob", "amount": 1}),
        ("transfer-token", {"token": "USDC", "to": "bob", "amount": 1}),
        ("approve", {"token": "USDC", "spender": "router", "amount": 1}),
        ("wrap", {"amount": 1}),
        ("swap", {"token_in": "native", "token_out": "USDC", "amount": ETHER}),
        ("swap", {"token_in": "USDC", "token_out": "native", "amount": USDC}),
        ("swap", {"token_in": "USDC", "token_out": "WETH", "amount": USDC}),
    ],
)
def test_everything_an_adapter_plans_is_allowed(
    alice: Operator, bob: Operator, action: str, params: dict[str, Any]
) -> None:
    tokens = {symbol: alice.token(symbol) for symbol in ("USDC", "WETH")}
    names = {"bob": bob.address, "router": alice.deployed.router.address, **tokens}
    calls = planned(alice, action, **{key: names.get(it, it) for key, it in params.items()})
    assert [len(check_policy(queue(alice, action, call)).digest) for call in calls] == (
        [64] * len(calls)
    )


def test_unwrapping_is_allowed(alice: Operator) -> None:
    alice.perform("wrap", amount=ETHER)
    assert check_policy(queue(alice, "unwrap", planned(alice, "unwrap", amount=ETHER)[0]))


def test_the_digest_binds_every_fact_that_was_checked(alice: Operator, send_usdc: Any) -> None:
    row = queue(alice, "transfer-token", send_usdc)
    digests = {check_policy(row).digest}
    changed = {"expectations": {"allowance": "7"}, "action": "other"}
    for name, value in changed.items():
        setattr(row, name, value)
        digests.add(check_policy(row).digest)
    PolicyRule.objects.filter(address=row.to).update(code_hash="0x" + "11" * 32)
    digests.add(check_policy(row).digest)
    row.data = with_arguments(send_usdc, TRANSFER, amount=6).data
    digests.add(check_policy(row).digest)
    assert len(digests) == 5


@pytest.mark.parametrize("status", ["unverified", "retired"])
def test_a_recipient_that_is_not_verified_is_refused(
    alice: Operator, bob: Operator, send_usdc: Any, status: str
) -> None:
    native = planned(alice, "transfer", to=bob.address, amount=1)[0]
    Wallet.objects.filter(address=bob.address).update(status=status)
    told = "is no verified wallet of this installation and no listed safe address"
    assert told in refusal(alice, "transfer-token", send_usdc)
    assert told in refusal(alice, "transfer", native)


def test_a_watched_wallet_receives_only_as_a_listed_safe_address(
    alice: Operator, bob: Operator, send_usdc: Any
) -> None:
    here = Wallet.objects.filter(address=bob.address)
    here.update(signer_kind="watch_only")
    assert "no verified wallet" in refusal(alice, "transfer-token", send_usdc)
    here.update(safe_address=True, status="retired")
    assert check_policy(queue(alice, "transfer-token", send_usdc))


def test_a_strangers_address_in_the_calldata_is_refused(alice: Operator, send_usdc: Any) -> None:
    forged = with_arguments(send_usdc, TRANSFER, to=STRANGER)
    assert f"argument 0: {STRANGER} is no verified wallet" in refusal(alice, "transfer", forged)


@pytest.mark.parametrize(
    "forge",
    [
        lambda data: data + b"\x00",
        lambda data: data + bytes(32),
        lambda data: data[:-1],
        lambda data: data[:4],
        lambda data: data[:4] + b"\x01" + data[5:],
    ],
    ids=["a byte more", "a word more", "a byte less", "no arguments", "a dirty address"],
)
def test_calldata_that_is_not_exactly_the_call_is_refused(
    alice: Operator, send_usdc: Any, forge: Any
) -> None:
    forged = replace(send_usdc, data=forge(send_usdc.data))
    assert "are not exactly a call of transfer(address,uint256)" in refusal(alice, "x", forged)


def test_an_offset_that_leads_elsewhere_is_refused(alice: Operator, buy_usdc: Any) -> None:
    # The path's words once more at the end, and its offset pointing there.
    data = buy_usdc.data
    path = data[4 + 128 :]
    moved = (128 + len(path)).to_bytes(32)
    forged = replace(buy_usdc, data=data[: 4 + 32] + moved + data[4 + 64 :] + path)
    assert FROM_NATIVE.decode_call(forged.data) is None
    assert "are not exactly a call" in refusal(alice, "swap", forged)


def test_the_selector_is_read_from_the_bytes_that_are_signed(
    alice: Operator, send_usdc: Any
) -> None:
    row = queue(alice, "x", replace(send_usdc, data=b"\xde\xad\xbe\xef" + send_usdc.data[4:]))
    row.selector = "0xa9059cbb"
    with pytest.raises(PolicyRefusal, match="no rule allows evm to call 0xdeadbeef at"):
        check_policy(row)


@pytest.mark.parametrize("selector", [b"\x01", b"\xa9\x05\x9c"])
def test_bytes_too_short_for_a_selector_are_refused(alice: Operator, selector: bytes) -> None:
    call = planned(alice, "wrap", amount=1)[0]
    assert "no rule allows evm to call" in refusal(alice, "x", replace(call, data=selector))


def test_another_protocol_may_not_use_the_rule(alice: Operator, send_usdc: Any) -> None:
    told = refusal(alice, "transfer-token", send_usdc, protocol="claims")
    assert "no rule allows claims to call 0xa9059cbb" in told


def test_native_coin_goes_only_with_calls_that_take_it(alice: Operator, send_usdc: Any) -> None:
    told = refusal(alice, "transfer-token", replace(send_usdc, value=1))
    assert told == "transfer(address,uint256) takes no native coin, 1 wei would go with it"


def test_native_coin_to_a_registered_contract_without_a_call_is_refused(alice: Operator) -> None:
    call = replace(planned(alice, "wrap", amount=1)[0], data=b"")
    assert "native coin goes to those only" in refusal(alice, "wrap", call)


def test_an_allowance_is_what_the_next_step_needs(alice: Operator, sell_usdc: list[Any]) -> None:
    approve = sell_usdc[0]
    assert check_policy(queue(alice, "swap", approve)).spends[0].leaves is False
    more = with_arguments(approve, APPROVE, amount=5 * USDC + 1)
    assert "5000000 is needed, 5000001 would be allowed" in refusal(alice, "swap", more)
    unsaid = replace(approve, expectations=Expectations())
    assert "is not recorded with the transaction" in refusal(alice, "swap", unsaid)


@pytest.mark.parametrize("amount", [2**256 - 1, 2**255, 2**160 - 1, 2**128, 2**96 - 1])
def test_an_allowance_without_an_end_is_refused(
    alice: Operator, sell_usdc: list[Any], amount: int
) -> None:
    forged = with_arguments(sell_usdc[0], APPROVE, amount=amount)
    forged = replace(forged, expectations=Expectations(allowance=amount))
    assert f"an allowance of {amount} is without an end" in refusal(alice, "swap", forged)


def test_only_registered_contracts_that_take_tokens_become_spenders(
    alice: Operator, bob: Operator, sell_usdc: list[Any]
) -> None:
    for spender in (STRANGER, bob.address, alice.deployed.factory.address, alice.token("WETH")):
        forged = with_arguments(sell_usdc[0], APPROVE, spender=spender)
        assert f"{spender} is no enabled deployment of evm" in refusal(alice, "swap", forged)


def test_a_disabled_spender_is_given_nothing_and_can_be_revoked(
    alice: Operator, sell_usdc: list[Any]
) -> None:
    router = Protocol.objects.get(slug="evm").deployments.get(role="uniswap_v2_router")
    disable_deployment(deployment=router, reason="a bug was found")
    assert "may be given allowances" in refusal(alice, "swap", sell_usdc[0])
    revoke = with_arguments(sell_usdc[0], APPROVE, amount=0)
    revoke = replace(revoke, expectations=Expectations(allowance=0))
    assert check_policy(queue(alice, "swap", revoke))


def test_a_swap_pays_out_to_its_own_wallet_only(
    alice: Operator, bob: Operator, buy_usdc: Any
) -> None:
    forged = with_arguments(buy_usdc, FROM_NATIVE, to=bob.address)
    assert f"{bob.address} is not the sending wallet" in refusal(alice, "swap", forged)


@pytest.mark.parametrize(
    ("seconds", "told"), [(-1, "the deadline was"), (0, "the deadline was"), (3700, "away")]
)
def test_a_deadline_is_to_come_and_near(
    alice: Operator, buy_usdc: Any, seconds: int, told: str
) -> None:
    forged = with_arguments(buy_usdc, FROM_NATIVE, deadline=now_plus(seconds))
    assert told in refusal(alice, "swap", forged)


def test_less_than_the_quote_less_slippage_is_refused(alice: Operator, buy_usdc: Any) -> None:
    decoded = FROM_NATIVE.decode_call(buy_usdc.data)
    assert decoded
    least = decoded.arguments["amountOutMin"]
    for accepted in (least - 1, 0):
        forged = with_arguments(buy_usdc, FROM_NATIVE, amountOutMin=accepted)
        told = f"at least {least} was promised, {accepted} would be accepted"
        assert told in refusal(alice, "swap", forged)


def test_a_swap_without_a_recorded_quote_is_refused(alice: Operator, buy_usdc: Any) -> None:
    for kept in (Expectations(), Expectations(quoted_out=1), Expectations(slippage_bps=0)):
        forged = replace(buy_usdc, expectations=kept)
        assert "no quote is recorded with the transaction" in refusal(alice, "swap", forged)
    careless = Expectations(quoted_out=1, slippage_bps=5001)
    told = refusal(alice, "swap", replace(buy_usdc, expectations=careless))
    assert "a slippage of 5001 bps is above 5000" in told


def test_only_enabled_tokens_are_traded(alice: Operator, buy_usdc: Any) -> None:
    usdc = Token.objects.get(network=alice.network, symbol="USDC")
    disable_token(token=usdc, reason="it lost its peg")
    assert f"{usdc.address} is no enabled token on Devnet L2" in refusal(alice, "swap", buy_usdc)
    forged = with_arguments(buy_usdc, FROM_NATIVE, path=[])
    assert "there is nothing at argument 1.*" in refusal(alice, "swap", forged)


def test_a_claim_is_for_the_sending_wallet(alice: Operator, bob: Operator) -> None:
    from protocols.claims.adapter import ABI

    claim = ABI.function("claim")
    distributor = Protocol.objects.get(slug="claims").deployments.get()
    call = replace(
        planned(alice, "wrap", amount=1)[0],
        to=parse_address(distributor.address),
        value=0,
        data=claim.encode(0, alice.address, 5, [b"\x01" * 32]),
    )
    assert check_policy(queue(alice, "merkle-claim", call, protocol="claims"))
    forged = with_arguments(call, claim, account=bob.address)
    assert "is not the sending wallet" in refusal(alice, "x", forged, protocol="claims")


def test_an_amount_above_the_cap_of_its_token_is_refused(alice: Operator, send_usdc: Any) -> None:
    cap = Limit.objects.create(
        kind="max_value",
        scope_kind="token",
        scope_value=f"devnet-l2:{send_usdc.to}",
        amount=7 * USDC,
    )
    assert check_policy(queue(alice, "transfer-token", send_usdc))
    Limit.objects.filter(pk=cap.pk).update(amount=7 * USDC - 1)
    told = "7 USDC is above the limit of 6.999999 USDC a transaction"
    assert refusal(alice, "transfer-token", send_usdc) == told


def test_a_cap_of_another_networks_token_is_not_this_ones(alice: Operator, send_usdc: Any) -> None:
    scope = {"scope_kind": "token", "scope_value": f"devnet-l1:{send_usdc.to}"}
    Limit.objects.create(kind="max_value", amount=1, **scope)
    assert check_policy(queue(alice, "transfer-token", send_usdc))


def test_native_coin_above_its_cap_is_refused(alice: Operator, bob: Operator) -> None:
    Limit.objects.create(kind="max_value", scope_kind="everything", amount=ETHER)
    call = planned(alice, "transfer", to=bob.address, amount=2 * ETHER)[0]
    assert "is above the limit of 1 " in refusal(alice, "transfer", call)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"enabled": False, "disabled_reason": "a bug"}, r"is off: a bug"),
        ({"code_hash": ""}, "has no code on record; register it again"),
        ({"arguments": []}, "is not whole: argument 0 has no check; argument 1 has no check"),
        ({"arguments": [{"check": "magic", "path": [0]}]}, "cannot be read"),
        ({"arguments": "anything"}, "cannot be read"),
        ({"signature": "transfer(address,uint128)"}, "is not whole|is not the selector"),
        ({"signature": "transfer"}, "is not written like name"),
    ],
)
def test_a_rule_that_does_not_say_everything_allows_nothing(
    alice: Operator, send_usdc: Any, change: dict[str, Any], told: str
) -> None:
    row = queue(alice, "transfer-token", send_usdc)
    PolicyRule.objects.filter(address=row.to).update(**change)
    with pytest.raises(PolicyRefusal, match=told):
        check_policy(row)


def asked(row: Transaction) -> guards.Verdict:
    return guards.ask_all([row])[row.pk]


def test_a_disabled_protocol_has_nothing_signed(alice: Operator, send_usdc: Any) -> None:
    row = queue(alice, "transfer-token", send_usdc)
    assert asked(row) == guards.ALLOWED
    Protocol.objects.filter(slug="evm").update(enabled=False)
    assert asked(row).sentence == "Generic EVM is disabled; enable it first"


def test_a_protocol_acts_on_its_networks_only(alice: Operator, send_usdc: Any) -> None:
    Protocol.objects.get(slug="evm").networks.remove(alice.network)
    verdict = asked(queue(alice, "transfer-token", send_usdc))
    assert verdict.answer is guards.Answer.REFUSE
    assert verdict.sentence == "Generic EVM is not enabled on Devnet L2; add the network"


def test_a_protocol_nobody_installed_has_nothing_signed(alice: Operator, send_usdc: Any) -> None:
    verdict = asked(queue(alice, "x", send_usdc, protocol="gone"))
    assert verdict.sentence == "there is no protocol gone; nothing vouches for it"
