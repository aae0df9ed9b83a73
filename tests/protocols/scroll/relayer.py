"""Scroll's own servers as a process of the tests: the relayer, the prover, the bridge history.

python -m tests.protocols.scroll.relayer L1_URL L2_URL prints its port. It relays when it is told
to (GET /relay), finalises a batch (GET /finalise), and answers for withdrawals like the history
server. All it knows is on the two chains; of our code it has none but the JSON-RPC client.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from airdrops_site.devnet.rpc import DevnetRpc

QUEUED = "0x69cfcb8e6d4192b8aba9902243912587f37e550d75c1fa801491fce26717f37e"
SENT = "0x104371f3b442861a2a7b82a070afbbaab748bb13757bf47769e170e37809ec1e"
L2_QUEUE = "0x5300000000000000000000000000000000000000"


class Relayer:
    """What it has relayed and finalised so far."""

    def __init__(self, l1: DevnetRpc, l2: DevnetRpc, rollup: str) -> None:
        self.l1, self.l2, self.rollup = l1, l2, rollup
        self.relayed: set[int] = set()
        # Batch index -> how many messages its tree has.
        self.batches: dict[int, int] = {}

    def relay(self) -> int:
        """Have every queued message of L1 done on L2; how many there were."""
        count = 0
        for log in _logs(self.l1, QUEUED):
            _, index, gas, data = decode(["uint256", "uint64", "uint256", "bytes"], _data(log))
            if index not in self.relayed:
                self.relayed.add(index)
                self._execute(_address(log, 1), _address(log, 2), gas, data)
                count += 1
        return count

    def _execute(self, sender: str, target: str, gas: int, data: bytes) -> None:
        for method, *params in (
            ("anvil_impersonateAccount", sender),
            ("anvil_setBalance", sender, hex(10**20)),
            (
                "eth_sendTransaction",
                {"from": sender, "to": target, "gas": hex(gas), "data": f"0x{data.hex()}"},
            ),
            ("evm_mine",),
        ):
            self.l2.call(method, *params)

    def finalise(self) -> int:
        """Prove a batch with every message of L2 so far; its index."""
        leaves = [message["hash"] for message in self.messages()]
        # finalize(bytes32)
        data = keccak(text="finalize(bytes32)")[:4] + _root(leaves)
        owner = self.l1.call("eth_accounts")[0]
        self.l1.call("eth_sendTransaction", {"from": owner, "to": self.rollup, "data": _hex(data)})
        self.l1.call("evm_mine")
        call = {"to": self.rollup, "data": _hex(keccak(text="lastFinalizedBatchIndex()")[:4])}
        index = int(self.l1.call("eth_call", call, "latest"), 16)
        self.batches[index] = len(leaves)
        root = self.l2.call("eth_call", {"to": L2_QUEUE, "data": "0xd4b9f4fa"}, "latest")
        assert not leaves or root == _hex(_root(leaves)), "the tree is not the one of the chain"
        return index

    def messages(self) -> list[dict[str, Any]]:
        """Every message of L2, in order, as its messenger logged it."""
        found = []
        for log in _logs(self.l2, SENT):
            value, nonce, _, message = decode(
                ["uint256", "uint256", "uint256", "bytes"], _data(log)
            )
            terms = (_address(log, 1), _address(log, 2), value, nonce, message)
            kinds = ["address", "address", "uint256", "uint256", "bytes"]
            relay = keccak(text=f"relayMessage({','.join(kinds)})")[:4] + encode(kinds, terms)
            found.append({"terms": terms, "hash": keccak(relay), "tx": log["transactionHash"]})
        return found

    def withdrawals(self) -> list[dict[str, Any]]:
        """As the history server lists them."""
        batch = max(self.batches, default=0)
        proven = self.batches.get(batch, 0)
        messages = self.messages()
        leaves = [message["hash"] for message in messages][:proven]
        rows = []
        for place, message in enumerate(messages):
            claim = None
            if place < proven:
                sender, target, value, nonce, data = message["terms"]
                claim = {
                    "from": sender,
                    "to": target,
                    "value": str(value),
                    "nonce": str(nonce),
                    "message": _hex(data),
                    "proof": {
                        "batch_index": str(batch),
                        "merkle_proof": _hex(_proof(leaves, place)),
                    },
                    "claimable": True,
                }
            row = {"hash": message["tx"], "message_hash": _hex(message["hash"])}
            rows.append({**row, "claim_info": claim})
        return rows


def _levels(leaves: list[bytes]) -> list[list[bytes]]:
    """The tree, from its leaves to its root; what is missing on the right is empty."""
    empty, level = bytes(32), list(leaves) or [bytes(32)]
    levels = [level]
    while len(level) > 1:
        level = [*level, empty] if len(level) % 2 else level
        levels[-1] = level
        level = [keccak(level[i] + level[i + 1]) for i in range(0, len(level), 2)]
        empty = keccak(empty + empty)
        levels.append(level)
    return levels


def _root(leaves: list[bytes]) -> bytes:
    return _levels(leaves)[-1][0]


def _proof(leaves: list[bytes], place: int) -> bytes:
    found = []
    for level in _levels(leaves)[:-1]:
        found.append(level[place ^ 1])
        place //= 2
    return b"".join(found)


def _logs(rpc: DevnetRpc, topic: str) -> list[dict[str, Any]]:
    question = {"fromBlock": "0x0", "toBlock": "latest", "topics": [topic]}
    logs: list[dict[str, Any]] = rpc.call("eth_getLogs", question)
    return logs


def _address(log: dict[str, Any], topic: int) -> str:
    return "0x" + str(log["topics"][topic])[-40:]


def _data(log: dict[str, Any]) -> bytes:
    return bytes.fromhex(log["data"][2:])


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"


def main(l1_url: str, l2_url: str, rollup: str) -> None:
    """Serve until killed."""
    relayer = Relayer(DevnetRpc(l1_url), DevnetRpc(l2_url), rollup)

    class Handler(BaseHTTPRequestHandler):
        """The few paths there are."""

        def do_GET(self) -> None:
            """Answer one."""
            match self.path.partition("?")[0]:
                case "/relay":
                    answer: Any = relayer.relay()
                case "/finalise":
                    answer = relayer.finalise()
                case "/forget":
                    relayer.relayed.clear()
                    relayer.batches.clear()
                    answer = None
                case "/api/l2/unclaimed/withdrawals":
                    rows = relayer.withdrawals()
                    data = {"results": rows, "total": len(rows)}
                    answer = {"errcode": 0, "errmsg": "", "data": data}
                case _:
                    self.send_error(404)
                    return
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
