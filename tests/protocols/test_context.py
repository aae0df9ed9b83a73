"""What an action sees: enabled contracts, our own wallets, and a chain that answers or says why."""

import pytest

from protocols.actions import PlanError
from protocols.context import NetworkReader
from protocols.models import Deployment
from protocols.tokens import ensure_token
from tests.protocols.operators import Operator
from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient
from wallets.chain.errors import RpcUnavailable
from wallets.models import RpcEndpoint, Token, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_only_enabled_contracts_of_the_protocol_are_seen(alice: Operator) -> None:
    assert set(alice.context().deployments) == {"weth", "uniswap_v2_factory", "uniswap_v2_router"}
    Deployment.objects.filter(role="weth").update(enabled=False)
    assert "weth" not in alice.context().deployments
    assert set(alice.context("claims").deployments) == {"merkle_distributor"}


def test_recipients_are_our_wallets_without_the_retired(alice: Operator, bob: Operator) -> None:
    assert alice.context().recipients == {alice.address, bob.address}
    Wallet.objects.filter(address=bob.address).update(status=Wallet.Status.RETIRED)
    assert alice.context().recipients == {alice.address}


def test_a_refusal_of_the_contract_is_told_with_its_reason(alice: Operator) -> None:
    chain, usdc = alice.context().chain, parse_address(alice.token("USDC"))
    sender = parse_address("0x" + "12" * 20)
    transfer = bytes.fromhex("a9059cbb") + bytes(31) + b"\x01" + bytes(31) + b"\x01"
    with pytest.raises(PlanError, match=r"refuses the question: .*transfer amount exceeds balance"):
        chain.call(usdc, transfer, sender=sender)


def test_a_chain_that_does_not_answer_is_no_refusal(alice: Operator) -> None:
    RpcEndpoint.objects.update(url="http://127.0.0.1:1")
    chain = NetworkReader(NetworkClient(alice.network))
    with pytest.raises(RpcUnavailable):
        chain.balance(parse_address(alice.address))


def test_a_token_met_on_chain_is_known_but_not_enabled(alice: Operator) -> None:
    Token.objects.filter(symbol="USDC").delete()
    chain, address = alice.context().chain, alice.token("USDC")
    met = ensure_token(network=alice.network, address=address, chain=chain)
    assert (met.symbol, met.decimals, met.enabled) == ("USDC", 6, False)
    assert ensure_token(network=alice.network, address=address, chain=chain) == met


def test_a_contract_that_says_nothing_of_itself_is_known_by_its_address(alice: Operator) -> None:
    chain, address = alice.context().chain, alice.deployed.router.address
    met = ensure_token(network=alice.network, address=address, chain=chain)
    assert (met.symbol, met.decimals, met.enabled) == (address[:10], 0, False)
