"""Proofs that something was logged on L2, as its node gives them; L1 is asked whether they hold."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from protocols.actions import Context
from wallets.chain.errors import RpcUnavailable
from wallets.chain.values import hex_int

L2Log = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Where a log stands in a batch of L2, and the hashes that lead from it to the batch's root."""

    batch: int
    index: int
    tx_number: int
    proof: tuple[bytes, ...]

    def as_json(self) -> dict[str, Any]:
        """As a wait keeps it."""
        return {
            "batch": self.batch,
            "index": self.index,
            "tx_number": self.tx_number,
            "proof": [f"0x{one.hex()}" for one in self.proof],
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "Inclusion":
        """What a wait has kept."""
        return cls(kept["batch"], kept["index"], kept["tx_number"], _hashes(kept["proof"]))


def find_inclusion(
    l2: Context, tx_hash: str, is_meant: Callable[[L2Log], bool]
) -> Inclusion | None:
    """The proof of one log of a transaction; None while its batch has none."""
    receipt = l2.chain.receipt(tx_hash)
    if receipt is None or receipt.get("l1BatchNumber") is None:
        return None
    with reading("receipt"):
        places = [n for n, log in enumerate(receipt["l2ToL1Logs"]) if is_meant(log)]
    if not places:
        return None
    found = l2.chain.ask("zks_getL2ToL1LogProof", tx_hash, places[0])
    if found is None:
        return None
    with reading("proof"):
        return Inclusion(
            batch=hex_int(receipt["l1BatchNumber"]),
            index=int(found["id"]),
            tx_number=hex_int(receipt["l1BatchTxIndex"]),
            proof=_hashes(found["proof"]),
        )


@contextmanager
def reading(what: str) -> Iterator[None]:
    """An answer that is not what it should be is none: it is asked for again."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RpcUnavailable(f"the {what} of the node cannot be read: {error!r}") from error


def _hashes(texts: Any) -> tuple[bytes, ...]:
    found = tuple(bytes.fromhex(text.removeprefix("0x")) for text in texts)
    if any(len(one) != 32 for one in found):
        raise ValueError("a hash has 32 bytes")
    return found
