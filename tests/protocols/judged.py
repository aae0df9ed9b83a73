"""What the policy says to a call at signing, as an adapter's rules in the database have it."""

from protocols.actions import Call
from tests.factories import NonceLaneFactory, TransactionFactory
from wallets.models import Network, NonceLane, Wallet
from wallets.transactions.policy import PolicyRefusal, check_policy


def judge(call: Call, *, wallet: str, network: Network, protocol: str) -> str:
    """The refusal; empty where the call would be signed."""
    owner = Wallet.objects.get(address=wallet)
    lane = NonceLane.objects.filter(wallet=owner, network=network).first()
    row = TransactionFactory.create(
        lane=lane or NonceLaneFactory.create(wallet=owner, network=network),
        protocol=protocol,
        to=call.to,
        value=call.value,
        data=call.data,
        selector=f"0x{call.data[:4].hex()}",
        expectations=call.expectations.as_json(),
    )
    try:
        check_policy(row)
    except PolicyRefusal as refusal:
        return str(refusal)
    return ""
