"""A permit is judged as the approve it replaces, and a real contract takes it."""

import time
from typing import Any

import pytest

from protocols.services import disable_deployment, register_token
from tests.protocols.operators import Operator
from wallets.chain.client import NetworkClient
from wallets.models import Limit, SignedRequest, Token, Wallet
from wallets.requests.kinds import register_kind
from wallets.requests.permits import Erc20Permit
from wallets.requests.services import RequestIntent, prepare_request
from wallets.signers.local import LocalSigner
from wallets.transactions.guards import Verdict

pytestmark = [pytest.mark.django_db, pytest.mark.db]
STRANGER = "0x1111111111111111111111111111111111111111"
AMOUNT = 5 * 10**18


@pytest.fixture
def shares(alice: Operator) -> Token:
    """The pool's own token, which has permits, registered as any other."""
    pool = alice.deployed.pairs[0].contract
    token = Token.objects.create(network=alice.network, address=pool.address, symbol="UNI-V2")
    register_token(token=token, source=pool.source, client=NetworkClient(alice.network))
    register_kind("evm", "permit", Erc20Permit())
    return token


def permit(operator: Operator, shares: Token, **changes: Any) -> SignedRequest:
    """A permit for the router, prepared."""
    payload = {
        "token": shares.address,
        "token_name": "Uniswap V2",
        "token_version": "1",
        "token_nonce": 0,
        "spender": operator.deployed.router.address,
        "amount": str(AMOUNT),
        "needed": str(AMOUNT),
        "deadline": int(time.time()) + 600,
        **changes,
    }
    intent = RequestIntent(
        wallet=Wallet.objects.get(address=operator.address),
        network=operator.network,
        idempotency_key=f"permit:{SignedRequest.objects.count()}",
        origin="test",
        protocol="evm",
        action="permit",
        payload=payload,
    )
    return prepare_request(intent=intent, actor="test")


def judged(row: SignedRequest) -> Verdict:
    return Erc20Permit().judge(row)


def test_the_contract_itself_takes_what_was_signed(alice: Operator, shares: Token) -> None:
    row = permit(alice, shares)
    assert judged(row).answer == "allow"
    signed = LocalSigner(alice.account).sign_typed_data(Erc20Permit().typed_message(row))
    said, router = row.payload, alice.deployed.router.address
    alice.have_treasury_call(
        shares.address,
        "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
        *(alice.address, router, AMOUNT, said["deadline"]),
        *(signed[64], signed[:32], signed[32:64]),
    )
    allowance = "allowance(address,address)"
    assert alice.view(shares.address, allowance, alice.address, router) == AMOUNT
    assert alice.view(shares.address, "nonces(address)", alice.address) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"spender": STRANGER}, "that may be given allowances"),
        ({"amount": str(2**256 - 1)}, "is without an end"),
        ({"amount": str(AMOUNT + 1)}, f"{AMOUNT} is needed, {AMOUNT + 1} would be allowed"),
        ({"token": STRANGER}, "no rule allows evm to call 0x095ea7b3"),
        ({"deadline": 1}, "at most 1800 are signed"),
        ({"deadline": 2**60}, "at most 1800 are signed"),
        ({"amount": "-1"}, "the permit's amount"),
        ({"spender": "0x12"}, "is not an address"),
        ({"surprise": "1"}, "the permit's surprise"),
    ],
)
def test_what_approve_could_not_say_no_permit_says(
    alice: Operator, shares: Token, changes: dict[str, Any], sentence: str
) -> None:
    verdict = judged(permit(alice, shares, **changes))
    assert (verdict.answer, sentence in verdict.sentence) == ("refuse", True), verdict.sentence


def test_caps_of_the_token_hold_for_permits(alice: Operator, shares: Token) -> None:
    scope = f"{alice.network.slug}:{shares.address}"
    Limit.objects.create(kind="max_value", scope_kind="token", scope_value=scope, amount=AMOUNT - 1)
    assert "above the limit" in judged(permit(alice, shares)).sentence


def test_a_disabled_spender_gets_no_permit(alice: Operator, shares: Token) -> None:
    router = alice.network.deployments.get(role="uniswap_v2_router")
    disable_deployment(deployment=router, reason="hacked")
    assert "that may be given allowances" in judged(permit(alice, shares)).sentence


def test_a_permit_names_its_network(alice: Operator, shares: Token) -> None:
    row = permit(alice, shares)
    row.network = None
    assert "counts on one network" in judged(row).sentence
