"""Counts on a chain how often each intent was executed. Shares no line with what it judges.

    python tests/faults/checker.py --rpc URL --markers FILE [--sender ADDRESS ...]

FILE holds a line of JSON for each intent: `name`, what its transaction looks like (`value` in wei,
`data` as the beginning of its calldata, `to`, `from`; one of the first two at least), and `times`,
the counts that are right: [1] if it says nothing, [0, 1] where it may have been cancelled.

Every block from the first to the newest is read; a transaction counts if its receipt says that it
succeeded. Prints JSON. Exit code 0: every count is right; 1: one is not; 2: it could not be told.
"""

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import batched, pairwise
from pathlib import Path
from typing import Any

BLOCKS_AT_ONCE = 50
RECEIPTS_AT_ONCE = 100
SECONDS = 30
Marker = dict[str, Any]
Found = dict[str, Any]


class Unable(Exception):
    """The question cannot be answered; the sentence says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check and print; the exit code."""
    parser = argparse.ArgumentParser(description="Counts on a chain what was executed.")
    parser.add_argument("--rpc", required=True, help="URL of a node")
    parser.add_argument("--markers", required=True, type=Path, help="JSON lines, one an intent")
    parser.add_argument("--sender", action="append", default=[], help="count only what it sent")
    asked = parser.parse_args(arguments)
    try:
        found = check(asked.rpc, read_markers(asked.markers), asked.sender)
    except Unable as reason:
        sys.stderr.write(f"{reason}\n")
        return 2
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # Python's own way to end would look like a verdict.
        sys.stderr.write(f"{asked.rpc} tells of blocks in another way than nodes do ({error!r})\n")
        return 2
    sys.stdout.write(json.dumps(found) + "\n")
    return 1 if found["wrong"] else 0


def read_markers(file: Path) -> list[Marker]:
    """The intents, as the file tells them."""
    try:
        markers = [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
        for marker in markers:
            marker["value"] = int(marker["value"]) if "value" in marker else None
            if not marker["name"] or (marker["value"] is None and not marker.get("data")):
                raise Unable(f"{file}: {marker} has no name, or neither value nor data")
            if not all(isinstance(marker.get(one, ""), str) for one in ("from", "to", "data")):
                raise Unable(f"{file}: {marker} has an address or data that is no text")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unable(f"{file} cannot be read as markers ({error!r})") from None
    if not markers:
        raise Unable(f"{file} names no intent: there is nothing to count")
    if repeated := [name for name, n in Counter(m["name"] for m in markers).items() if n > 1]:
        raise Unable(f"{file} names {repeated[0]} more than once")
    return markers


def check(url: str, markers: list[Marker], senders: Iterable[str] = ()) -> dict[str, Any]:
    """What the chain holds of the markers, and of the senders (of everybody if none is named)."""
    wanted = {sender.lower() for sender in senders}
    blocks = list(read_blocks(url))
    sent = [
        found
        for block in blocks
        for found in block["transactions"]
        if not wanted or found["from"].lower() in wanted
    ]
    succeeded = read_outcomes(url, sent)
    of_marker = _by_marker(markers, sent)
    counts = {
        marker["name"]: sum(found["hash"] in succeeded for found in of_marker[marker["name"]])
        for marker in markers
    }
    marked = {found["hash"] for matching in of_marker.values() for found in matching}
    return {
        "blocks": len(blocks),
        "transactions": len(sent),
        "reverted": len(sent) - len(succeeded),
        "markers": len(markers),
        "once": sum(count == 1 for count in counts.values()),
        "wrong": [_verdict(one, counts, of_marker) for one in markers if _is_wrong(one, counts)],
        "counts": counts,
        "unmarked": [found["hash"] for found in sent if found["hash"] not in marked],
        "senders": _hashes_by_sender(sent),
    }


def _by_marker(markers: list[Marker], sent: list[Found]) -> defaultdict[str, list[Found]]:
    found_of: defaultdict[str, list[Found]] = defaultdict(list)
    for found in sent:
        fitting = [marker["name"] for marker in markers if _fits(marker, found)]
        if len(fitting) > 1:
            raise Unable(f"{found['hash']} fits {fitting[0]} and {fitting[1]} alike")
        for name in fitting:
            found_of[name].append(found)
    return found_of


def _fits(marker: Marker, found: Found) -> bool:
    same = all(
        (found[name] or "").lower() == marker[name].lower()
        for name in ("from", "to")
        if marker.get(name)
    )
    value_fits = marker["value"] is None or int(found["value"], 16) == marker["value"]
    return same and value_fits and found["input"].lower().startswith(_data(marker))


def _data(marker: Marker) -> str:
    return str(marker.get("data") or "0x").lower()


def _is_wrong(marker: Marker, counts: dict[str, int]) -> bool:
    return counts[marker["name"]] not in marker.get("times", [1])


def _verdict(
    marker: Marker, counts: dict[str, int], found_of: dict[str, list[Found]]
) -> dict[str, Any]:
    name = marker["name"]
    hashes = [found["hash"] for found in found_of[name]]
    right = marker.get("times", [1])
    return {"name": name, "times": counts[name], "right": right, "hashes": hashes}


def _hashes_by_sender(sent: list[Found]) -> dict[str, list[str]]:
    hashes: defaultdict[str, list[str]] = defaultdict(list)
    for found in sorted(sent, key=lambda one: int(one["nonce"], 16)):
        hashes[found["from"].lower()].append(found["hash"])
    return hashes


def read_blocks(url: str) -> Iterator[Found]:
    """Every block with its transactions, oldest first, each the child of the one before."""
    head = int(ask(url, [("eth_blockNumber", [])])[0], 16)
    blocks: list[Found] = []
    for numbers in batched(range(head + 1), BLOCKS_AT_ONCE):
        blocks += ask(url, [("eth_getBlockByNumber", [hex(one), True]) for one in numbers])
    if not all(blocks) or any(two["parentHash"] != one["hash"] for one, two in pairwise(blocks)):
        raise Unable("the chain changed while it was read; ask again when it is quiet")
    yield from blocks


def read_outcomes(url: str, sent: list[Found]) -> set[str]:
    """The hashes of those that succeeded."""
    succeeded: set[str] = set()
    for group in batched(sent, RECEIPTS_AT_ONCE):
        receipts = ask(url, [("eth_getTransactionReceipt", [one["hash"]]) for one in group])
        for found, receipt in zip(group, receipts, strict=True):
            if not receipt or receipt["blockHash"] != found["blockHash"]:
                raise Unable(f"{found['hash']} is in a block and has no receipt of it; ask again")
            if int(receipt["status"], 16) == 1:
                succeeded.add(found["hash"])
    return succeeded


def ask(url: str, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
    """The results of one JSON-RPC batch, in the order of the calls."""
    body = [
        {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        for number, (method, params) in enumerate(calls)
    ]
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    # Without an opener of its own, a proxy of the environment would be asked.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=SECONDS) as response:
            answers = {answer["id"]: answer for answer in json.load(response)}
        return [answers[number]["result"] for number in range(len(calls))]
    except (urllib.error.URLError, OSError, ValueError, KeyError, TypeError) as error:
        raise Unable(f"{url} gives no usable answer to {calls[0][0]} ({error!r})") from None


if __name__ == "__main__":
    raise SystemExit(main())
