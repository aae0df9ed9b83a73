"""The fault programme's own promises: its faults happen, and its table names tests that exist."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account import Account

from tests.chains import ETHER, Chain
from tests.faults.draws import Dice
from tests.faults.elsewhere import ROWS
from tests.faults.lines import is_wrong, newest
from tests.faults.proxy import COUNT, FAULTS, RECEIPT, SEND, Plan, faulty_proxy
from tests.faults.versions import ROOT

FOLDER = Path(__file__).parent
LOST = "no answer"
# What a client of the proxy gets for each fault, and whether the node has what was sent through it.
SEEN: dict[str, tuple[Any, bool | None]] = {
    "silent": (LOST, False),
    "answer_lost": (LOST, True),
    "rate_limited": ((429, "0"), False),
    "rate_limited_long": ((429, None), False),
    "html": ("<html>Bad gateway</html>", False),
    "wrong_chain": ("0x1", None),
    "stale_count": ("0x0", None),
    "empty_receipt": (None, None),
    "accepted_then_silent": (LOST, True),
    "accepted_then_dropped": ("hash", False),
    "already_known": ("already known", True),
    "underpriced": ("replacement transaction underpriced", False),
    # Of a single call there is no half to leave unanswered.
    "half_unanswered": ("hash", True),
    "half_taken": ("too many requests", False),
}


@pytest.mark.parametrize("name", [test for row in ROWS for test in row.tests])
def test_the_table_names_tests_that_exist(name: str) -> None:
    file, _, test = name.partition("::")
    tree = ast.parse((FOLDER / file).read_text())
    assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_restores_between_engines_are_on_record_and_none_is_wrong() -> None:
    lines = newest("restores")
    assert not [line["seed"] for line in lines if is_wrong(line)]
    ways = {line["engines"] for line in lines}
    assert {"sqlite→postgresql", "postgresql→sqlite"} < ways
    assert {line["portable"] for line in lines} == {False, True}
    beside = [line for line in lines if line["happened"].get("signed_by_old_beside")]
    assert len({line["seed"] for line in beside}) >= 2


def signed(chain: Chain) -> tuple[str, str, str]:
    """Sender, hash and bytes of a transfer that the chain takes."""
    account = Account.create()
    chain.fund(account.address, ETHER)
    fields: Any = {"to": account.address, "value": 1, "nonce": 0, "gas": 21_000, "chainId": 31337}
    fees = {"maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10**9}
    made = account.sign_transaction({**fields, **fees})
    return account.address, made.hash.to_0x_hex(), made.raw_transaction.to_0x_hex()


def ask(url: str, method: str, params: list[Any]) -> Any:
    """What a client of the proxy gets: a result, the words of an error, a status, or nothing."""
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    try:
        answer = httpx.post(url, json=body, trust_env=False)
    except httpx.HTTPError:
        return LOST
    if answer.status_code != 200:
        return answer.status_code, answer.headers.get("Retry-After")
    if not answer.text.startswith("{"):
        return answer.text
    told = answer.json()
    return told["error"]["message"] if "error" in told else told["result"]


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_does_what_its_name_says(fault: str, chain: Chain) -> None:
    sender, tx_hash, raw = signed(chain)
    if fault in ("stale_count", "empty_receipt"):
        chain.rpc.call(SEND, raw)
        chain.mine()
    params = {COUNT: [sender, "latest"], RECEIPT: [tx_hash], "eth_chainId": []}
    method = FAULTS[fault] or SEND
    plan = Plan(Dice("1"), chance=1.0, faults=(fault,))
    with faulty_proxy(chain.url, plan) as url:
        seen = ask(url, method, params.get(method, [raw]))
    expected, node_has_it = SEEN[fault]
    assert seen == (tx_hash if expected == "hash" else expected)
    assert plan.injected == {fault: 1}
    known = chain.rpc.call("eth_getTransactionByHash", tx_hash)
    assert node_has_it in (None, known is not None)


@pytest.mark.parametrize(
    ("fault", "answered", "taken"),
    [("half_unanswered", [True, False], [True, True]), ("half_taken", [True, True], [True, False])],
)
def test_a_node_takes_or_answers_half_of_a_batch(
    fault: str, answered: list[bool], taken: list[bool], chain: Chain
) -> None:
    made = [signed(chain) for _ in range(2)]
    body = [
        {"jsonrpc": "2.0", "id": number, "method": SEND, "params": [raw]}
        for number, (_, _, raw) in enumerate(made)
    ]
    with faulty_proxy(chain.url, Plan(Dice("1"), chance=1.0, faults=(fault,))) as url:
        told = {answer["id"] for answer in httpx.post(url, json=body, trust_env=False).json()}
    assert [number in told for number in range(2)] == answered
    known = [chain.rpc.call("eth_getTransactionByHash", tx_hash) for _, tx_hash, _ in made]
    assert [found is not None for found in known] == taken


def test_a_seed_means_the_same_after_another_as_alone() -> None:
    asked = [part for seed in ("6", "4", "6") for part in ("--seed", seed)]
    command = [sys.executable, "-m", "tests.faults", *asked]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    alone, other, again = re.findall(r'"plan": "(\w+)"', done.stdout)
    assert (again, done.returncode) == (alone, 0)
    assert other != alone


def test_a_request_more_moves_no_fault_of_the_next_round() -> None:
    few, many = Plan(Dice("7"), chance=0.5), Plan(Dice("7"), chance=0.5)
    for plan, requests in ((few, 3), (many, 9)):
        for _ in range(requests):
            plan.draw({SEND})
        plan.dice.begin(2)
    drawn = [few.draw({SEND}) for _ in range(40)]
    assert drawn == [many.draw({SEND}) for _ in range(40)]
    assert {"", "silent"} < set(drawn)
