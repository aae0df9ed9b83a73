"""Whether a transaction costs more when a million lie behind it."""

import time

from django.db import connection

from tests.bench.ours import submit
from tests.chains import Chain, make_wallet
from tests.transactions import make_transaction
from wallets.chain.client import NetworkClient
from wallets.models import Network, NonceLane, Transaction, Wallet
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

LANES = 20
# What differs between a row and its copies.
_COPIED = {
    "uuid": "gen_random_uuid()",
    "idempotency_key": "'old:' || lane_id || ':' || n",
    "nonce": "n",
}


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
        _fill(lane, to, first, last)
        chain.rpc.call("anvil_setNonce", wallet.address, hex(last))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return _seconds(chain, network, wallets, to, f"growth-{last}")


def _fill(lane: NonceLane, to: Wallet, first: int, last: int) -> None:
    """Final transactions of the lane with the nonces from `first` up to below `last`."""
    made = make_transaction(lane.wallet, lane.network, "final", to=to.address, nonce=first)
    names = [str(one.column) for one in Transaction._meta.concrete_fields if one.column != "id"]
    columns = ", ".join(f'"{name}"' for name in names)
    copies = ", ".join(_COPIED.get(name, f'"{name}"') for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO wallets_transaction ({columns}) SELECT {copies} "
            "FROM wallets_transaction, generate_series(%s, %s) AS n WHERE id = %s",
            [first + 1, last - 1, made.pk],
        )


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
