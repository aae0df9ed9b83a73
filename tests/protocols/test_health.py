"""Whether a protocol can be used is what the chain and its adapter say, never a hope."""

import json
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from protocols.actions import Context, PlanError
from protocols.health import ProtocolHealth, protocol_health
from protocols.models import Deployment
from protocols.registry import get_adapter
from tests import factories
from tests.market import Market
from tests.wallets.rpc_servers import serve
from wallets.chain.client import NetworkClient
from wallets.models import Network, RpcEndpoint

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def look(network: Network) -> ProtocolHealth:
    """The generic protocol's health on the network."""
    return protocol_health(get_adapter("evm"), network, NetworkClient(network))


def test_a_protocol_whose_contracts_are_there_is_well(registered: Network) -> None:
    found = look(registered)
    assert found.problems == []
    assert found.block is not None
    assert {one.role for one in found.contracts if one.has_code} == {
        "weth",
        "uniswap_v2_factory",
        "uniswap_v2_router",
    }


def test_whether_it_is_paused_is_unknown_where_its_adapter_cannot_tell(
    registered: Network,
) -> None:
    adapter = replace(get_adapter("evm"), health=None)
    found = protocol_health(adapter, registered, NetworkClient(registered))
    assert (found.paused, found.pause_unknown) == (None, "its adapter cannot tell")
    assert found.problems == []


def test_a_contract_without_code_is_told(registered: Network, market: Market) -> None:
    address = Deployment.objects.get(role="weth").address
    market.rpc.call("anvil_setCode", address, "0x")
    assert look(registered).problems == [f"weth at {address} has no code"]


def test_a_protocol_without_contracts_is_told(devnet: Network) -> None:
    assert look(devnet).problems == ["no contract of it is enabled there"]


def test_a_network_that_does_not_answer_is_unknown_not_well(registered: Network) -> None:
    RpcEndpoint.objects.update(enabled=False)
    found = look(registered)
    assert (found.block, {one.has_code for one in found.contracts}) == (None, {None})
    assert "Devnet L2 has no read endpoint" in found.problems[0]


def test_the_newest_transaction_there_is_shown(registered: Network) -> None:
    lane = factories.NonceLaneFactory.create(network=registered)
    factories.TransactionFactory.create(lane=lane, network=registered, protocol="evm")
    row = factories.TransactionFactory.create(lane=lane, network=registered, protocol="evm")
    factories.TransactionFactory.create(lane=lane, network=registered, protocol="claims")
    last = look(registered).last
    assert last is not None
    assert (last.number, last.state) == (row.pk, row.state)


@pytest.mark.parametrize(
    ("said", "paused", "problems"),
    [
        ([], (), []),
        (["the pool is paused"], ("the pool is paused",), ["the pool is paused"]),
        (PlanError("no answer"), None, ["whether it is paused is unknown: no answer"]),
    ],
)
def test_an_adapter_says_what_is_paused(
    registered: Network, said: Any, paused: Any, problems: list[str]
) -> None:
    def reader(ctx: Context) -> list[str]:
        assert ctx.deployment("weth")
        if isinstance(said, Exception):
            raise said
        return list(said)

    adapter = replace(get_adapter("evm"), health=reader)
    found = protocol_health(adapter, registered, NetworkClient(registered))
    assert (found.paused, found.problems) == (paused, problems)


def test_the_network_is_asked_once(registered: Network, market: Market) -> None:
    with serve(market.rpc.url) as server:
        RpcEndpoint.objects.update(url=server.url)
        look(registered)
    assert len(server.bodies) == 1


def test_the_command_ends_with_what_was_found(registered: Network) -> None:
    def ask(*words: str) -> tuple[int, Any]:
        said = StringIO()
        try:
            call_command("actions", "health", *words, "--json", stdout=said)
        except SystemExit as ended:
            return int(str(ended.code)), json.loads(said.getvalue())
        return 0, json.loads(said.getvalue())

    code, (line,) = ask("evm", "--network", registered.slug)
    assert (code, line["reachable"], line["problems"], line["paused"]) == (0, True, [], [])
    Deployment.objects.filter(protocol__slug="evm").update(enabled=False)
    assert ask("evm")[0] == 1
    with pytest.raises(CommandError, match="there is no protocol moon"):
        ask("moon")
