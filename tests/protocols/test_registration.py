"""What may be called is what was found on chain, with the code that was found."""

from collections import Counter
from typing import Any

import pytest
from eth_utils.crypto import keccak

from protocols.actions import ERC20
from protocols.models import Deployment, Protocol
from protocols.registry import adapters
from protocols.services import (
    DeploymentError,
    disable_deployment,
    disable_token,
    register_deployment,
    register_token,
    verify_deployment,
)
from protocols.verification import Vouched
from tests.market import Market
from wallets.chain.client import NetworkClient
from wallets.chain.errors import RpcUnavailable
from wallets.models import Network, PolicyRule, RpcEndpoint, Token

pytestmark = [pytest.mark.django_db, pytest.mark.db]

OTHER_CODE = "0x60016000f3"
NOBODY = "0x1111111111111111111111111111111111111111"


@pytest.fixture
def weth(devnet: Network, market: Market) -> dict[str, Any]:
    """What registering WETH takes."""
    contract = market.manifest.l2.weth.contract
    return {
        "protocol": Protocol.objects.get(slug="evm"),
        "network": devnet,
        "role": "weth",
        "address": contract.address,
        "abi": "weth",
        "source": "a list of addresses",
        "client": NetworkClient(devnet),
    }


@pytest.fixture
def usdc(devnet: Network) -> Token:
    """A token we know."""
    return Token.objects.get(network=devnet, symbol="USDC")


def rules(address: str, *, enabled: bool = True) -> set[str]:
    """The signatures allowed (or not) at an address."""
    rows = PolicyRule.objects.filter(address=address, enabled=enabled)
    return set(rows.values_list("signature", flat=True))


def test_registering_enables_what_was_found(weth: dict[str, Any], market: Market) -> None:
    row = register_deployment(**weth)
    assert row.enabled
    assert row.verified_at
    assert row.code_hash == market.manifest.l2.weth.contract.code_hash
    assert list(row.protocol.networks.all()) == [row.network]


def test_registering_allows_what_the_role_needs(weth: dict[str, Any]) -> None:
    row = register_deployment(**weth)
    assert set(
        PolicyRule.objects.values_list(
            "network_id", "address", "selector", "protocol", "signature", "code_hash", "source"
        )
    ) == {
        (row.network_id, row.address, selector, "evm", signature, row.code_hash, row.source)
        for selector, signature in (
            ("0xd0e30db0", "deposit()"),
            ("0x2e1a7d4d", "withdraw(uint256)"),
        )
    }


def test_registering_again_changes_nothing(weth: dict[str, Any]) -> None:
    first = register_deployment(**weth)
    again = register_deployment(**{**weth, "address": weth["address"].lower()})
    assert (first.pk, PolicyRule.objects.count()) == (again.pk, 2)


def test_a_contract_only_read_gets_no_rule(weth: dict[str, Any], market: Market) -> None:
    factory = market.manifest.l2.factory.address
    changes = {"role": "uniswap_v2_factory", "abi": "uniswap_v2_factory", "address": factory}
    assert register_deployment(**{**weth, **changes}).enabled
    assert not PolicyRule.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"address": NOBODY}, f"no contract at {NOBODY} .weth. on Devnet L2; check address"),
        ({"address": "0x12"}, "is not an address"),
        ({"abi": "wteh"}, "evm has no ABI wteh; it has erc20, "),
        ({"source": ""}, "has no source; say where it is published"),
        ({"vouched": Vouched("0x" + "00" * 32)}, "is disabled: its code is 0x"),
    ],
)
def test_what_cannot_be_proven_is_refused(
    weth: dict[str, Any], wrong: dict[str, str], told: str
) -> None:
    with pytest.raises(DeploymentError, match=told):
        register_deployment(**{**weth, **wrong})
    assert not Deployment.objects.exists()
    assert not PolicyRule.objects.exists()


def test_a_role_has_one_enabled_contract(weth: dict[str, Any], market: Market) -> None:
    register_deployment(**weth)
    other = {**weth, "address": market.manifest.l2.factory.address}
    with pytest.raises(DeploymentError, match=r"weth on Devnet L2 is .* already; disable that"):
        register_deployment(**other)
    assert register_deployment(**{**other, "role": "weth-other"}).enabled


def test_changed_code_disables_everything_at_the_address(
    weth: dict[str, Any], market: Market
) -> None:
    row = register_deployment(**weth)
    token = Token.objects.create(network=row.network, address=row.address, symbol="WETH")
    register_token(token=token, source="a list", client=weth["client"])
    market.rpc.call("anvil_setCode", row.address, OTHER_CODE)
    with pytest.raises(DeploymentError, match=r"weth at .* is disabled: its code is 0x"):
        verify_deployment(deployment=row, client=weth["client"])
    row.refresh_from_db()
    assert (row.enabled, row.disabled_reason[:12]) == (False, "its code is ")
    assert rules(row.address) == set()
    assert len(rules(row.address, enabled=False)) == 4
    with pytest.raises(DeploymentError, match=r"WETH at .* is disabled"):
        register_token(token=token, source="a list", client=weth["client"])


