"""An explorer that knows what a node tells: its answers as Etherscan's API gives them."""

import json
from pathlib import Path
from typing import Any

from tests.analytics.chain_history.lives import Lives, block_number

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
Rows = list[dict[str, str]]


def number(text: str | None) -> str:
    """A quantity of JSON-RPC as explorers write it."""
    return str(int(text or "0x0", 16))


def answers(lives: Lives, *, traced: bool = True) -> dict[str, Rows]:
    """`txlist`, `tokentx` and `txlistinternal`, of all blocks since the lives began."""
    rpc = lives.alice.rpc
    found: dict[str, Rows] = {"txlist": [], "tokentx": [], "txlistinternal": []}
    for height in range(lives.first, block_number(lives.alice) + 1):
        block = rpc.call("eth_getBlockByNumber", hex(height), True)
        for tx in block["transactions"]:
            receipt = rpc.call("eth_getTransactionReceipt", tx["hash"])
            where = {
                "blockNumber": str(height),
                "timeStamp": number(block["timestamp"]),
                "hash": tx["hash"],
            }
            found["txlist"].append(where | sent(tx, receipt))
            found["tokentx"] += [
                where | moved(log) for log in receipt["logs"] if log["topics"][0] == TRANSFER
            ]
            if not traced:
                continue
            trace = rpc.call("debug_traceTransaction", tx["hash"], {"tracer": "callTracer"})
            found["txlistinternal"] += [where | one for one in inside(trace)]
    return found


def sent(tx: dict[str, Any], receipt: dict[str, Any]) -> dict[str, str]:
    failed = receipt["status"] == "0x0"
    return {
        "nonce": number(tx["nonce"]),
        "from": tx["from"],
        "to": tx["to"],
        "value": number(tx["value"]),
        "gasPrice": number(receipt["effectiveGasPrice"]),
        "gasUsed": number(receipt["gasUsed"]),
        "input": tx["input"],
        "isError": "1" if failed else "0",
        "txreceipt_status": "0" if failed else "1",
        "contractAddress": "",
    }


def moved(log: dict[str, Any]) -> dict[str, str]:
    return {
        "from": "0x" + log["topics"][1][-40:],
        "to": "0x" + log["topics"][2][-40:],
        "contractAddress": log["address"],
        "value": number(log["data"]),
        "tokenSymbol": "T",
        "tokenDecimal": "18",
    }


def inside(trace: dict[str, Any]) -> Rows:
    rows: Rows = []
    for call in trace.get("calls", ()):
        facts = {"from": call["from"], "to": call["to"], "value": number(call.get("value"))}
        rows.append({**facts, "type": call["type"].lower(), "isError": "0", "errCode": ""})
        rows += inside(call)
    return [row for row in rows if row["value"] != "0" and row["type"] == "call"]


def write(folder: Path, name: str, rows: Rows) -> Path:
    """The file that a person downloads."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"status": "1", "message": "OK", "result": rows}))
    return path
