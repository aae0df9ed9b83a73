"""Coin that a bridge paid out: a stranger's transaction without a log, that a wait has found."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from analytics.chain_history.blocks import times_of
from analytics.chain_history.movements import sides
from analytics.chain_history.reading import transfer_row
from analytics.chain_history.scope import Found, scope_of
from analytics.chain_history.storing import store
from analytics.chain_history.traces import Tracer
from analytics.models import ChainTransfer
from scheduling.models import Step
from scheduling.states import StepState
from wallets.chain.client import NetworkClient, hex_int
from wallets.chain.errors import ChainError
from wallets.chain.rpc import Request
from wallets.models import Network, Wallet

# What was not found in so long is not asked for for ever: reconciling names the difference.
ASKED_FOR = timedelta(days=2)
AT_ONCE = 100


def read_arrivals(client: NetworkClient, final: int) -> int:
    """Trace what waits have found in final blocks of the network; how many transfers are new.

    A reading by every block traces only what our own wallets sent, and a relay is its relayer's.
    """
    if client.network.l1_fee_model == Network.L1FeeModel.ZKSYNC:
        return 0  # its logs tell of coin, too
    rows = list(_untold()[:AT_ONCE])
    hashes = _mined(client, sorted({row.tx_hash for row in rows}), final)
    if not hashes:
        return 0
    moves = Tracer(client).moves(hashes)
    wallets = Wallet.objects.filter(pk__in={row.run.wallet_id for row in rows})
    scope = scope_of(client.network, wallets)
    kept = list(sides(scope, moves))
    times = times_of(client, {move.block for move, *_ in kept})
    return store(client.network, Found([], [transfer_row(scope, times, *one) for one in kept]))[1]


def _untold() -> Any:
    """Waits that ended of late with a transaction of which nothing is told to their wallet."""
    ended = Step.objects.filter(
        kind=Step.Kind.WAIT,
        state=StepState.SETTLED,
        state_changed_at__gte=timezone.now() - ASKED_FOR,
        found__tx_hash__isnull=False,
    )
    found = ended.annotate(tx_hash=KeyTextTransform("tx_hash", "found"))
    told = ChainTransfer.objects.filter(
        hash=OuterRef("tx_hash"),
        wallet=OuterRef("run__wallet"),
        direction=ChainTransfer.Direction.IN,
    )
    return found.exclude(Exists(told)).select_related("run").order_by("-state_changed_at")


def _mined(client: NetworkClient, hashes: Sequence[str], final: int) -> list[tuple[str, int]]:
    """Those that this network has in a final block, with its number: some are another's."""
    requests: list[Request] = [("eth_getTransactionReceipt", [one]) for one in hashes]
    found = []
    for one, answer in zip(hashes, client.read_many(requests), strict=True):
        if isinstance(answer, ChainError):
            raise answer
        if answer and hex_int(answer["blockNumber"]) <= final:
            found.append((one, hex_int(answer["blockNumber"])))
    return found
