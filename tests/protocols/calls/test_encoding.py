"""Any function with any arguments is the calldata that viem makes of it, or a sentence."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from protocols.calls.encoding import CallError, encode_call, read_function, shown_arguments
from tests.viem import encode_all, wanted
from wallets.addresses import parse_address

ADDRESS = "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f"


def some_kind(random: Random, depth: int) -> dict[str, Any]:
    """A type, as an ABI fragment has it."""
    choice = random.random() if depth < 3 else 0
    if choice > 0.85:
        parts = [some_kind(random, depth + 1) for _ in range(random.randint(1, 3))]
        named = [{**part, "name": f"p{at}"} for at, part in enumerate(parts)]
        return {"type": "tuple", "components": named}
    if choice > 0.65:
        inside = some_kind(random, depth + 1)
        return {**inside, "type": inside["type"] + random.choice(("[]", "[2]"))}
    return {"type": random.choice(list(PLAIN))}


PLAIN: dict[str, Callable[[Random], Any]] = {
    "uint256": lambda random: str(random.getrandbits(256)),
    "int64": lambda random: str(random.getrandbits(64) - 2**63),
    "uint8": lambda random: str(random.getrandbits(8)),
    "address": lambda random: parse_address(f"0x{random.randbytes(20).hex()}"),
    "bool": lambda random: random.random() < 0.5,
    "bytes": lambda random: f"0x{random.randbytes(random.randint(0, 70)).hex()}",
    "bytes32": lambda random: f"0x{random.randbytes(32).hex()}",
    "string": lambda random: "".join(random.choices("abc äöü€𐍈", k=random.randint(0, 40))),
}


def some_value(random: Random, kind: dict[str, Any]) -> Any:
    """A value of it, as JSON."""
    name: str = kind["type"]
    if name.endswith("]"):
        inside = {**kind, "type": name[: name.rindex("[")]}
        count = 2 if name.endswith("[2]") else random.randint(0, 3)
        return [some_value(random, inside) for _ in range(count)]
    if name == "tuple":
        return [some_value(random, part) for part in kind["components"]]
    return PLAIN[name](random)


def generated(number: int) -> tuple[dict[str, Any], list[Any]]:
    """A function as an ABI fragment, and arguments for it."""
    random = Random(number)
    kinds = [some_kind(random, 0) for _ in range(random.randint(0, 5))]
    inputs = [{**kind, "name": f"a{at}"} for at, kind in enumerate(kinds)]
    shape = {"stateMutability": "payable", "inputs": inputs, "outputs": []}
    return {"type": "function", "name": f"f{number}", **shape}, [
        some_value(random, kind) for kind in kinds
    ]


def test_calldata_is_what_viem_encodes_and_is_read_back(tmp_path: Path) -> None:
    sets = [generated(number) for number in range(60)]
    abi = tmp_path / "abi.json"
    abi.write_text(json.dumps([fragment for fragment, _ in sets]))
    theirs = encode_all([wanted(abi, one["name"], *arguments) for one, arguments in sets])
    for (fragment, arguments), expected in zip(sets, theirs, strict=True):
        function = read_function(json.dumps(fragment))
        assert encode_call(function, arguments) == expected
        assert shown_arguments(function, expected) == arguments


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("poke()", "poke()"),
        (" move(uint,address[]) ", "move(uint256,address[])"),
        ("a((int,bytes)[2],bool)", "a((int256,bytes)[2],bool)"),
    ],
)
def test_a_signature_is_brought_to_its_one_form(text: str, function: str) -> None:
    assert read_function(text) == function


@pytest.mark.parametrize(
    "text",
    [
        "",
        "poke",
        "poke(",
        "poke)",
        "(uint256)",
        "poke(uint7)",
        "po ke()",
        "poke(uint256))",
        "{}",
        "{",
    ],
)
def test_what_is_no_function_is_refused(text: str) -> None:
    with pytest.raises(CallError):
        read_function(text)


@pytest.mark.parametrize(
    ("function", "arguments", "told"),
    [
        ("f(uint256)", [], "takes 1 arguments, 0 are given"),
        ("f(uint256)", [1.5], "argument 0 must be a whole number"),
        ("f(uint256)", [True], "argument 0 must be a whole number"),
        ("f(uint8)", ["256"], "do not fit"),
        ("f(uint256)", ["-1"], "do not fit"),
        ("f(address)", [ADDRESS.lower()], "has no checksum"),
        ("f(address)", ["0x12"], "argument 0"),
        ("f(bytes)", ["0x1"], "must be bytes"),
        ("f(bytes4)", ["0x112233"], "exactly 4 bytes"),
        ("f(bool)", ["yes"], "it must be bool"),
        ("f(uint256[2])", [["1"]], "do not fit"),
        ("f((uint256,bool)[])", [[["1"]]], "argument 0.0 takes 2 parts"),
        ("f(uint256[])", ["1"], "write a list"),
    ],
)
def test_an_argument_that_does_not_fit_is_named(
    function: str, arguments: list[Any], told: str
) -> None:
    with pytest.raises(CallError, match=told):
        encode_call(function, arguments)
