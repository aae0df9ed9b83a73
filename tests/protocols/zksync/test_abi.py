"""Our fragments are the official ones; what the official tools made is read and made alike."""

import json
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from eth_utils.abi import event_abi_to_log_topic, function_abi_to_4byte_selector

from protocols.abi import load_abi
from protocols.zksync.contracts import aliased
from protocols.zksync.messages import read_message
from tests.protocols.zksync.chains import PLACES
from tests.solidity import compiled
from wallets.addresses import parse_address

DATA = Path(__file__).parent / "data"
OFFICIAL = json.loads((DATA / "official.json").read_text())
GOLDEN = json.loads((DATA / "golden.json").read_text())
_L1 = "@matterlabs/zksync-contracts/contracts/l1-contracts/"
_SYSTEM = "@matterlabs/zksync-contracts/contracts/system-contracts/interfaces/"
# Our ABI file -> the official one of the SDK, and the official Solidity interface.
FILES = {
    "bridgehub": ("IBridgehub", _L1 + "bridgehub/IBridgehub.sol"),
    "l1_asset_router": ("IL1AssetRouter", _L1 + "bridge/asset-router/IL1AssetRouter.sol"),
    "l1_nullifier": ("IL1Nullifier", _L1 + "bridge/interfaces/IL1Nullifier.sol"),
    "native_token_vault": ("IL1NativeTokenVault", _L1 + "bridge/ntv/IL1NativeTokenVault.sol"),
    "diamond_proxy": (
        "IZkSyncHyperchain",
        _L1 + "state-transition/chain-interfaces/IMailboxImpl.sol",
    ),
    "getters": (
        "IZkSyncHyperchain",
        _L1 + "state-transition/chain-interfaces/IGetters.sol",
    ),
    "pausable": ("BRIDGE_HUB_ABI", "@openzeppelin/contracts/security/Pausable.sol"),
    "l2_base_token": ("IEthToken", _SYSTEM + "IBaseToken.sol"),
    "l2_asset_router": ("IL2AssetRouter", _L1 + "bridge/asset-router/IL2AssetRouter.sol"),
    "l1_messenger": ("IL1Messenger", _SYSTEM + "IL1Messenger.sol"),
}


def shape(part: dict[str, Any]) -> Any:
    """What of an argument decides over bytes and their names."""
    inside = [shape(one) for one in part.get("components", ())]
    return (part["name"], part["type"], bool(part.get("indexed")), inside)


def fragments(text: list[dict[str, Any]]) -> set[str]:
    """Functions and events, comparable."""
    return {
        json.dumps(
            [one["type"], one["name"], *map(shape, chain(one["inputs"], one.get("outputs", ())))]
        )
        for one in text
        if one["type"] in ("function", "event")
    }


def own(name: str) -> list[dict[str, Any]]:
    """Our file as it is."""
    found: list[dict[str, Any]] = json.loads(
        (Path("protocols/zksync/abi") / f"{name}.json").read_text()
    )
    return found


@pytest.mark.parametrize("name", FILES)
def test_our_fragments_are_those_of_the_sdk(name: str) -> None:
    assert fragments(own(name)) <= fragments(OFFICIAL[FILES[name][0]])


def identities(text: Any) -> set[bytes]:
    """Selectors and topics."""
    return {
        function_abi_to_4byte_selector(one)
        if one["type"] == "function"
        else event_abi_to_log_topic(one)
        for one in text
        if one["type"] in ("function", "event")
    }


@pytest.mark.parametrize("name", FILES)
def test_our_selectors_and_topics_are_those_of_the_published_interfaces(name: str) -> None:
    file = FILES[name][1]
    published = compiled(file, file.rpartition("/")[2].removesuffix(".sol"))
    missing = identities(own(name)) - identities(published.abi)
    assert missing == set()


@pytest.mark.parametrize("vector", GOLDEN["calldata"], ids=lambda vector: vector["name"])
def test_calldata_of_the_official_tools_is_read_and_made_again(vector: dict[str, str]) -> None:
    data = bytes.fromhex(vector["data"][2:])
    abis = [load_abi("protocols.zksync", name) for name in FILES]
    (decoded,) = [found for abi in abis if (found := abi.decode_call(data))]
    name = decoded.signature.partition("(")[0]
    (function,) = [
        abi.functions[name]
        for abi in abis
        if name in abi.functions and abi.functions[name].selector == data[:4]
    ]
    assert function.encode(*decoded.arguments.values()) == data


@pytest.mark.parametrize(("l1", "l2"), GOLDEN["alias"])
def test_a_contract_of_l1_has_its_alias_on_l2(l1: str, l2: str) -> None:
    assert aliased(parse_address(l1)) == parse_address(l2)


def test_a_message_of_the_official_tools_is_read() -> None:
    told = GOLDEN["message"]
    sender = parse_address(PLACES["L2", "BaseToken"])
    message = read_message(sender, bytes.fromhex(told["msg"][2:]))
    assert message.asset == b""
    assert message.minted.receiver == told["sender"]
    assert message.minted.amount == 0x1A13B8600
