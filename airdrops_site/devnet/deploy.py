"""Setting up both networks of the devnet with real contracts, liquidity, an airdrop and money.

The networks are set up by different senders, so no contract but Multicall3 has the same address on
both: whoever mixes the chains up finds nothing there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from eth_utils.address import to_checksum_address

from airdrops_site.devnet.airdrop import AirdropPlan, plan_airdrop, queue_distributor
from airdrops_site.devnet.artifacts import MERKLE_DISTRIBUTOR, load_artifact, load_multicall3
from airdrops_site.devnet.errors import DevnetError
from airdrops_site.devnet.manifest import DeployedAirdrop, DeployedNetwork, Manifest
from airdrops_site.devnet.market import DROP, GOV, USDC, TokenPlan, queue_market
from airdrops_site.devnet.outbox import Outbox
from airdrops_site.devnet.rpc import RESET_HINT, DevnetRpc
from airdrops_site.devnet.survey import MULTICALL3_ADDRESS, survey_contracts, survey_network

L1_CHAIN_ID = 31337
L2_CHAIN_ID = 31338
LOCAL_HOSTS = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """One network to set up; the treasury is the anvil account of that position."""

    name: str
    chain_id: int
    treasury_position: int
    tokens: tuple[TokenPlan, ...]


L1 = NetworkPlan("Devnet L1", L1_CHAIN_ID, 0, (USDC, GOV))
L2 = NetworkPlan("Devnet L2", L2_CHAIN_ID, 1, (USDC, GOV, DROP))


@dataclass(frozen=True, slots=True)
class Funding:
    """What each wallet gets on each network, in base units."""

    native: int = 10 * 10**18
    usdc: int = 10_000 * 10**6


DEFAULT_FUNDING = Funding()


def deploy_devnet(
    rpc_l1_url: str,
    rpc_l2_url: str,
    *,
    wallets: Sequence[str],
    funding: Funding = DEFAULT_FUNDING,
) -> Manifest:
    """Deploy and fund everything on two fresh networks; the airdrop stands on the L2."""
    owners = tuple(dict.fromkeys(to_checksum_address(wallet) for wallet in wallets))
    plan = plan_airdrop(owners)
    with DevnetRpc(rpc_l1_url) as rpc_l1, DevnetRpc(rpc_l2_url) as rpc_l2:
        require_local_anvil(rpc_l1, L1.chain_id)
        require_local_anvil(rpc_l2, L2.chain_id)
        l1, _ = _deploy_network(rpc_l1, L1, owners, funding)
        l2, distributor = _deploy_network(rpc_l2, L2, owners, funding, plan)
        airdrop = _survey_airdrop(rpc_l2, l2, distributor, plan)
    return Manifest(l1, l2, airdrop, owners)


def require_deployed(manifest: Manifest, rpc_l1_url: str, rpc_l2_url: str) -> None:
    """Raise a DevnetError unless the chains at the URLs are those the manifest describes."""
    for network, url in zip(manifest.networks, (rpc_l1_url, rpc_l2_url), strict=True):
        with DevnetRpc(url) as rpc:
            require_local_anvil(rpc, network.chain_id)
            block = rpc.block(network.block_number)
        if block is None or block["hash"] != network.block_hash:
            raise DevnetError(
                f"The chain at {url} is not the one the devnet's contracts were deployed on (its"
                f" block {network.block_number} differs or is missing); {RESET_HINT}."
            )


def require_local_anvil(rpc: DevnetRpc, chain_id: int) -> None:
    """Raise a DevnetError unless a local anvil of that chain id answers; all else is left be."""
    if urlsplit(rpc.url).hostname not in LOCAL_HOSTS:
        raise DevnetError(f"{rpc.url} is not on this machine; the devnet runs at 127.0.0.1 only.")
    rpc.require_chain_id(chain_id)
    if not (version := str(rpc.call("web3_clientVersion"))).startswith("anvil/"):
        raise DevnetError(f"At {rpc.url} {version} answers, not anvil; stop it or change the port.")


def _deploy_network(
    rpc: DevnetRpc,
    network: NetworkPlan,
    owners: Sequence[str],
    funding: Funding,
    airdrop: AirdropPlan | None = None,
) -> tuple[DeployedNetwork, str]:
    """Return the network and the distributor's address ("" without an airdrop)."""
    treasury = to_checksum_address(rpc.call("eth_accounts")[network.treasury_position])
    outbox = Outbox.of(rpc, treasury)
    market = queue_market(outbox, network.tokens)
    distributor = queue_distributor(outbox, airdrop, market.tokens["DROP"]) if airdrop else ""
    _queue_funding(outbox, market.tokens["USDC"], owners, funding)
    outbox.send()
    _place_multicall3(rpc)
    deployed = survey_network(
        rpc,
        name=network.name,
        chain_id=network.chain_id,
        treasury=treasury,
        market=market,
        plans=network.tokens,
    )
    return deployed, distributor


def _queue_funding(outbox: Outbox, usdc: str, owners: Sequence[str], funding: Funding) -> None:
    for owner in owners:
        outbox.pay(owner, funding.native)
        outbox.call(usdc, "transfer(address,uint256)", owner, funding.usdc)


def _place_multicall3(rpc: DevnetRpc) -> None:
    """Put its code at its usual address, where only its author's key could deploy it."""
    creation = f"0x{load_multicall3().creation_code.hex()}"
    code = rpc.call("eth_call", {"data": creation}, "latest")
    rpc.call("anvil_setCode", MULTICALL3_ADDRESS, code)


def _survey_airdrop(
    rpc: DevnetRpc, network: DeployedNetwork, distributor: str, plan: AirdropPlan
) -> DeployedAirdrop:
    found = survey_contracts(rpc, {distributor: load_artifact(MERKLE_DISTRIBUTOR).source})
    return DeployedAirdrop(
        chain_id=network.chain_id,
        token=network.token(DROP.symbol),
        distributor=found[distributor],
        merkle_root=f"0x{plan.root.hex()}",
        claims=plan.claims,
    )
