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
    """Describe the contracts at the given addresses (address -> source)."""
    codes = rpc.batch([("eth_getCode", [address, "latest"]) for address in sources])
    if missing := [address for address, code in zip(sources, codes, strict=True) if code == "0x"]:
        raise DevnetError(f"The devnet at {rpc.url} has no code at {missing[0]}; {RESET_HINT}.")
    return {
        address: DeployedContract(address, f"0x{keccak(hexstr=code).hex()}", source)
        for (address, source), code in zip(sources.items(), codes, strict=True)
    }
