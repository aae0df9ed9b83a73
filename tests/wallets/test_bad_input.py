"""What is wrong is refused with a sentence, and nothing is signed for it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from protocols.codec import Function
from protocols.evm.quotes import ROUTER_ABI
from protocols.evm.tokens import ABI as ERC20_ABI
from protocols.models import Protocol
from protocols.params import BadParameters
from scheduling.models import Task
from scheduling.services import create_task
from tests.chains import ETHER
from tests.market import Market
from tests.protocols.operators import USDC, Operator
from tests.wallets.intents import transfer
from tests.wallets.planned import planned, queue, with_arguments
from wallets.addresses import AddressError
from wallets.amounts import AmountError, to_base_units
from wallets.models import Attempt, Network, Transaction, Wallet
from wallets.services import create_keystore_wallet, verify_wallet
from wallets.transactions import market as kept
from wallets.transactions.tick import tick

pytestmark = [pytest.mark.django_db, pytest.mark.db]

OWN = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"
TRANSFER, APPROVE = ERC20_ABI.function("transfer"), ERC20_ABI.function("approve")
FROM_NATIVE = ROUTER_ABI.function("swapExactETHForTokens")
STRANGER = "0x1111111111111111111111111111111111111111"


@pytest.fixture
def trader(registered: Network, market: Market, keystores: Path) -> Operator:
    """A wallet whose key is here, with 10 ETH and 100 USDC."""
    wallet = create_keystore_wallet(label="trader", scrypt_n=2)
    market.rpc.call("anvil_setBalance", wallet.address, hex(10 * ETHER))
    market.give("USDC", wallet.address, 100 * USDC)
    verify_wallet(wallet=wallet)
    account: Any = type("Known", (), {"address": wallet.address})()
    return Operator(market.rpc, account, registered, market.manifest.l2)


def refused(row: Transaction) -> str:
    """What the transaction says after its turn; it must not have been signed."""
    tick(row.lane_id)
    row.refresh_from_db()
    assert row.state == "refused"
    assert row.nonce is None
    assert not Attempt.objects.exists()
    return row.detail


def test_what_is_right_is_signed(trader: Operator, bob: Operator) -> None:
    usdc = trader.token("USDC")
    (call,) = planned(trader, "transfer-token", token=usdc, to=bob.address, amount=USDC)
    row = queue(trader, "transfer-token", call)
    tick(row.lane_id)
    row.refresh_from_db()
    assert (row.state, len(row.policy_digest)) == ("broadcast", 64)


@pytest.mark.parametrize(
    ("action", "params", "function", "changes", "told"),
    [
        (
            "transfer-token",
            {"token": "USDC", "to": "bob", "amount": USDC},
            TRANSFER,
            {"to": STRANGER},
            "is no verified wallet of this installation",
        ),
        (
            "approve",
            {"token": "USDC", "spender": "router", "amount": USDC},
            APPROVE,
            {"amount": 2**256 - 1},
            "is without an end",
        ),
        (
            "approve",
            {"token": "USDC", "spender": "router", "amount": USDC},
            APPROVE,
            {"spender": STRANGER},
            "that may be given allowances",
        ),
        (
            "swap",
            {"token_in": "native", "token_out": "USDC", "amount": ETHER},
            FROM_NATIVE,
            {"amountOutMin": 1},
            "was promised, 1 would be accepted",
        ),
        (
            "swap",
            {"token_in": "native", "token_out": "USDC", "amount": ETHER},
            FROM_NATIVE,
            {"to": STRANGER},
            "is not the sending wallet",
        ),
    ],
)
def test_a_forged_argument_is_never_signed(
    trader: Operator,
    bob: Operator,
    action: str,
    params: dict[str, Any],
    function: Function,
    changes: dict[str, Any],
    told: str,
) -> None:
    names = {
        "bob": bob.address,
        "router": trader.deployed.router.address,
        "USDC": trader.token("USDC"),
    }
    (call,) = planned(trader, action, **{key: names.get(it, it) for key, it in params.items()})
    forged = with_arguments(call, function, **changes)
    assert told in refused(queue(trader, action, forged))


def test_bytes_behind_the_call_are_never_signed(trader: Operator, bob: Operator) -> None:
    usdc = trader.token("USDC")
    (call,) = planned(trader, "transfer-token", token=usdc, to=bob.address, amount=USDC)
    row = queue(trader, "transfer-token", replace(call, data=call.data + bytes(32)))
    assert "are not exactly a call of transfer(address,uint256)" in refused(row)


def test_changed_code_is_never_called(trader: Operator, bob: Operator, market: Market) -> None:
    usdc = trader.token("USDC")
    (call,) = planned(trader, "transfer-token", token=usdc, to=bob.address, amount=USDC)
    # It answers everything with success.
    market.rpc.call("anvil_setCode", usdc, "0x600160005260206000f3")
    kept.forget()
    told = refused(queue(trader, "transfer-token", call))
    assert told == f"policy: the code at {usdc} is not the code that was registered"


def test_a_disabled_protocol_signs_nothing(trader: Operator, bob: Operator) -> None:
    (call,) = planned(trader, "transfer", to=bob.address, amount=1)
    row = queue(trader, "transfer", call)
    Protocol.objects.filter(slug="evm").update(enabled=False)
    assert refused(row) == "policy: Generic EVM is disabled; enable it first"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("0x1234", "'0x1234' is not an address: write 0x and 40 hex digits"),
        ("", "is not an address"),
        ("vitalik.eth", "'vitalik.eth' is not an address"),
        (OWN[:-1], "is not an address"),
        (OWN.replace("d8dA", "D8dA"), "has a wrong checksum; copy the address again"),
    ],
)
def test_an_address_that_is_none_makes_no_transaction(
    network: Network, wallet: Wallet, address: str, told: str
) -> None:
    with pytest.raises(AddressError, match=told):
        transfer(wallet, network, address)
    assert not Transaction.objects.exists()


@pytest.mark.parametrize("value", [-1, 2**256, 1.5, True])
def test_an_amount_that_is_none_makes_no_transaction(
    network: Network, wallet: Wallet, other_wallet: Wallet, value: Any
) -> None:
    with pytest.raises(AmountError, match=r"is outside 0 … 2\^256-1|is not a whole number"):
        transfer(wallet, network, other_wallet.address, value=value)
    assert not Transaction.objects.exists()


@pytest.mark.parametrize(
    ("text", "decimals", "told"),
    [
        ("-1", 18, "is outside 0 … 2^256-1"),
        ("0.0000001", 6, "0.0000001 has more than 6 decimals"),
        ("1.5", 0, "1.5 has more than 0 decimals"),
        ("1e78", 18, "is outside 0 … 2^256-1"),
        ("one", 18, "'one' is not a number; write it like 1.5"),
        ("NaN", 18, "NaN has more than 18 decimals"),
    ],
)
def test_a_typed_amount_that_cannot_be_is_refused(text: str, decimals: int, told: str) -> None:
    with pytest.raises(AmountError) as refusal:
        to_base_units(text, decimals)
    assert told in str(refusal.value)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"to": "0x12", "amount": "1"}, "the parameter to is '0x12': write 0x and 40 hex digits"),
        ({"to": OWN.replace("d8dA", "D8dA"), "amount": "1"}, "copied with its upper and lower"),
        ({"to": OWN, "amount": "-1"}, "write a whole number without sign"),
        ({"to": OWN, "amount": "0.5"}, "write a whole number without sign, point"),
        ({"to": OWN, "amount": 0.5}, "write a whole number"),
        ({"to": OWN, "amount": "0"}, "write an amount above zero"),
    ],
)
def test_a_task_with_such_parameters_is_not_made(
    network: Network, wallet: Wallet, params: dict[str, Any], told: str
) -> None:
    protocol = Protocol.objects.get(slug="evm")
    fields = {"protocol": protocol, "network": network, "schedule": Task.Schedule.ONCE}
    task = Task(
        name="send", action="transfer", params=params, starts_at=wallet.created_at, **fields
    )
    with pytest.raises(BadParameters) as refusal:
        create_task(task=task, wallets={wallet: {}})
    assert told in str(refusal.value)
    assert not Task.objects.exists()
