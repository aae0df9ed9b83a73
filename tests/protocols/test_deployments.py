"""Published addresses carry their checksum and source, and enable nothing by themselves."""

import tomllib
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from eth_utils.address import is_checksum_address

from protocols.actions import Adapter, role_family
from protocols.deployments import DeploymentError, published_deployments
from protocols.models import Deployment, Protocol
from protocols.registry import adapters
from protocols.services import sync_deployments, sync_protocols
from wallets.models import Network, PolicyRule

ADDRESS = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
ENTRY = {"chain_id": 1, "role": "weth", "address": ADDRESS, "abi": "weth", "source": "a list"}
# Contracts that are asked, and never called or named in a call.
ONLY_READ = {
    "uniswap_v2_factory",
    "uniswap_v3_factory",
    "uniswap_v3_quoter",
    "aave_addresses_provider",
    "diamond_proxy",
    "l1_native_token_vault",
    "syncswap_classic_factory",
    "syncswap_stable_factory",
    "l1_message_queue",
    "l2_messenger",
    "l2_standard_gateway",
    "scroll_chain",
}


def entries() -> list[dict[str, Any]]:
    """Every entry of every adapter, read without our loader."""
    found = []
    for adapter in adapters().values():
        text = (files(adapter.package) / "deployments.toml").read_text()
        found += [{**entry, "of": adapter} for entry in tomllib.loads(text).get("deployment", [])]
    return found


@pytest.mark.parametrize(
    "entry", entries(), ids=lambda entry: f"{entry['chain_id']}-{entry['role']}"
)
def test_every_published_address_has_checksum_source_and_purpose(entry: dict[str, Any]) -> None:
    assert is_checksum_address(entry["address"])
    assert entry["source"]
    adapter: Adapter = entry["of"]
    assert adapter.permissions(entry["role"]) or role_family(entry["role"]) in ONLY_READ


def test_no_role_of_a_chain_is_given_twice() -> None:
    places = [(entry["of"].slug, entry["chain_id"], entry["role"]) for entry in entries()]
    assert len(places) == len(set(places))
    listed = sum(len(published_deployments(adapter)) for adapter in adapters().values())
    assert listed == len(places)


@pytest.fixture
def adapter_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Adapter]:
    """Makes an adapter with one entry in its file."""

    def make(**entry: object) -> Adapter:
        package = tmp_path / f"adapter_{abs(hash(tmp_path))}"
        (package / "abi").mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "abi" / "weth.json").write_text("[]")
        lines = (f"{key} = {value!r}" for key, value in entry.items())
        (package / "deployments.toml").write_text("\n".join(["[[deployment]]", *lines]))
        monkeypatch.syspath_prepend(tmp_path)
        return Adapter.of("test", "Test", [], package=package.name)

    return make


def test_a_date_above_all_entries_is_that_of_each(
    adapter_with: Callable[..., Adapter],
) -> None:
    adapter = adapter_with(**ENTRY)
    path = Path(str(files(adapter.package) / "deployments.toml"))
    path.write_text(f"verified_at = 2026-11-24\n{path.read_text()}\ndisabled = 'a rumour'")
    (published,) = published_deployments(adapter)
    assert published.verified_at == date(2026, 11, 24)
    assert published.disabled == "a rumour"


def test_a_right_entry_is_read(adapter_with: Callable[..., Adapter]) -> None:
    (published,) = published_deployments(adapter_with(**ENTRY))
    assert (published.chain_id, published.address, published.role) == (1, ADDRESS, "weth")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"address": ADDRESS.lower()}, f"with its checksum, {ADDRESS}"),
        ({"address": ADDRESS.replace("C02a", "C02A")}, "has a wrong checksum"),
        ({"address": "0x12"}, "is not an address"),
        ({"abi": "wteh"}, "names the ABI wteh; there are weth"),
        ({"source": ""}, "has no source"),
        ({"sorce": "a list"}, "it needs exactly"),
    ],
)
def test_a_wrong_entry_is_told_with_its_place(
    adapter_with: Callable[..., Adapter], wrong: dict[str, str], told: str
) -> None:
    with pytest.raises(DeploymentError, match=told) as refusal:
        published_deployments(adapter_with(**{**ENTRY, **wrong}))
    assert str(refusal.value).startswith("deployment 1 of ")


def test_a_file_that_is_no_toml_is_told(adapter_with: Callable[..., Adapter]) -> None:
    with pytest.raises(DeploymentError, match=r"deployments\.toml cannot be read"):
        published_deployments(adapter_with(**{"not a key": 1}))


@pytest.mark.django_db
@pytest.mark.db
def test_published_deployments_become_disabled_rows_of_known_networks() -> None:
    sync_protocols()
    Network.objects.create(chain_id=1, slug="ethereum", name="Ethereum", kind="mainnet")
    assert sync_deployments() == sum(entry["chain_id"] == 1 for entry in entries())
    assert {row.enabled for row in Deployment.objects.all()} == {False}
    assert set(Deployment.objects.values_list("network__chain_id", flat=True)) == {1}
    assert not PolicyRule.objects.exists()


@pytest.mark.django_db
@pytest.mark.db
def test_syncing_again_leaves_the_operators_rows_alone() -> None:
    sync_protocols()
    Network.objects.create(chain_id=1, slug="ethereum", name="Ethereum", kind="mainnet")
    sync_deployments()
    Deployment.objects.update(enabled=True, source="looked at")
    Protocol.objects.update(enabled=False, name="another name")
    sync_protocols()
    assert sync_deployments() == 0
    assert set(Deployment.objects.values_list("enabled", "source")) == {(True, "looked at")}
    names = {(False, adapter.name) for adapter in adapters().values()}
    assert set(Protocol.objects.values_list("enabled", "name")) == names
