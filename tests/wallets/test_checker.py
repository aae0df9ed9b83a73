"""The independent checker finds a planted duplicate and a planted loss, and says when it can't."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.chains import ETHER, Chain
from tests.faults.markers import CHECKER
from tests.wallets.rpc_servers import answering, serve

TO = "0x" + "7" * 40
REVERTS = "0x" + "12" * 20


@pytest.fixture
def sender(chain: Chain) -> LocalAccount:
    account: LocalAccount = Account.create()
    chain.fund(account.address, 100 * ETHER)
    return account


def pay(chain: Chain, sender: LocalAccount, value: int, *, to: str = TO, data: str = "0x") -> str:
    """A transaction made by hand, in a block of its own."""
    fields: Any = {"to": to, "value": value, "data": data, "gas": 60_000, "chainId": 31337}
    fees = {"maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10**9}
    nonce = chain.nonce(sender.address)
    signed = sender.sign_transaction({**fields, **fees, "nonce": nonce})
    sent: str = chain.rpc.call("eth_sendRawTransaction", signed.raw_transaction.to_0x_hex())
    chain.mine()
    return sent


def run(folder: Path, url: str, *markers: dict[str, Any], sender: str = "") -> Any:
    """Exit code and answer of the checker, in a Python without anything installed."""
    file = folder / "markers.jsonl"
    file.write_text("".join(json.dumps(marker) + "\n" for marker in markers))
    command = [sys.executable, "-IS", str(CHECKER), "--rpc", url, "--markers", str(file)]
    if sender:
        command += ["--sender", sender]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def test_each_marker_once_is_right(chain: Chain, sender: LocalAccount, tmp_path: Path) -> None:
    pay(chain, sender, 1)
    pay(chain, sender, 2)
    one, two = {"name": "one", "value": 1, "to": TO}, {"name": "two", "value": "2"}
    code, found = run(tmp_path, chain.url, one, two, sender=sender.address)
    assert (code, found["counts"], found["wrong"]) == (0, {"one": 1, "two": 1}, [])


def test_a_planted_duplicate_is_found(chain: Chain, sender: LocalAccount, tmp_path: Path) -> None:
    hashes = [pay(chain, sender, 5), pay(chain, sender, 5)]
    code, found = run(tmp_path, chain.url, {"name": "five", "value": 5, "from": sender.address})
    assert code == 1
    assert found["wrong"] == [{"name": "five", "times": 2, "right": [1], "hashes": hashes}]


def test_a_planted_loss_is_found(chain: Chain, sender: LocalAccount, tmp_path: Path) -> None:
    pay(chain, sender, 1)
    code, found = run(tmp_path, chain.url, {"name": "lost", "value": 9}, sender=sender.address)
    assert (code, found["wrong"][0]["times"], len(found["unmarked"])) == (1, 0, 1)


def test_what_reverted_was_not_executed(chain: Chain, sender: LocalAccount, tmp_path: Path) -> None:
    chain.rpc.call("anvil_setCode", REVERTS, "0x60006000fd")
    pay(chain, sender, 0, to=REVERTS, data="0xabcdef0102")
    code, found = run(tmp_path, chain.url, {"name": "call", "data": "0xABCDEF01"})
    assert (code, found["counts"], found["reverted"]) == (1, {"call": 0}, 1)


def test_what_may_stay_undone_is_right_either_way(
    chain: Chain, sender: LocalAccount, tmp_path: Path
) -> None:
    pay(chain, sender, 1)
    markers = [{"name": str(n), "value": n, "from": sender.address} for n in (1, 2)]
    assert run(tmp_path, chain.url, *({**one, "times": [0, 1]} for one in markers))[0] == 0


def test_others_transactions_are_not_counted(
    chain: Chain, sender: LocalAccount, tmp_path: Path
) -> None:
    pay(chain, sender, 1)
    other = Account.create().address
    assert run(tmp_path, chain.url, {"name": "one", "value": 1}, sender=other)[0] == 1


@pytest.mark.parametrize(
    ("markers", "sentence"),
    [
        ([], "names no intent"),
        ([{"name": "one"}], "neither value nor data"),
        ([{"name": "one", "value": 1, "to": 7}], "that is no text"),
        ([{"name": "a", "value": 1}, {"name": "a", "value": 2}], "names a more than once"),
        ([{"name": "a", "value": 1}, {"name": "b", "value": 1}], "fits a and b alike"),
    ],
)
def test_markers_that_tell_nothing_apart_are_refused(
    chain: Chain,
    sender: LocalAccount,
    tmp_path: Path,
    markers: list[dict[str, Any]],
    sentence: str,
) -> None:
    pay(chain, sender, 1)
    code, said = run(tmp_path, chain.url, *markers)
    assert (code, sentence in said) == (2, True)


def test_a_node_that_is_not_there_is_no_verdict(tmp_path: Path) -> None:
    code, said = run(tmp_path, "http://127.0.0.1:9", {"name": "one", "value": 1})
    assert (code, "gives no usable answer to eth_blockNumber" in said) == (2, True)


@pytest.mark.parametrize(
    ("method", "answer", "sentence"),
    [
        ("eth_getTransactionReceipt", {"status": "0x1", "blockHash": "0x77"}, "no receipt of it"),
        ("eth_getTransactionReceipt", {"status": "0x1"}, "in another way than nodes do"),
        ("eth_getBlockByNumber", None, "the chain changed while it was read"),
        ("eth_blockNumber", None, "in another way than nodes do"),
    ],
)
def test_a_node_that_makes_no_sense_is_no_verdict(
    chain: Chain, sender: LocalAccount, tmp_path: Path, method: str, answer: Any, sentence: str
) -> None:
    pay(chain, sender, 1)
    with serve(chain.url) as server:
        server.tamper = answering(method, answer)
        code, said = run(tmp_path, server.url, {"name": "one", "value": 1}, sender=sender.address)
    assert (code, sentence in said) == (2, True)
