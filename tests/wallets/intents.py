"""Intents for tests of the pipeline."""

from tests.chains import ETHER
from wallets.models import Network, Transaction, Wallet
from wallets.services import Intent, submit_transaction


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
