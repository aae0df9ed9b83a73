"""What the independent checker is told of the programme's intents, and what it answers."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wallets.models import Transaction

CHECKER = Path(__file__).with_name("checker.py")
ONCE = (1,)
ONCE_OR_NOT = (0, 1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The checker's answer: executions of each marker, and all hashes of each sender by nonce."""

    counts: dict[str, int]
    wrong: list[dict[str, Any]]
    senders: dict[str, list[str]]

    @property
    def duplicates(self) -> int:
        """Executions beyond the first."""
        return sum(max(0, count - 1) for count in self.counts.values())

    @property
    def lost(self) -> int:
        """Intents that had to be executed and were not."""
        return sum(one["times"] == 0 for one in self.wrong)


@dataclass(slots=True)
class Markers:
    """The lines of the checker's file."""

    lines: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row: Transaction, times: tuple[int, ...] = ONCE) -> None:
        """An intent of ours, under its key."""
        sender = row.lane.wallet.address
        self.say(row.idempotency_key, sender, row.to, row.value, times)

    def say(
        self,
        name: str,
        sender: str,
        to: str,
        value: int,
        times: tuple[int, ...] = ONCE,
        *,
        data: str = "",
    ) -> None:
        """An intent, told from all others by who pays how much to whom, or by its calldata."""
        line = {"name": name, "from": sender, "to": to, "value": str(value), "times": times}
        self.lines.append(line | ({"data": data} if data else {}))


def judge(url: str, markers: Markers, senders: Iterable[str]) -> Verdict:
    """Run the checker, in a Python that can import nothing but the standard library."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(line) + "\n" for line in markers.lines)
        file.flush()
        chosen = [part for sender in senders for part in ("--sender", sender)]
        command = [sys.executable, "-IS", str(CHECKER), "--rpc", url, "--markers", file.name]
        done = subprocess.run([*command, *chosen], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"the checker could not tell: {done.stderr}")
    answer = json.loads(done.stdout)
    # It may not say that all is well and tell of something wrong.
    assert (done.returncode == 1) == bool(answer["wrong"])
    return Verdict(answer["counts"], answer["wrong"], answer["senders"])
