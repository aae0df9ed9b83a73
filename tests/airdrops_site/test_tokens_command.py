"""Tokens come in only as their contracts describe them.

The list that is imported has the shape and the header of the Uniswap default list 22.21.0
(npm:@uniswap/default-token-list), with the tokens of a real devnet in it.
"""

import json
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from eth_utils.address import to_checksum_address

from airdrops_site.devnet.deploy import L2_CHAIN_ID
from protocols.models import Protocol
from tests.market import Market
from wallets.models import Network, PolicyRule, Token

pytestmark = [pytest.mark.django_db, pytest.mark.db]

HEADER: dict[str, Any] = {
    "name": "Uniswap Labs Default",
    "timestamp": "2026-09-23T18:08:46.961Z",
    "version": {"major": 22, "minor": 21, "patch": 0},
    "tags": {},
    "keywords": ["uniswap", "default"],
}
OLD_TOKEN = to_checksum_address("0x" + "0b" * 20)
NOBODY = to_checksum_address("0x" + "0c" * 20)


def tokens(*arguments: str) -> Any:
    """What the command prints, read as JSON."""
    said = StringIO()
    # The exit code says whether something was refused.
    with suppress(SystemExit):
        call_command("tokens", *arguments, "--json", stdout=said)
    return json.loads(said.getvalue())


@pytest.fixture
def network(devnet: Network) -> Network:
    """The market's network, its tokens not known yet."""
    Token.objects.all().delete()
    return devnet


@pytest.fixture
def usdc(market: Market) -> dict[str, Any]:
    """USDC as a list has it."""
    found = market.manifest.l2.token("USDC")
    return {
        "chainId": L2_CHAIN_ID,
        "address": found.contract.address,
        "name": "USD Coin",
        "symbol": "USDC",
        "decimals": 6,
        "logoURI": "https://example.org/usdc.png",
        "extensions": {"bridgeInfo": {}},
    }


@pytest.fixture
def old_token(market: Market) -> dict[str, Any]:
    """A token that says its symbol as 32 bytes, as MKR does."""
    symbol = b"MKR".ljust(32, b"\0").hex()
    by_selector = "60003560e01c63313ce56714603857"
    code = f"0x{by_selector}7f{symbol}60005260206000f35b601260005260206000f3"
    market.rpc.call("anvil_setCode", OLD_TOKEN, code)
    fields = {"address": OLD_TOKEN, "name": "Maker", "symbol": "MKR", "decimals": 18}
    return {"chainId": L2_CHAIN_ID, **fields}


def write(folder: Path, *listed: dict[str, Any], **header: Any) -> str:
    """A list file."""
    path = folder / "list.json"
    path.write_text(json.dumps({**HEADER, "tokens": listed, **header}))
    return str(path)


def test_a_token_whose_contract_agrees_comes_in(
    network: Network, tmp_path: Path, usdc: dict[str, Any], old_token: dict[str, Any]
) -> None:
    found = tokens("import", write(tmp_path, usdc, old_token, {**usdc, "chainId": 1}))
    assert (found["added"], found["refused"], found["on_other_networks"]) == (2, 0, 1)
    assert found["list"] == "Uniswap Labs Default 22.21.0"
    rows = Token.objects.order_by("symbol").values_list("symbol", "decimals", "enabled")
    assert list(rows) == [("MKR", 18, True), ("USDC", 6, True)]


def test_a_refusal_is_in_the_exit_code(
    network: Network, tmp_path: Path, usdc: dict[str, Any]
) -> None:
    path = write(tmp_path, {**usdc, "address": NOBODY})
    with pytest.raises(SystemExit) as ended:
        call_command("tokens", "import", path, stdout=StringIO())
    assert ended.value.code == 1


def test_what_a_list_names_may_not_be_traded_yet(
    network: Network, tmp_path: Path, usdc: dict[str, Any]
) -> None:
    tokens("import", write(tmp_path, usdc))
    assert not PolicyRule.objects.exists()


