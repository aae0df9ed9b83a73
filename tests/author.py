"""Whoever deploys and calls contracts in tests, by plain JSON-RPC: an unlocked account of anvil."""

from dataclasses import dataclass
from typing import Any

from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address

from airdrops_site.devnet.artifacts import Artifact
from airdrops_site.devnet.rpc import DevnetRpc
from wallets.chain.codec import CODEC, argument_types, type_name

GAS = hex(15_000_000)


def calldata(signature: str, *arguments: Any) -> str:
    """A call as 0x hex; the signature may have tuples."""
    types = [type_name(kind) for kind in argument_types(signature)]
    encoded = function_signature_to_4byte_selector(signature) + CODEC.encode(types, arguments)
    return f"0x{encoded.hex()}"


@dataclass(frozen=True, slots=True)
class Author:
    """One account; everything it does is mined at once and must succeed."""

    rpc: DevnetRpc
    address: str

    def deploy(self, artifact: Artifact, *arguments: Any) -> str:
        """The address of the new contract."""
        code = artifact.creation_code + CODEC.encode(artifact.constructor_types, arguments)
        receipt = self._mined({"data": f"0x{code.hex()}"}, artifact.source)
        return to_checksum_address(receipt["contractAddress"])

    def call(self, contract: str, signature: str, *arguments: Any, value: int = 0) -> None:
        """Have a contract do something."""
        data = calldata(signature, *arguments)
        self._mined({"to": contract, "data": data, "value": hex(value)}, signature)

    def ask(self, contract: str, signature: str, *arguments: Any, returns: str = "uint256") -> Any:
        """The one value a view function returns."""
        asked = {"to": contract, "data": calldata(signature, *arguments), "from": self.address}
        answer: str = self.rpc.call("eth_call", asked, "latest")
        return CODEC.decode([returns], bytes.fromhex(answer[2:]))[0]

    def _mined(self, fields: dict[str, str], what: str) -> dict[str, Any]:
        sent = {"from": self.address, "gas": GAS, **fields}
        tx_hash = self.rpc.call("eth_sendTransaction", sent)
        self.rpc.call("evm_mine")
        receipt: dict[str, Any] = self.rpc.call("eth_getTransactionReceipt", tx_hash)
        assert receipt["status"] == "0x1", f"{what} was reverted"
        return receipt
