"""A batch of transactions from one sender, sent at once and mined without waiting for blocks."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from eth_abi.abi import encode
from eth_utils.address import to_canonical_address, to_checksum_address
from eth_utils.crypto import keccak
from rlp.codec import encode as encode_rlp

from airdrops_site.devnet.artifacts import Artifact
from airdrops_site.devnet.errors import DevnetError
from airdrops_site.devnet.rpc import RESET_HINT, DevnetRpc

# Given, since an estimate would need the earlier transactions of the batch mined.
DEPLOY_GAS = 6_000_000
CALL_GAS = 200_000
TRANSFER_GAS = 21_000
FEES = {"maxFeePerGas": hex(100 * 10**9), "maxPriorityFeePerGas": hex(10**9)}
# anvil's default. A transaction that does not fit into a block makes anvil 1.7.1 throw away the
# same sender's smaller next ones, for their nonces: so no more is sent at once than fits.
BLOCK_GAS = 30_000_000


@dataclass(frozen=True, slots=True)
class Queued:
    """A transaction to send, and what to call it if it fails."""

    name: str
    gas: int
    fields: dict[str, str]


@dataclass(slots=True)
class Outbox:
    """Collects transactions with consecutive nonces, so the addresses of deployments are known."""

    rpc: DevnetRpc
    sender: str
    nonce: int
    queued: list[Queued] = field(default_factory=list)

    @classmethod
    def of(cls, rpc: DevnetRpc, sender: str) -> "Outbox":
        """An empty one that goes on where the sender's mined transactions end."""
        return cls(rpc, sender, int(rpc.call("eth_getTransactionCount", sender, "latest"), 16))

    def deploy(self, name: str, artifact: Artifact, *arguments: Any) -> str:
        """Queue a deployment and return the address the contract will have."""
        address = _created_address(self.sender, self.nonce)
        code = artifact.creation_code + encode(artifact.constructor_types, arguments)
        self._queue(f"deploying {name}", DEPLOY_GAS, data="0x" + code.hex())
        return address

    def call(
        self,
        contract: str,
        signature: str,
        *arguments: Any,
        value: int = 0,
        gas: int = CALL_GAS,
    ) -> None:
        """Queue a call, e.g. `call(token, "transfer(address,uint256)", to, amount)`."""
        data = encode_call(signature, *arguments)
        self._queue(signature, gas, to=contract, value=hex(value), data=data)

    def pay(self, receiver: str, amount: int) -> None:
        """Queue a transfer of the native coin."""
        self._queue(f"paying {receiver}", TRANSFER_GAS, to=receiver, value=hex(amount))

    def send(self) -> None:
        """Send everything queued, mine it, and make sure that each transaction succeeded."""
        while self.queued:
            gas_so_far = list(accumulate(tx.gas for tx in self.queued))
            fitting = max(1, bisect_right(gas_so_far, BLOCK_GAS))
            self._send_block(self.queued[:fitting])
            del self.queued[:fitting]

    def _send_block(self, batch: Sequence[Queued]) -> None:
        with mining_paused(self.rpc):
            hashes = self.rpc.batch([("eth_sendTransaction", [tx.fields]) for tx in batch])
            self.rpc.call("evm_mine")
        receipts = self.rpc.batch([("eth_getTransactionReceipt", [tx]) for tx in hashes])
        for tx, tx_hash, receipt in zip(batch, hashes, receipts, strict=True):
            self._require_success(tx.name, tx_hash, receipt)

    def _queue(self, name: str, gas: int, **fields: str) -> None:
        numbers = {"nonce": hex(self.nonce), "gas": hex(gas)}
        self.queued.append(Queued(name, gas, {"from": self.sender, **numbers, **FEES, **fields}))
        self.nonce += 1

    def _require_success(self, name: str, tx_hash: str, receipt: dict[str, Any] | None) -> None:
        if receipt is not None and int(receipt["status"], 16) == 1:
            return
        outcome = "was not mined" if receipt is None else "was reverted"
        raise DevnetError(
            f"Setting up the devnet at {self.rpc.url} failed: {name} (transaction {tx_hash})"
            f" {outcome}; {RESET_HINT}."
        )


@contextmanager
def mining_paused(rpc: DevnetRpc) -> Iterator[None]:
    """No block but those asked for; the chain mines as before once the block of code is left.

    When anvil 1.7.1 mines while a batch still arrives, it can keep the sender's next transaction
    waiting for ever: queued, though the one before it is in a block.
    """
    automine: bool = rpc.call("anvil_getAutomine")
    interval: int | None = rpc.call("anvil_getIntervalMining")
    rpc.batch([("evm_setAutomine", [False]), ("evm_setIntervalMining", [0])])
    try:
        yield
    finally:
        if interval:
            rpc.call("evm_setIntervalMining", interval)
        rpc.call("evm_setAutomine", automine)


def encode_call(signature: str, *arguments: Any) -> str:
    """Encode a contract call as 0x-prefixed data."""
    types = [kind for kind in signature[signature.index("(") + 1 : -1].split(",") if kind]
    return "0x" + (keccak(text=signature)[:4] + encode(types, arguments)).hex()


def _created_address(sender: str, nonce: int) -> str:
    made_from: bytes = encode_rlp([to_canonical_address(sender), nonce])
    return to_checksum_address(keccak(made_from)[-20:])