def test_new_code_is_taken_from_somebody_who_vouches_for_it(
    weth: dict[str, Any], market: Market
) -> None:
    row = register_deployment(**weth)
    market.rpc.call("anvil_setCode", row.address, OTHER_CODE)
    with pytest.raises(DeploymentError) as refusal:
        verify_deployment(deployment=row, client=weth["client"])
    seen = str(refusal.value).split("its code is ")[1][:66]
    again = verify_deployment(deployment=row, client=weth["client"], vouched=Vouched(seen))
    assert (again.enabled, again.code_hash, again.disabled_reason) == (True, seen, "")
    assert verify_deployment(deployment=row, client=weth["client"]).enabled
    assert set(PolicyRule.objects.values_list("enabled", "code_hash")) == {(True, seen)}


def test_code_vouched_for_is_vouched_for_in_every_role_of_the_address(
    weth: dict[str, Any], market: Market
) -> None:
    row = register_deployment(**weth)
    token = Token.objects.create(network=row.network, address=row.address, symbol="WETH")
    register_token(token=token, source="a list", client=weth["client"])
    market.rpc.call("anvil_setCode", row.address, OTHER_CODE)
    seen = f"0x{keccak(hexstr=OTHER_CODE).hex()}"
    verify_deployment(deployment=row, client=weth["client"], vouched=Vouched(seen))
    register_token(token=token, source="a list", client=weth["client"])
    assert len(rules(row.address)) == 4


def test_a_network_that_does_not_answer_changes_nothing(weth: dict[str, Any]) -> None:
    row = register_deployment(**weth)
    RpcEndpoint.objects.update(enabled=False)
    silent = NetworkClient(row.network)
    with pytest.raises(RpcUnavailable):
        verify_deployment(deployment=row, client=silent)
    row.refresh_from_db()
    assert row.enabled
    assert rules(row.address) == {"deposit()", "withdraw(uint256)"}


def test_disabling_takes_away_what_the_role_allowed_and_no_more(weth: dict[str, Any]) -> None:
    row = register_deployment(**weth)
    token = Token.objects.create(network=row.network, address=row.address, symbol="WETH")
    register_token(token=token, source="a list", client=weth["client"])
    disable_deployment(deployment=row, reason="under attack")
    assert rules(row.address) == {"transfer(address,uint256)", "approve(address,uint256)"}
    row.refresh_from_db()
    assert (row.enabled, row.disabled_reason) == (False, "under attack")
    reasons = PolicyRule.objects.filter(enabled=False).values_list("disabled_reason", flat=True)
    assert set(reasons) == {"under attack"}


def test_disabling_leaves_what_another_role_at_the_address_allows(weth: dict[str, Any]) -> None:
    row = register_deployment(**weth)
    register_deployment(**{**weth, "role": "weth-again"})
    disable_deployment(deployment=row, reason="a double")
    assert rules(row.address) == {"deposit()", "withdraw(uint256)"}


def test_a_registered_token_may_be_transferred_and_approved(
    usdc: Token, client: NetworkClient
) -> None:
    register_token(token=usdc, source="a list", client=client)
    register_token(token=usdc, source="a list", client=client)
    assert rules(usdc.address) == {"transfer(address,uint256)", "approve(address,uint256)"}
    # By every protocol that handles tokens, and each what its actions need.
    wanted = {(one.slug, len(one.permissions(ERC20))) for one in adapters().values()}
    found = Counter(PolicyRule.objects.values_list("protocol", flat=True))
    assert set(found.items()) == {(slug, count) for slug, count in wanted if count}


def test_a_disabled_token_may_not(usdc: Token, client: NetworkClient) -> None:
    register_token(token=usdc, source="a list", client=client)
    disable_token(token=usdc, reason="depegged")
    assert rules(usdc.address) == set()
    assert not Token.objects.get(pk=usdc.pk).enabled


def test_the_native_coin_and_an_empty_address_are_no_tokens_to_register(
    devnet: Network, client: NetworkClient
) -> None:
    for address in ("", NOBODY):
        token = Token.objects.create(network=devnet, address=address, symbol="NIL")
        with pytest.raises(DeploymentError):
            register_token(token=token, source="a list", client=client)
    assert not PolicyRule.objects.exists()


def test_a_client_of_another_network_is_a_mistake(weth: dict[str, Any]) -> None:
    other = Network.objects.create(chain_id=5, slug="other", name="Other", kind="devnet")
    with pytest.raises(ValueError, match="the client asks Other, not Devnet L2"):
        register_deployment(**{**weth, "client": NetworkClient(other)})