def test_a_dry_run_asks_and_writes_nothing(
    network: Network, tmp_path: Path, usdc: dict[str, Any]
) -> None:
    assert tokens("import", write(tmp_path, usdc), "--dry-run")["added"] == 1
    assert not Token.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"decimals": 18}, "the list says 18 decimals and the contract 6"),
        ({"symbol": "USDT"}, "the list calls it USDT and the contract USDC"),
        ({"address": NOBODY}, "there is no contract at"),
        ({"address": NOBODY.swapcase().replace("0X", "0x")}, "wrong checksum"),
    ],
)
def test_a_token_that_is_another_than_the_list_says_is_refused_and_the_others_come_in(
    network: Network,
    tmp_path: Path,
    usdc: dict[str, Any],
    old_token: dict[str, Any],
    change: dict[str, Any],
    sentence: str,
) -> None:
    found = tokens("import", write(tmp_path, {**usdc, **change}, old_token))
    (refused,) = found["refusals"]
    assert (refused["place"], found["added"]) == ("tokens[0]", 1)
    assert sentence in refused["sentence"]
    assert list(Token.objects.values_list("symbol", flat=True)) == ["MKR"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"decimals": "6"}, "tokens.1.decimals: Input should be a valid integer"),
        ({"decimals": 256}, "tokens.1.decimals: Input should be less than or equal to 255"),
        ({"address": "0x12"}, "tokens.1.address: String should match pattern"),
        ({"chainId": 0}, "tokens.1.chainId: Input should be greater than or equal to 1"),
    ],
)
def test_a_file_that_breaks_the_schema_is_refused_whole(
    network: Network,
    tmp_path: Path,
    usdc: dict[str, Any],
    change: dict[str, Any],
    sentence: str,
) -> None:
    with pytest.raises(CommandError, match=sentence) as refused:
        tokens("import", write(tmp_path, usdc, {**usdc, **change}))
    assert (refused.value.returncode, Token.objects.count()) == (2, 0)


def test_what_is_no_list_is_said_in_a_sentence(network: Network, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html>")
    for name, sentence in (("page.html", "no token list"), ("none.json", "cannot be read")):
        with pytest.raises(CommandError, match=sentence):
            tokens("import", str(tmp_path / name))


def test_a_list_does_not_enable_what_was_disabled(
    network: Network, tmp_path: Path, usdc: dict[str, Any]
) -> None:
    tokens("import", write(tmp_path, usdc))
    Token.objects.update(enabled=False)
    assert tokens("import", write(tmp_path, usdc))["known"] == 1
    assert not Token.objects.get().enabled
    assert tokens("add", network.slug, usdc["address"])["enabled"]


def test_a_token_is_added_as_its_contract_describes_it(
    network: Network, old_token: dict[str, Any]
) -> None:
    found = tokens("add", network.slug, OLD_TOKEN)
    assert (found["symbol"], found["decimals"], found["permitted"]) == ("MKR", 18, False)


def test_with_a_source_adapters_may_use_it(network: Network, usdc: dict[str, Any]) -> None:
    Protocol.objects.get(slug="evm").networks.add(network)
    with pytest.raises(CommandError, match="--permit needs --source"):
        tokens("add", network.slug, usdc["address"], "--permit")
    tokens("add", network.slug, usdc["address"], "--permit", "--source", "the devnet")
    rule = PolicyRule.objects.filter(address=usdc["address"], selector="0xa9059cbb").get()
    assert (rule.source, rule.enabled) == ("the devnet", True)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [(NOBODY, "there is no contract"), ("0x12", "is not an address")],
)
def test_what_is_no_token_is_not_added(network: Network, address: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence) as refused:
        tokens("add", network.slug, address)
    assert (refused.value.returncode, Token.objects.count()) == (2, 0)


def test_a_contract_that_is_no_token_is_not_added(network: Network, market: Market) -> None:
    with pytest.raises(CommandError, match="does not say its decimals and symbol"):
        tokens("add", network.slug, market.manifest.l2.router.address)
