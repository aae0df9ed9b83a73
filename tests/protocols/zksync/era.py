"""A node of zkSync for the tests, as a process: an anvil behind the methods that are Era's own.

`python -m tests.protocols.zksync.era L1_URL L2_URL PORT`. It also is the sequencer: `test_carry`
has the L2 do what was requested on L1, `test_seal` makes a batch of what happened since and
executes it on L1, `test_fail` has the next request fail, `test_misplace` has it lie,
`test_forget` begins anew.
"""

import json
import sys
import threading
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from http.server import ThreadingHTTPServer
from typing import Any

import httpx
from eth_abi.abi import decode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from airdrops_site.devnet.outbox import encode_call
from airdrops_site.devnet.rpc import DevnetRpc
from tests.faults.proxy import Faulty

MAILBOX = "0x32400084C286CF3E17e7B677ea9583e60a000324"
BOOTLOADER = "0x0000000000000000000000000000000000008001"
MESSENGER = "0x0000000000000000000000000000000000008008"
BASE_TOKEN = "0x000000000000000000000000000000000000800A"
OPERATOR = "0x00000000000000000000000000000000000Face0"

_TRANSACTION = f"({','.join(['uint256'] * 10)},uint256[4],bytes,bytes,uint256[],bytes,bytes)"
_REQUEST = ("uint256", "bytes32", "uint64", _TRANSACTION, "bytes[]")
_REQUESTED = keccak(text=f"NewPriorityRequest({','.join(_REQUEST)})")
_SENT = f"0x{keccak(text='L1MessageSent(address,bytes32,bytes)').hex()}"
# L2_L1_LOGS_TREE_DEFAULT_LEAF_HASH of the official Config.sol, and the height of Era's tree.
_NO_LOG = bytes.fromhex("72abee45b59e344af8a6e520241c4744aff26ed411f4c4b00f8af09adada43ba")
HEIGHT = 14
_GAS_USED = 120_000

Receipt = dict[str, Any]


@dataclass(slots=True)
class Era:
    """What the node knows beside its chain."""

    l1: DevnetRpc
    l2: DevnetRpc
    l1_seen: int = 0
    l2_seen: int = 0
    batches: int = 0
    failing: bool = False
    carried: dict[str, Receipt] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    # How requests are executed here; each has a hash of its own instead.
    inner: set[str] = field(default_factory=set)
    placed: dict[str, tuple[int, int]] = field(default_factory=dict)
    proofs: dict[tuple[str, int], Receipt] = field(default_factory=dict)

    def forget(self) -> bool:
        """Know nothing but the chains, which are as they were at first."""
        for one in fields(self):
            if one.default_factory is not MISSING:
                setattr(self, one.name, one.default_factory())
            elif one.default is not MISSING:
                setattr(self, one.name, one.default)
        return True

    def carry(self) -> int:
        """Do what was requested on L1 since the last time; returns how much that was."""
        head = int(self.l1.call("eth_blockNumber"), 16)
        question = {"address": MAILBOX, "fromBlock": hex(self.l1_seen), "toBlock": hex(head)}
        logs = self.l1.call("eth_getLogs", {**question, "topics": [f"0x{_REQUESTED.hex()}"]})
        for log in logs:
            _, tx_hash, _, wanted, _ = decode(_REQUEST, bytes.fromhex(log["data"][2:]))
            self._execute(f"0x{tx_hash.hex()}", wanted)
        self.l1_seen = head + 1
        return len(logs)

    def _execute(self, tx_hash: str, wanted: Any) -> None:
        sender, target, value = _address(wanted[1]), _address(wanted[2]), wanted[9]
        paid, refund_to = wanted[10][0], _address(wanted[10][1])
        fee, failed = _GAS_USED * wanted[5], self.failing
        self.failing = False
        receipts = []
        if not failed and value:
            receipts.append(self._mint(sender, value))
        if not failed and wanted[11]:
            receipts.append(self._send(sender, target, f"0x{wanted[11].hex()}"))
            failed = receipts[-1]["status"] != "0x1"
        receipts.append(self._mint(refund_to, paid - fee - (0 if failed else value)))
        self.carried[tx_hash] = {
            **receipts[-1],
            "transactionHash": tx_hash,
            "from": sender,
            "to": target,
            "status": "0x0" if failed else "0x1",
            "logs": [log for one in receipts for log in one["logs"]],
        }
        self.waiting.append(tx_hash)

    def _mint(self, account: str, amount: int) -> Receipt:
        return self._send(
            BOOTLOADER, BASE_TOKEN, encode_call("mint(address,uint256)", account, amount)
        )

    def _send(self, sender: str, target: str, data: str) -> Receipt:
        found = send_as(self.l2, sender, target, data)
        self.inner.add(found["transactionHash"])
        return found

    def seal(self) -> int:
        """Make a batch of everything since the last one, and have L1 execute it."""
        self.batches += 1
        number = self.batches
        entries: list[tuple[str, int, bytes]] = []
        for place, tx_hash in enumerate(self._since_last()):
            self.placed[tx_hash] = (number, place)
            for index, log in enumerate(self.receipt(tx_hash)["l2ToL1Logs"]):
                entries.append((tx_hash, index, _leaf(place, log)))
        levels = _tree([leaf for *_, leaf in entries])
        for position, (tx_hash, index, _) in enumerate(entries):
            proof = [f"0x{one.hex()}" for one in _path(levels, position)]
            root = f"0x{levels[-1][0].hex()}"
            self.proofs[tx_hash, index] = {"id": position, "proof": proof, "root": root}
        send_as(self.l1, OPERATOR, MAILBOX, encode_call("executeBatch(bytes32)", levels[-1][0]))
        return number

    def _since_last(self) -> list[str]:
        head = int(self.l2.call("eth_blockNumber"), 16)
        found, self.waiting = self.waiting, []
        for number in range(self.l2_seen, head + 1):
            for one in self.l2.call("eth_getBlockByNumber", hex(number), True)["transactions"]:
                found += [] if one["hash"] in self.inner else [one["hash"]]
        self.l2_seen = head + 1
        return found

    def receipt(self, tx_hash: str) -> Any:
        """A receipt with what Era adds to it."""
        found = self.carried.get(tx_hash) or self.l2.call("eth_getTransactionReceipt", tx_hash)
        if found is None:
            return None
        batch, place = self.placed.get(tx_hash, (None, None))
        return {
            **found,
            "l1BatchNumber": None if batch is None else hex(batch),
            "l1BatchTxIndex": None if place is None else hex(place),
            "l2ToL1Logs": self._l1_logs(tx_hash, found),
        }

    def _l1_logs(self, tx_hash: str, found: Receipt) -> list[dict[str, Any]]:
        logs = [
            {"sender": MESSENGER, "key": log["topics"][1], "value": log["topics"][2]}
            for log in found["logs"]
            if log["address"] == MESSENGER and log["topics"][0] == _SENT
        ]
        if tx_hash in self.carried:
            status = f"0x{int(found['status'], 16):064x}"
            logs.insert(0, {"sender": BOOTLOADER, "key": tx_hash, "value": status})
        return [{**log, "isService": True, "shardId": "0x0"} for log in logs]

    def estimate(self, asked: dict[str, Any]) -> str:
        """What a request needs; the call must not revert."""
        assert asked["eip712Meta"] == {"gasPerPubdata": "0x320"}, asked
        assert asked["type"] == "0x71", asked
        if asked["data"] == "0x":
            return hex(250_000)
        self.l2.call("anvil_setBalance", asked["from"], hex(10**18))
        call = {name: asked[name] for name in ("from", "to", "data")}
        return hex(3 * int(self.l2.call("eth_estimateGas", call), 16))

    def misplace(self, tx_hash: str, batch: int) -> int:
        """Say from now on that a transaction is in another batch; returns where it is."""
        before, place = self.placed[tx_hash]
        self.placed[tx_hash] = (batch, place)
        return before

    def methods(self) -> dict[str, Callable[..., Any]]:
        """What is answered here; everything else is the anvil's."""

        def fail() -> bool:
            self.failing = True
            return True

        return {
            "eth_getTransactionReceipt": self.receipt,
            "zks_getL2ToL1LogProof": lambda tx_hash, index: self.proofs.get((tx_hash, index)),
            "zks_estimateGasL1ToL2": self.estimate,
            "test_forget": self.forget,
            "test_carry": self.carry,
            "test_seal": self.seal,
            "test_fail": fail,
            "test_misplace": self.misplace,
        }


