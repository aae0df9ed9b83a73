"""A batch of transactions from one sender, sent at once and mined without waiting for blocks."""

from dataclasses import dataclass, field
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
CALL_GAS = 4_000_000  # adding the first liquidity creates the pair
TRANSFER_GAS = 21_000
FEES = {"maxFeePerGas": hex(100 * 10**9), "maxPriorityFeePerGas": hex(10**9)}
MAX_BLOCKS = 100


@dataclass(slots=True)
class Outbox:
    """Collects transactions with consecutive nonces, so the addresses of deployments are known."""

    rpc: DevnetRpc
    sender: str
    nonce: int
    queued: list[tuple[str, dict[str, str]]] = field(default_factory=list)

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

    def call(self, contract: str, signature: str, *arguments: Any, value: int = 0) -> None:
        """Queue a call, e.g. `call(token, "transfer(address,uint256)", to, amount)`."""
        data = encode_call(signature, *arguments)
        self._queue(signature, CALL_GAS, to=contract, value=hex(value), data=data)

    def pay(self, receiver: str, amount: int) -> None:
        """Queue a transfer of the native coin."""
        self._queue(f"paying {receiver}", TRANSFER_GAS, to=receiver, value=hex(amount))

    def send(self) -> None:
        """Send everything queued, mine it, and make sure that each transaction succeeded."""
        hashes = self.rpc.batch([("eth_sendTransaction", [tx]) for _, tx in self.queued])
        for _ in range(MAX_BLOCKS):
            self.rpc.call("evm_mine")
            receipts = self.rpc.batch([("eth_getTransactionReceipt", [tx]) for tx in hashes])
            if all(receipts):
                break
        for (name, _), tx_hash, receipt in zip(self.queued, hashes, receipts, strict=True):
            self._require_success(name, tx_hash, receipt)
        self.queued.clear()

    def _queue(self, name: str, gas: int, **fields: str) -> None:
        numbers = {"nonce": hex(self.nonce), "gas": hex(gas)}
        self.queued.append((name, {"from": self.sender, **numbers, **FEES, **fields}))
        self.nonce += 1

    def _require_success(self, name: str, tx_hash: str, receipt: dict[str, Any] | None) -> None:
        if receipt is not None and int(receipt["status"], 16) == 1:
            return
        outcome = "was not mined" if receipt is None else "was reverted"
        raise DevnetError(
            f"Setting up the devnet at {self.rpc.url} failed: {name} (transaction {tx_hash})"
            f" {outcome}; {RESET_HINT}."
        )


def encode_call(signature: str, *arguments: Any) -> str:
    """Encode a contract call as 0x-prefixed data."""
    types = [kind for kind in signature[signature.index("(") + 1 : -1].split(",") if kind]
    return "0x" + (keccak(text=signature)[:4] + encode(types, arguments)).hex()


def _created_address(sender: str, nonce: int) -> str:
    made_from: bytes = encode_rlp([to_canonical_address(sender), nonce])  # type: ignore[no-untyped-call]
    return to_checksum_address(keccak(made_from)[-20:])
