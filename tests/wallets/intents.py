"""Intents for tests of the pipeline."""

from tests.chains import ETHER, Chain
from wallets.chain.client import NetworkClient
from wallets.models import Network, Transaction, Wallet
from wallets.services import Intent, submit_transaction
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch


def transfer(
    wallet: Wallet, network: Network, to: str, key: str = "t:1", **fields: object
) -> Transaction:
    """An intent to send 1 ETH, queued."""
    intent = Intent(
        wallet=wallet,
        network=network,
        idempotency_key=key,
        origin="test",
        protocol="evm",
        to=to,  # type: ignore[arg-type]
        **{"action": "transfer", "value": ETHER, **fields},  # type: ignore[arg-type]
    )
    return submit_transaction(intent=intent, actor="test")


def ticked(row: Transaction) -> Transaction:
    """The row after its lane had a turn."""
    tick(row.lane_id)
    row.refresh_from_db()
    return row


def settled(row: Transaction, chain: Chain) -> Transaction:
    """The row after enough blocks to be final."""
    for _ in range(5):
        chain.mine()
        watch(row.network, NetworkClient(row.network))
    row.refresh_from_db()
    return row