def send_as(rpc: DevnetRpc, sender: str, target: str, data: str) -> Receipt:
    """Have anybody send a call, and mine it."""
    rpc.call("anvil_setBalance", sender, hex(10**20))
    rpc.call("anvil_impersonateAccount", sender)
    message = {"from": sender, "to": target, "data": data, "gas": hex(5_000_000)}
    fees = {"maxFeePerGas": hex(10**12), "maxPriorityFeePerGas": hex(10**9)}
    tx_hash = rpc.call("eth_sendTransaction", {**message, **fees})
    rpc.call("evm_mine")
    found: Receipt = rpc.call("eth_getTransactionReceipt", tx_hash)
    return found


def _address(number: int) -> str:
    return to_checksum_address(f"0x{number:040x}")


def _leaf(place: int, log: dict[str, Any]) -> bytes:
    parts = (log["sender"], log["key"], log["value"])
    words = b"".join(bytes.fromhex(part[2:]) for part in parts)
    return keccak(b"\x00\x01" + place.to_bytes(2) + words)


def _tree(leaves: list[bytes]) -> list[list[bytes]]:
    """All levels, without the empty leaves to the right of the last."""
    levels, empty = [leaves or [_NO_LOG]], _NO_LOG
    for _ in range(HEIGHT):
        level = levels[-1] + ([empty] if len(levels[-1]) % 2 else [])
        levels.append([keccak(level[n] + level[n + 1]) for n in range(0, len(level), 2)])
        empty = keccak(empty + empty)
    return levels


def _path(levels: list[list[bytes]], position: int) -> list[bytes]:
    siblings, empty = [], _NO_LOG
    for level in levels[:-1]:
        beside = position ^ 1
        siblings.append(level[beside] if beside < len(level) else empty)
        position //= 2
        empty = keccak(empty + empty)
    return siblings


def _server(era: Era, l2_url: str, port: int) -> ThreadingHTTPServer:
    methods, lock = era.methods(), threading.Lock()
    upstream = httpx.Client(timeout=30, trust_env=False)

    def one(call: dict[str, Any]) -> dict[str, Any]:
        own = methods.get(call["method"])
        if own is None:
            found: dict[str, Any] = upstream.post(l2_url, json=call).json()
            return found
        with lock:
            result = own(*call.get("params", ()))
        return {"jsonrpc": "2.0", "id": call["id"], "result": result}

    class Front(Faulty):
        def answer(self, asked: Any) -> None:
            many = isinstance(asked, list)
            answers = [one(call) for call in (asked if many else [asked])]
            self.say(200, json.dumps(answers if many else answers[0]).encode())

    return ThreadingHTTPServer(("127.0.0.1", port), Front)


def main() -> None:
    """Serve until killed."""
    l1_url, l2_url, port = sys.argv[1:]
    server = _server(Era(DevnetRpc(l1_url), DevnetRpc(l2_url)), l2_url, int(port))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve_forever(0.05)


if __name__ == "__main__":
    main()
