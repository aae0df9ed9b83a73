"""The data fee that rollups add to a transaction, from their own oracles."""

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from wallets.chain.client import NetworkClient
from wallets.chain.errors import RpcUnavailable
from wallets.models import Network

# https://docs.optimism.io and https://docs.scroll.io: getL1Fee(bytes) of each gas price oracle
ORACLES = {
    Network.L1FeeModel.OP_STACK: to_checksum_address("0x420000000000000000000000000000000000000f"),
    Network.L1FeeModel.SCROLL: to_checksum_address("0x5300000000000000000000000000000000000002"),
}
_GET_L1_FEE = bytes.fromhex("49948e0e")
# Nonce, fees, addresses and signature beside the calldata. Oracles compress what they price since
# OP's Fjord upgrade: a run of equal bytes would count for next to nothing.
_ENVELOPE = b"".join(keccak(bytes([n])) for n in range(6))[:180].replace(b"\0", b"\xff")


def estimate_l1_fee(client: NetworkClient, data: bytes) -> int:
    """The fee in wei with half as much again for the L1 base fee to rise; 0 where there is none."""
    oracle = ORACLES.get(Network.L1FeeModel(client.network.l1_fee_model))
    if oracle is None:
        return 0
    calldata = _GET_L1_FEE + encode(["bytes"], [_ENVELOPE + data])
    answer = client.call(oracle, calldata, sender=oracle)
    if len(answer) != 32:
        # No contract there: the network is not of the kind it is registered as.
        raise RpcUnavailable(
            f"{client.network.name} has no L1 fee oracle at {oracle}; correct its L1 fee model"
        )
    return int.from_bytes(answer) * 3 // 2
