"""Reading back from the chain what the set-up put there, as the manifest records it."""

from collections.abc import Mapping, Sequence

from eth_abi.abi import decode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from airdrops_site.devnet.artifacts import (
    UNISWAP_FACTORY,
    UNISWAP_PAIR,
    UNISWAP_ROUTER,
    WETH9,
    load_artifact,
    load_multicall3,
)
from airdrops_site.devnet.errors import DevnetError
from airdrops_site.devnet.manifest import (
    DeployedContract,
    DeployedNetwork,
    DeployedPair,
    DeployedToken,
)
from airdrops_site.devnet.market import Market, TokenPlan
from airdrops_site.devnet.outbox import encode_call
from airdrops_site.devnet.rpc import RESET_HINT, DevnetRpc

MULTICALL3_ADDRESS = "0xcA11bde05977b3631167028862bE2a173976CA11"


def survey_contracts(rpc: DevnetRpc, sources: Mapping[str, str]) -> dict[str, DeployedContract]:
    """Describe the contracts at the given addresses (address -> where its code is from)."""
    codes = rpc.batch([("eth_getCode", [address, "latest"]) for address in sources])
    found: dict[str, DeployedContract] = {}
    for (address, source), code in zip(sources.items(), codes, strict=True):
        if code == "0x":
            raise DevnetError(f"The devnet at {rpc.url} has no code at {address}; {RESET_HINT}.")
        found[address] = DeployedContract(address, f"0x{keccak(hexstr=code).hex()}", source)
    return found


def survey_network(
    rpc: DevnetRpc,
    *,
    name: str,
    chain_id: int,
    treasury: str,
    market: Market,
    plans: Sequence[TokenPlan],
) -> DeployedNetwork:
    """Describe a network whose market has been mined."""
    pairs = _pair_addresses(rpc, market)
    found = survey_contracts(rpc, _sources(market, plans, pairs))
    number = int(rpc.call("eth_blockNumber"), 16)
    block = rpc.block(number) or {}
    return DeployedNetwork(
        name=name,
        chain_id=chain_id,
        treasury=treasury,
        block_number=number,
        block_hash=block["hash"],
        multicall3=found[MULTICALL3_ADDRESS],
        factory=found[market.factory],
        router=found[market.router],
        weth=DeployedToken("WETH", "Wrapped Ether", 18, found[market.weth]),
        tokens=tuple(
            DeployedToken(plan.symbol, plan.name, plan.decimals, found[market.tokens[plan.symbol]])
            for plan in plans
        ),
        pairs=tuple(
            DeployedPair(("WETH", plan.symbol), found[pairs[plan.symbol]]) for plan in plans
        ),
    )


def _pair_addresses(rpc: DevnetRpc, market: Market) -> dict[str, str]:
    """Ask the factory, so that a router built for another pair code cannot go unnoticed."""
    asked = [
        {"to": market.factory, "data": encode_call("getPair(address,address)", market.weth, token)}
        for token in market.tokens.values()
    ]
    answers = rpc.batch([("eth_call", [call, "latest"]) for call in asked])
    addresses = [decode(["address"], bytes.fromhex(answer[2:]))[0] for answer in answers]
    return dict(zip(market.tokens, map(to_checksum_address, addresses), strict=True))


def _sources(
    market: Market, plans: Sequence[TokenPlan], pairs: Mapping[str, str]
) -> dict[str, str]:
    files = {market.weth: WETH9, market.factory: UNISWAP_FACTORY, market.router: UNISWAP_ROUTER}
    files |= {market.tokens[plan.symbol]: plan.artifact_file for plan in plans}
    files |= dict.fromkeys(pairs.values(), UNISWAP_PAIR)
    sources = {address: load_artifact(file).source for address, file in files.items()}
    return {MULTICALL3_ADDRESS: load_multicall3().source, **sources}
