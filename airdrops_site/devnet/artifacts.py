"""Contracts as their authors published them: ABI and creation code from the npm packages.

They stay in node_modules; nothing of them is part of this repository.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from airdrops_site.devnet.binary import NODE_MODULES
from airdrops_site.devnet.errors import DevnetError


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """Where a published artifact lies."""

    package: str
    path: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """A contract ready to be deployed."""

    source: str  # e.g. "npm:@uniswap/v2-core@1.0.1"
    creation_code: bytes
    abi: tuple[dict[str, Any], ...] = ()

    @property
    def constructor_types(self) -> tuple[str, ...]:
        """The ABI types of the constructor's arguments; none if it has no constructor."""
        for entry in self.abi:
            if entry["type"] == "constructor":
                return tuple(parameter["type"] for parameter in entry["inputs"])
        return ()


WETH9 = ArtifactFile("@uniswap/v2-periphery", "build/WETH9.json")
UNISWAP_FACTORY = ArtifactFile("@uniswap/v2-core", "build/UniswapV2Factory.json")
UNISWAP_PAIR = ArtifactFile("@uniswap/v2-core", "build/UniswapV2Pair.json")
UNISWAP_ROUTER = ArtifactFile("@uniswap/v2-periphery", "build/UniswapV2Router02.json")
MERKLE_DISTRIBUTOR = ArtifactFile("@uniswap/merkle-distributor", "build/MerkleDistributor.json")
FIXED_SUPPLY_TOKEN = ArtifactFile(
    "@openzeppelin/contracts", "build/contracts/ERC20PresetFixedSupply.json"
)
MINTABLE_TOKEN = ArtifactFile(
    "@aave/core-v3", "artifacts/contracts/mocks/tokens/MintableERC20.sol/MintableERC20.json"
)
MULTICALL3 = ArtifactFile("viem", "_cjs/constants/contracts.js")


@cache
def load_artifact(file: ArtifactFile, node_modules: Path = NODE_MODULES) -> Artifact:
    """Read a compiler's JSON artifact."""

    def parse(text: str) -> tuple[str, tuple[dict[str, Any], ...]]:
        content = json.loads(text)
        return content["bytecode"], tuple(content["abi"])

    return _load(file, node_modules, parse)


@cache
def load_multicall3(node_modules: Path = NODE_MODULES) -> Artifact:
    """Read Multicall3, which is published only as a constant in viem's JavaScript."""

    def parse(text: str) -> tuple[str, tuple[dict[str, Any], ...]]:
        return re.findall(r"\bmulticall3Bytecode = '(0x[0-9a-f]+)'", text)[0], ()

    return _load(MULTICALL3, node_modules, parse)


def _load(
    file: ArtifactFile,
    node_modules: Path,
    parse: Callable[[str], tuple[str, tuple[dict[str, Any], ...]]],
) -> Artifact:
    package = node_modules / file.package
    try:
        version = json.loads((package / "package.json").read_text())["version"]
        code, abi = parse((package / file.path).read_text())
        creation_code = bytes.fromhex(code.removeprefix("0x"))
    except (OSError, ValueError, LookupError) as error:
        raise DevnetError(
            f"The contract artifact {package / file.path} cannot be read"
            f" ({type(error).__name__}); run `make run` or `npm ci --omit=dev`."
        ) from error
    return Artifact(f"npm:{file.package}@{version}", creation_code, abi)
