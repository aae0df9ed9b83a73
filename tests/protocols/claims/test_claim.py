"""A claim is made once, with a proof that leads to the root, and booked as the token says."""

from dataclasses import replace
from typing import Any

import pytest

from protocols.actions import Log, PlanError
from protocols.models import Deployment, Protocol
from protocols.params import read_params
from protocols.registry import get_action
from protocols.services import register_deployment
from tests.market import Market
from tests.protocols.operators import Operator, booked, change
from wallets.chain.client import NetworkClient

pytestmark = pytest.mark.django_db


def entitlement(market: Market, owner: Operator) -> dict[str, Any]:
    """The owner's parameters, as a published list gives them."""
    claim = market.manifest.airdrop.claim_of(owner.address)
    return {"index": claim.index, "amount": str(claim.amount), "proof": list(claim.proof)}


def plan(operator: Operator, params: dict[str, Any]) -> Any:
    """The steps of a claim."""
    return operator.plan("merkle-claim", protocol="claims", **params).steps


def test_a_claim_is_booked_as_the_chain_did_it(alice: Operator, market: Market) -> None:
    before, params = alice.balances(), entitlement(market, alice)
    done = alice.perform("merkle-claim", protocol="claims", **params)
    assert booked(done) == change(before, alice.balances())
    assert booked(done) == {alice.token("DROP"): int(params["amount"])}
    assert done[0].note == f"index {params['index']} is claimed"


def test_a_second_claim_is_refused(alice: Operator, market: Market) -> None:
    alice.perform("merkle-claim", protocol="claims", **entitlement(market, alice))
    with pytest.raises(PlanError, match="is claimed already"):
        plan(alice, entitlement(market, alice))


def test_another_amount_or_proof_is_refused(alice: Operator, market: Market) -> None:
    params = entitlement(market, alice)
    for wrong in ({"amount": 1}, {"proof": params["proof"][1:]}, {"index": 99}):
        with pytest.raises(PlanError, match="does not lead to the root"):
            plan(alice, {**params, **wrong})


def test_what_belongs_to_another_wallet_is_refused(
    alice: Operator, bob: Operator, market: Market
) -> None:
    with pytest.raises(PlanError, match=f"does not lead to the root of .* for {alice.address}"):
        plan(alice, entitlement(market, bob))


def test_among_several_distributors_one_must_be_named(
    alice: Operator, market: Market, client: NetworkClient
) -> None:
    first = market.manifest.airdrop.distributor.address
    register_deployment(
        protocol=Protocol.objects.get(slug="claims"),
        network=alice.network,
        role="merkle_distributor-other",
        address=alice.deployed.factory.address,
        abi="merkle_distributor",
        source="a test",
        client=client,
    )
    params = entitlement(market, alice)
    with pytest.raises(PlanError, match="several distributors here"):
        plan(alice, params)
    (call,) = plan(alice, {**params, "distributor": first})
    assert call.to == first


def test_a_contract_that_is_no_distributor_is_told_apart(alice: Operator, market: Market) -> None:
    router = alice.deployed.router.address
    Deployment.objects.filter(role="merkle_distributor").update(address=router)
    with pytest.raises(PlanError, match=f"{router} refuses the question"):
        plan(alice, entitlement(market, alice))


def test_a_distributor_that_is_not_registered_is_refused(alice: Operator, market: Market) -> None:
    params = entitlement(market, alice)
    with pytest.raises(PlanError, match="is no enabled merkle_distributor on chain 31338"):
        plan(alice, {**params, "distributor": alice.token("DROP")})
    Deployment.objects.filter(role="merkle_distributor").update(enabled=False)
    with pytest.raises(PlanError, match="no enabled deployment of merkle_distributor"):
        plan(alice, params)


def test_arguments_a_distributor_indexes_are_read_as_well(alice: Operator, market: Market) -> None:
    action = get_action("claims", "merkle-claim")
    params, context = entitlement(market, alice), alice.context("claims")
    typed = read_params(action.Params, params)
    (call,) = action.plan(context, typed).steps
    receipt = alice.send(call)  # type: ignore[arg-type]
    *rest, claimed = receipt.logs
    words = tuple(claimed.data[start : start + 32] for start in (0, 32, 64))
    indexed = Log(claimed.address, (claimed.topics[0], *words), b"", claimed.index)
    done = action.settle(context, typed, replace(receipt, logs=(*rest, indexed)))
    assert done.note == f"index {params['index']} is claimed"
