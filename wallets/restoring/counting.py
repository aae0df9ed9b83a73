"""A lane beside its account on chain: which mined nonces the rows cannot explain."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from wallets.chain.client import NetworkClient, hex_int
from wallets.chain.errors import ChainError, RpcUnavailable
from wallets.models import Attempt, Network, NonceLane
from wallets.transactions.finality import final_count
from wallets.transactions.look import require_seen
from wallets.transactions.market import usable
from wallets.transactions.states import ON_CHAIN, PENDING
from wallets.transactions.states import TransactionState as S


@dataclass(frozen=True, slots=True)
class Count:
    """What the chain counts of a lane's account: mined, beyond undoing, and with the pools."""

    lane: NonceLane
    mined: int
    final: int
    pending: int

    def unexplained(self) -> list[int]:
        """Mined nonces that no row of the lane has in a block, lowest first."""
        first = self.lane.baseline_nonce
        if first is None:
            return []
        rows = self.lane.transactions.filter(state__in=ON_CHAIN, nonce__gte=first)
        known = set(rows.values_list("nonce", flat=True))
        return [nonce for nonce in range(first, self.mined) if nonce not in known]

    def has_no_beginning(self) -> bool:
        """Whether intents wait in it, and the backup has not seen its first turn."""
        waits = self.lane.transactions.filter(state__in=(S.QUEUED, S.HELD))
        return self.lane.baseline_nonce is None and self.mined > 0 and waits.exists()


def count_lanes(network: Network, lanes: Sequence[NonceLane]) -> tuple[int, list[Count]]:
    """The newest block, and every lane's counts; ChainError from a network that is silent.

    What pools hold is asked of every endpoint: the most that any tells of counts.
    """
    client = NetworkClient(network)
    head = hex_int(client.read("eth_blockNumber", []))
    require_seen(network, head)
    mined = _counts(client, lanes, hex(head))
    pending = mined
    for endpoint in network.endpoints.filter(enabled=True):
        with suppress(ChainError):
            told = _counts(NetworkClient(network, [endpoint]), lanes, "pending")
            pending = [max(pair) for pair in zip(pending, told, strict=True)]
    return head, [
        Count(lane, one, final_count(lane, head=head, client=client) if one else 0, most)
        for lane, one, most in zip(lanes, mined, pending, strict=True)
    ]


def used_among(network: Network, addresses: Sequence[str]) -> set[str]:
    """Those of the addresses that ever sent something there; all of them where nobody can say."""
    if not network.enabled:
        return set(addresses)
    tags = ("latest", "pending")
    asked = [("eth_getTransactionCount", [one, tag]) for one in addresses for tag in tags]
    try:
        counts = [hex_int(usable(one)) for one in NetworkClient(network).read_many(asked)]
    except (ChainError, TypeError, ValueError):
        return set(addresses)
    return {one for one, *two in zip(addresses, counts[::2], counts[1::2], strict=True) if any(two)}


def unknown_in_pools(count: Count, client: NetworkClient) -> str:
    """Why what nodes hold of the account, in no block, is not all ours; or empty."""
    nonces = range(count.mined, count.pending)
    rows = count.lane.transactions.filter(state__in=PENDING, nonce__in=nonces)
    hashes = {row.nonce: [one.hash for one in row.attempts.all()] for row in rows}
    asked = [tx_hash for some in hashes.values() for tx_hash in some]
    answers = client.read_many([("eth_getTransactionByHash", [one]) for one in asked])
    there = {one for one, told in zip(asked, map(usable, answers), strict=True) if told}
    # Known to a node: it has left, whatever the backup says.
    Attempt.objects.filter(hash__in=there, times_sent=0).update(times_sent=1)
    unknown = [nonce for nonce in nonces if not there.intersection(hashes.get(nonce, ()))]
    if not unknown:
        return ""
    return (
        f"a node holds {len(unknown)} transactions of {count.lane.wallet.label} that are in no "
        f"block and not in the backup (from nonce {unknown[0]}): wait until they are mined"
    )


def _counts(client: NetworkClient, lanes: Sequence[NonceLane], tag: str) -> list[int]:
    asked = [("eth_getTransactionCount", [lane.wallet.address, tag]) for lane in lanes]
    try:
        return [hex_int(usable(answer)) for answer in client.read_many(asked)]
    except (TypeError, ValueError) as error:
        raise RpcUnavailable(f"{client.network.name} counts no transactions: {error}") from error
