"""Messages that contracts of L2 send to L1 for withdrawals."""

from dataclasses import dataclass

from eth_typing import ChecksumAddress

from protocols.actions import CallReceipt, PlanError
from protocols.zksync.contracts import L1_MESSENGER, L2_ROUTER_ABI, MESSENGER_ABI
from protocols.zksync.tokens import Minted, read_mint_data
from wallets.addresses import parse_address
from wallets.transactions.shapes import SenderInside

# finalizeEthWithdrawal of the mailbox, then packed: 20 bytes receiver, 32 bytes amount.
ETHER_FORM = bytes.fromhex("6c0960f9")
_ETHER_LENGTH = 56
# finalizeDeposit of the router, then packed: chain id, asset id, and the router's mint data.
ROUTER_FORM = L2_ROUTER_ABI.function("finalizeDeposit").selector
_MINT_DATA = 4 + 32 + 32
# In the mint data the receiver is the second word's last 20 bytes.
PAYS_SENDER = SenderInside(
    path=(0, 5),
    forms=((ETHER_FORM.hex(), 4), (ROUTER_FORM.hex(), _MINT_DATA + 32 + 12)),
)
_SENT = MESSENGER_ABI.event("L1MessageSent")


@dataclass(frozen=True, slots=True)
class Message:
    """What a contract of L2 told L1 to pay; `asset` is empty for ether."""

    sender: ChecksumAddress
    data: bytes
    asset: bytes
    minted: Minted


def sent_message(receipt: CallReceipt) -> Message:
    """The message of the called contract; PlanError where its receipt has none."""
    for log in receipt.logs:
        event = _SENT.decode(log) if log.address == L1_MESSENGER else None
        if event and event["_sender"] == receipt.call.to:
            return read_message(event["_sender"], event["_message"])
    raise PlanError(
        f"the withdrawal {receipt.tx_hash} sent no message to L1; look at it: "
        "where its value went is not known"
    )


def read_message(sender: ChecksumAddress, data: bytes) -> Message:
    """What the message says; PlanError for any other bytes."""
    if data.startswith(ETHER_FORM) and len(data) == _ETHER_LENGTH:
        receiver = parse_address(f"0x{data[4:24].hex()}")
        return Message(sender, data, b"", Minted(receiver, int.from_bytes(data[24:])))
    if data.startswith(ROUTER_FORM):
        minted = read_mint_data(data[_MINT_DATA:])
        if minted is not None:
            return Message(sender, data, data[36:_MINT_DATA], minted)
    raise PlanError(f"the message 0x{data[:4].hex()}… to L1 is of no form that is known")
