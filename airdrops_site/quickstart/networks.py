"""The devnet as rows: networks, endpoints, tokens and verified deployments."""

from airdrops_site.devnet.manifest import DeployedContract, DeployedNetwork, DeployedToken, Manifest
from airdrops_site.quickstart.errors import QuickstartError
from protocols.models import Protocol
from protocols.services import register_deployment, register_token, sync_protocols
from wallets.chain.client import NetworkClient
from wallets.models import Network, Receipt, RpcEndpoint, Token

_SHAPES = {
    "l1": {"confirm_depth": 2, "final_rule": Network.FinalRule.FINALIZED_TAG, "block_seconds": 2},
    "l2": {"confirm_depth": 1, "final_rule": Network.FinalRule.DEPTH, "final_depth": 4},
}


def register_devnet(manifest: Manifest, urls: dict[int, str]) -> dict[str, Network]:
    """Both networks with what stands on them; safe to repeat, ports may have changed."""
    sync_protocols()
    networks = {}
    for key, deployed in (("l1", manifest.l1), ("l2", manifest.l2)):
        network = networks[key] = _network(key, deployed, urls[deployed.chain_id])
        client = NetworkClient(network)
        _require_known_chain(network, client)
        if deployed.chain_id == manifest.airdrop.chain_id:
            _deployment(
                "claims", network, "merkle_distributor", manifest.airdrop.distributor, client
            )
            _token(network, manifest.airdrop.token, client)
        for token in (deployed.weth, *deployed.tokens):
            _token(network, token, client)
        for role, contract in (
            ("weth", deployed.weth.contract),
            ("uniswap_v2_factory", deployed.factory),
            ("uniswap_v2_router", deployed.router),
        ):
            _deployment("evm", network, role, contract, client)
    return networks


def _network(key: str, deployed: DeployedNetwork, url: str) -> Network:
    network, _ = Network.objects.update_or_create(
        chain_id=deployed.chain_id,
        defaults={
            "slug": f"devnet-{key}",
            "name": f"Devnet {key.upper()}",
            "kind": Network.Kind.DEVNET,
            "block_seconds": 1,
            "multicall_address": deployed.multicall3.address,
            **_SHAPES[key],
        },
    )
    RpcEndpoint.objects.update_or_create(network=network, name="anvil", defaults={"url": url})
    Token.objects.get_or_create(
        network=network, address="", defaults={"symbol": "ETH", "name": "Ether", "decimals": 18}
    )
    return network


def _require_known_chain(network: Network, client: NetworkClient) -> None:
    """Refuse a chain that has forgotten blocks our books rest on."""
    newest = Receipt.objects.filter(transaction__network=network, canonical=True).order_by(
        "-block_number"
    )
    receipt = newest.first()
    if receipt is None:
        return
    if client.block().number >= receipt.block_number and (
        client.block(receipt.block_number).hash == receipt.block_hash
    ):
        return
    raise QuickstartError(
        f"The chain of {network.name} is older than the database: block {receipt.block_number}, "
        "where a transaction of yours stands, is missing after a hard stop. "
        "`quickstart --reset` starts a fresh demo."
    )


def _token(network: Network, token: DeployedToken, client: NetworkClient) -> None:
    row, _ = Token.objects.update_or_create(
        network=network,
        address=token.contract.address,
        defaults={
            "symbol": token.symbol,
            "name": token.name,
            "decimals": token.decimals,
            "enabled": True,
        },
    )
    register_token(token=row, source=token.contract.source, client=client)


def _deployment(
    slug: str, network: Network, role: str, contract: DeployedContract, client: NetworkClient
) -> None:
    protocol = Protocol.objects.get(slug=slug)
    protocol.networks.add(network)
    register_deployment(
        protocol=protocol,
        network=network,
        role=role,
        address=contract.address,
        abi=role,
        source=contract.source,
        client=client,
    )
