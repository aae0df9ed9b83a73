"""The published artifacts are complete, and a missing one is told in a sentence."""

from pathlib import Path

import pytest

from airdrops_site.devnet import artifacts
from airdrops_site.devnet.artifacts import ArtifactFile, load_artifact, load_multicall3
from airdrops_site.devnet.errors import DevnetError

CONSTRUCTORS = {
    artifacts.WETH9: (),
    artifacts.UNISWAP_FACTORY: ("address",),
    artifacts.UNISWAP_PAIR: (),
    artifacts.UNISWAP_ROUTER: ("address", "address"),
    artifacts.MERKLE_DISTRIBUTOR: ("address", "bytes32"),
    artifacts.FIXED_SUPPLY_TOKEN: ("string", "string", "uint256", "address"),
    artifacts.MINTABLE_TOKEN: ("string", "string", "uint8"),
}


@pytest.mark.parametrize("file", CONSTRUCTORS)
def test_an_artifact_has_code_abi_and_a_source(file: ArtifactFile) -> None:
    artifact = load_artifact(file)
    assert len(artifact.creation_code) > 1000
    assert artifact.constructor_types == CONSTRUCTORS[file]
    assert artifact.source.startswith(f"npm:{file.package}@")


def test_multicall3_is_found_in_viems_constants() -> None:
    artifact = load_multicall3()
    # tryBlockAndAggregate, which no other constant of that file has.
    assert bytes.fromhex("399542e9") in artifact.creation_code


def test_a_missing_package_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DevnetError, match=r"WETH9\.json cannot be read .*npm ci"):
        load_artifact(artifacts.WETH9, tmp_path)


@pytest.mark.parametrize("content", ["", "{}", '{"bytecode": "0xzz", "abi": []}'])
def test_a_damaged_artifact_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "package.json").write_text('{"version": "1.0.0"}')
    (tmp_path / "Thing.json").write_text(content)
    with pytest.raises(DevnetError, match=r"Thing\.json cannot be read"):
        load_artifact(ArtifactFile(".", "Thing.json"), tmp_path)


def test_a_viem_without_multicall3_is_told(tmp_path: Path) -> None:
    constants = tmp_path / artifacts.MULTICALL3.package / artifacts.MULTICALL3.path
    constants.parent.mkdir(parents=True)
    constants.write_text("exports.other = '0x00';")
    (tmp_path / "viem" / "package.json").write_text('{"version": "3.0.0"}')
    with pytest.raises(DevnetError, match=r"contracts\.js cannot be read \(IndexError\)"):
        load_multicall3(tmp_path)
