"""Whether a transaction costs more when a million lie behind it."""

import time

from django.db import connection

from tests.bench.ours import submit
from tests.chains import Chain, make_wallet
from wallets.chain.client import NetworkClient
from wallets.models import Network, NonceLane, Transaction, Wallet
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

LANES = 20
_FILL = """
INSERT INTO wallets_transaction (
  uuid, lane_id, network_id, idempotency_key, origin, protocol, action, "to", value, data, selector,
  urgency, priority, state, hold_reason, detail, outcome, wish, nonce, policy_digest,
  reserved_amount, simulation_result, version, created_at, state_changed_at, expectations
)
SELECT gen_random_uuid(), %s, %s, 'old:' || %s || ':' || n, 'bench', 'evm', 'transfer', %s, 1,
  '', '', 'normal', 0, 'final', '', '', 'succeeded', '', n, '', 0, '', 3, now(), now(), '{}'
FROM generate_series(%s, %s) AS n
"""


def growth(chain: Chain, network: Network, receiver: Wallet) -> dict[str, object]:
    """Seconds for the same work with a thousand and with a million rows, and their ratio."""
    wallets = [make_wallet(f"growth-{number}", chain) for number in range(LANES)]
    small = _after(chain, network, wallets, receiver, 0, 1_000 // LANES)
    large = _after(chain, network, wallets, receiver, 1_000 // LANES + 10, 1_000_000 // LANES)
    return {"seconds_at_1_000": small, "seconds_at_1_000_000": large, "ratio": large / small}


def _after(
    chain: Chain, network: Network, wallets: list[Wallet], to: Wallet, first: int, last: int
) -> float:
    """Seconds for ten transactions of each lane, with rows up to `last` behind them."""
    for wallet in wallets:
        lane, _ = NonceLane.objects.get_or_create(wallet=wallet, network=network)
        NonceLane.objects.filter(pk=lane.pk).update(baseline_nonce=0)
        with connection.cursor() as cursor:
            cursor.execute(_FILL, [lane.pk, network.pk, lane.pk, to.address, first, last - 1])
        chain.rpc.call("anvil_setNonce", wallet.address, hex(last))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return _seconds(chain, network, wallets, to, f"growth-{last}")


def _seconds(chain: Chain, network: Network, wallets: list[Wallet], to: Wallet, name: str) -> float:
    started = time.monotonic()
    submit(network, wallets, to, 10, name)
    rows = Transaction.objects.filter(idempotency_key__startswith=f"bench:{name}:")
    while rows.exclude(state__in=("confirmed", "final")).exists():
        for lane in NonceLane.objects.filter(wallet__in=wallets):
            tick(lane.pk)
        chain.mine()
        watch(network, NetworkClient(network))
    return round(time.monotonic() - started, 3)
