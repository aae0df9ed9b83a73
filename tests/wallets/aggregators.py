"""Chainlink's own MockV3Aggregator, as it is published, on a chain of the tests."""

import json
from dataclasses import dataclass
from pathlib import Path

from eth_abi.abi import encode

from airdrops_site.devnet.outbox import encode_call
from tests.chains import Chain

ARTIFACT = Path(__file__).parent / "data" / "mock_v3_aggregator.json"
# The first of anvil's own accounts.
SENDER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


@dataclass(frozen=True, slots=True)
class Aggregator:
    """A feed whose answer the test decides."""

    chain: Chain
    address: str

    def answer(self, value: int) -> None:
        """Renew the answer, as of the next block."""
        self._send(encode_call("updateAnswer(int256)", value))

    def answer_at(self, value: int, updated_at: int) -> None:
        """An answer that was last renewed then."""
        signature = "updateRoundData(uint80,int256,uint256,uint256)"
        self._send(encode_call(signature, 7, value, updated_at, updated_at))

    def _send(self, data: str) -> None:
        _send(self.chain, {"to": self.address, "data": data})


def deploy_aggregator(chain: Chain, *, decimals: int, answer: int) -> Aggregator:
    """A new feed with its first answer."""
    code: str = json.loads(ARTIFACT.read_text())["bytecode"]
    arguments = encode(["uint8", "int256"], [decimals, answer]).hex()
    receipt = _send(chain, {"data": code + arguments})
    return Aggregator(chain, receipt["contractAddress"])


def _send(chain: Chain, fields: dict[str, str]) -> dict[str, str]:
    hashed = chain.rpc.call("eth_sendTransaction", {"from": SENDER, "gas": hex(10**6), **fields})
    chain.mine()
    receipt: dict[str, str] = chain.rpc.call("eth_getTransactionReceipt", hashed)
    assert receipt["status"] == "0x1"
    return receipt
