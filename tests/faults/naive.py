"""Two scripts as people write them, under the same faults: what they double and lose.

`loop` remembers an intent once it has seen its receipt; `persisting` also writes down the hash
right after sending. Both are killed and started again as ours is.
"""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.exceptions import TransactionNotFound

from tests.chains import ETHER, Chain
from tests.faults.chaos import CHANCE
from tests.faults.draws import DEEPEST
from tests.faults.ground import FINAL_DEPTH, Ground
from tests.faults.markers import Markers, judge

GWEI = 10**9
POLLS = 3
STARTS = 12
MARKERS = range(1, 5)


class Script:
    """One start of the script; it dies at its n-th question to the node."""

    def __init__(
        self, url: str, chain: Chain, account: LocalAccount, to: str, dies_at: int
    ) -> None:
        self._web3 = Web3(Web3.HTTPProvider(url, request_kwargs={"timeout": 5}))
        self._chain, self._account, self._to, self._left = chain, account, to, dies_at

    def run(self, notes: Path, *, persisting: bool) -> None:
        """Every intent not yet noted as done."""
        known = json.loads(notes.read_text()) if notes.exists() else {}
        for marker in MARKERS:
            while known.get(str(marker)) != "done":
                try:
                    self._one(marker, known, notes, persisting=persisting)
                except Exception:
                    continue

    def _one(self, marker: int, known: dict[str, str], notes: Path, *, persisting: bool) -> None:
        tx_hash = known.get(str(marker)) or self._send(marker)
        if persisting:
            _note(notes, known, marker, tx_hash)
        for _ in range(POLLS):
            self._chain.mine()
            try:
                self._ask(lambda: self._web3.eth.get_transaction_receipt(tx_hash))  # type: ignore[arg-type]
            except TransactionNotFound:
                continue
            _note(notes, known, marker, "done")
            return
        # Not seen for so long: it must have been lost. Send it again.
        known.pop(str(marker), None)

    def _send(self, marker: int) -> str:
        count = self._ask(lambda: self._web3.eth.get_transaction_count(self._account.address))
        price = self._ask(lambda: self._web3.eth.gas_price)
        fields: Any = {
            "chainId": 31337,
            "nonce": count,
            "to": self._to,
            "value": ETHER + marker,
            "gas": 21_000,
            "maxFeePerGas": 2 * price + GWEI,
            "maxPriorityFeePerGas": GWEI,
        }
        raw = self._account.sign_transaction(fields).raw_transaction
        return str(self._ask(lambda: self._web3.eth.send_raw_transaction(raw)).to_0x_hex())

    def _ask[T](self, question: Callable[[], T]) -> T:
        answer = question()
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


def naive_run(seed: int, ground: Ground, folder: Path) -> dict[str, Any]:
    """Both scripts with this seed: executed twice, never executed."""
    return {
        "loop": _count(seed, ground, folder / f"loop-{seed}", persisting=False),
        "persisting": _count(seed, ground, folder / f"kept-{seed}", persisting=True),
    }


def _count(seed: int, ground: Ground, notes: Path, *, persisting: bool) -> dict[str, int]:
    random, chain = Random(seed), ground.chain
    account, to = Account.create(), Account.create().address
    chain.fund(account.address, 1000 * ETHER)
    chain.mine(FINAL_DEPTH)
    for start in range(STARTS):
        ground.begin_round(start)
        ground.fail(CHANCE if start < STARTS - 1 else 0.0)
        dies_at = random.randint(3, 25) if start < STARTS - 1 else 1000
        script = Script(ground.url, chain, account, to, dies_at)
        if _ends(lambda script=script: script.run(notes, persisting=persisting)):  # type: ignore[misc]
            break
        if random.random() < 0.3:
            chain.rpc.call("anvil_reorg", random.randint(1, DEEPEST), [])
    return _compare(ground, account.address, to)


def _compare(ground: Ground, sender: str, to: str) -> dict[str, int]:
    """The chain beside what was meant, by the same checker that judges us."""
    markers = Markers()
    for marker in MARKERS:
        markers.say(f"naive:{marker}", sender, to, ETHER + marker)
    told = judge(ground.chain.url, markers, [sender])
    return {"doubled": told.duplicates, "lost": told.lost}


def _ends(work: Callable[[], None]) -> bool:
    """Whether the script came to its end; False when it was killed."""
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return not os.WIFSIGNALED(status)


def _note(notes: Path, known: dict[str, str], marker: int, text: str) -> None:
    known[str(marker)] = text
    notes.write_text(json.dumps(known))
