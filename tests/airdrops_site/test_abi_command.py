"""A newer ABI is taken over whole and only if nothing breaks that an adapter uses."""

import json
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from protocols.abi import load_abi
from protocols.registry import adapters
from tests.node import ROOT
from tests.protocols.test_registry import ADAPTER

PUBLISHED = ROOT / "node_modules/@uniswap/v2-periphery/build/IUniswapV2Router02.json"


def fragment(kind: str, name: str, *inputs: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """An ABI fragment."""
    return {"type": kind, "name": name, "inputs": list(inputs), **rest}


def argument(kind: str, name: str, **rest: Any) -> dict[str, Any]:
    """An argument of one."""
    return {"type": kind, "name": name, **rest}


DEPOSIT = fragment(
    "function",
    "deposit",
    argument("uint256", "amount"),
    stateMutability="nonpayable",
    outputs=[argument("uint256", "shares")],
)
DEPOSITED = fragment("event", "Deposited", argument("address", "by", indexed=True))
FULL = fragment("error", "Full", argument("uint256", "most"))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed adapter with one ABI; its folder."""
    folder = tmp_path / f"vault_{abs(hash(tmp_path))}"
    (folder / "abi").mkdir(parents=True)
    (folder / "__init__.py").write_text(ADAPTER.format(slug="vault"))
    (folder / "abi" / "vault.json").write_text(json.dumps([DEPOSIT, DEPOSITED, FULL]))
    metadata = tmp_path / "vault-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: vault\nVersion: 1.0\n")
    points = f"[airdrops.protocols]\nvault = {folder.name}:ADAPTER\n"
    (metadata / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(tmp_path)
    adapters.cache_clear()
    yield folder
    monkeypatch.undo()
    adapters.cache_clear()


@pytest.fixture
def update(package: Path, tmp_path: Path) -> Callable[..., Any]:
    """What `abi update vault/vault` answers to a file with these fragments."""

    def run(*fragments: dict[str, Any], options: tuple[str, ...] = ()) -> Any:
        (tmp_path / "newer.json").write_text(json.dumps(fragments))
        said = StringIO()
        file = str(tmp_path / "newer.json")
        call_command("abi", "update", "vault/vault", file, "--json", *options, stdout=said)
        return json.loads(said.getvalue())

    return run


def refusal(*arguments: str) -> str:
    """The sentence of a refusal with exit code 2."""
    with pytest.raises(CommandError) as refused:
        call_command("abi", *arguments, stdout=StringIO())
    assert refused.value.returncode == 2
    return str(refused.value)


def test_what_is_new_is_shown_and_left_out(update: Callable[..., Any], package: Path) -> None:
    more = fragment("function", "pause", stateMutability="nonpayable", outputs=[])
    found = update({"type": "constructor", "inputs": []}, DEPOSIT, DEPOSITED, FULL, more)
    assert (found["added"], found["changed"], found["kept"]) == (["function pause()"], [], 3)
    assert json.loads((package / "abi" / "vault.json").read_text()) == [DEPOSIT, DEPOSITED, FULL]


def test_argument_names_stay_ours(update: Callable[..., Any], package: Path) -> None:
    renamed = {**DEPOSIT, "inputs": [argument("uint256", "assets", internalType="uint256")]}
    found = update(renamed, DEPOSITED, FULL)
    assert found["changed"] == [
        "function deposit(uint256): what we call amount is called assets now"
    ]
    assert load_abi(package.name, "vault").function("deposit").names == ("amount",)


def test_a_wider_mutability_is_taken_over(update: Callable[..., Any], package: Path) -> None:
    found = update({**DEPOSIT, "stateMutability": "payable"}, DEPOSITED, FULL)
    assert found["changed"] == ["function deposit(uint256) is payable now, was nonpayable"]
    assert json.loads((package / "abi" / "vault.json").read_text())[0]["stateMutability"] == (
        "payable"
    )


def test_an_error_that_is_gone_breaks_nothing(update: Callable[..., Any], package: Path) -> None:
    assert update(DEPOSIT, DEPOSITED)["removed"] == ["error Full(uint256) is gone"]
    assert load_abi(package.name, "vault").errors == ()


@pytest.mark.parametrize(
    ("newer", "sentence"),
    [
        ((DEPOSITED, FULL), "function deposit(uint256) is gone"),
        (
            ({**DEPOSIT, "inputs": [argument("uint128", "amount")]}, DEPOSITED),
            "function deposit(uint256) is gone; it has deposit(uint128) now",
        ),
        (({**DEPOSIT, "outputs": []}, DEPOSITED), "returns (), not (uint256)"),
        (({**DEPOSIT, "stateMutability": "view"}, DEPOSITED), "is view now, not nonpayable"),
        ((DEPOSIT,), "event Deposited(address) is gone"),
        (
            (DEPOSIT, {**DEPOSITED, "inputs": [argument("address", "by", indexed=False)]}),
            "has other arguments indexed",
        ),
        ((DEPOSIT, {**DEPOSITED, "anonymous": True}), "is anonymous on one side only"),
    ],
)
def test_what_breaks_the_adapter_is_refused_and_nothing_written(
    update: Callable[..., Any], package: Path, newer: tuple[dict[str, Any], ...], sentence: str
) -> None:
    before = (package / "abi" / "vault.json").read_bytes()
    with pytest.raises(CommandError) as refused:
        update(*newer)
    assert (refused.value.returncode, sentence in str(refused.value)) == (2, True)
    assert (package / "abi" / "vault.json").read_bytes() == before


def test_a_dry_run_writes_nothing(update: Callable[..., Any], package: Path) -> None:
    before = (package / "abi" / "vault.json").read_bytes()
    assert update(DEPOSIT, DEPOSITED, options=("--dry-run",))["removed"]
    assert (package / "abi" / "vault.json").read_bytes() == before


def test_nothing_is_left_beside_the_file(update: Callable[..., Any], package: Path) -> None:
    update(DEPOSIT, DEPOSITED, FULL)
    assert [one.name for one in (package / "abi").iterdir()] == ["vault.json"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("<html>", "is no JSON"),
        ('{"bytecode": "0x"}', "is no ABI: it should be a list"),
        ("[1]", "entry 0 of"),
        ('[{"type": "function"}]', "has no name or no inputs"),
        ('[{"type": "event", "name": "E", "inputs": [{"name": "a"}]}]', "cannot be read"),
    ],
)
def test_a_file_that_is_no_abi_is_one_sentence(package: Path, text: str, sentence: str) -> None:
    (package / "newer.json").write_text(text)
    assert sentence in refusal("update", "vault/vault", str(package / "newer.json"))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("vault", "write PROTOCOL/NAME"),
        ("vautl/vault", "there is no protocol vautl"),
        ("vault/vautl", "vault has no ABI vautl; it has vault"),
        ("vault/../vault", "has no ABI"),
    ],
)
def test_a_name_that_nothing_has_is_one_sentence(package: Path, name: str, sentence: str) -> None:
    assert sentence in refusal("update", name, "newer.json")
    assert "newer.json cannot be read" in refusal("update", "vault/vault", "newer.json")


def test_the_published_router_has_all_that_we_use() -> None:
    said = StringIO()
    words = ("update", "evm/uniswap_v2_router", str(PUBLISHED), "--dry-run", "--json")
    call_command("abi", *words, stdout=said)
    found = json.loads(said.getvalue())
    used = len(load_abi("protocols.evm", "uniswap_v2_router").functions)
    assert (found["kept"], found["changed"], found["removed"]) == (used, [], [])
    assert len(found["added"]) > 10


def test_every_abi_of_every_adapter_can_be_read() -> None:
    said = StringIO()
    call_command("abi", "check", "--json", stdout=said)
    lines = {line["abi"]: line for line in json.loads(said.getvalue())}
    assert lines["evm/erc20"]["functions"] >= 7
    assert not any(line["problem"] for line in lines.values())


def test_an_abi_that_cannot_be_read_is_in_the_exit_code(package: Path) -> None:
    (package / "abi" / "vault.json").write_text("[{")
    load_abi.cache_clear()
    with pytest.raises(SystemExit) as ended:
        call_command("abi", "check", "--json", stdout=StringIO())
    assert ended.value.code == 1
