"""Deploying real contracts on both networks of the devnet, from their published artifacts.

The two networks are set up by different senders, so no contract has the same address on both
(Multicall3 excepted, as in the world): whoever mixes the chains up finds nothing there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from airdrops_site.devnet.airdrop import AirdropPlan, make_airdrop, plan_airdrop
from airdrops_site.devnet.artifacts import (
    FIXED_SUPPLY_TOKEN,
    MERKLE_DISTRIBUTOR,
    MINTABLE_TOKEN,
    UNISWAP_FACTORY,
    UNISWAP_ROUTER,
    WETH9,
    load_artifact,
    load_multicall3,
)
from airdrops_site.devnet.errors import DevnetError
from airdrops_site.devnet.manifest import Manifest
from airdrops_site.devnet.outbox import Outbox
from airdrops_site.devnet.rpc import DevnetRpc
