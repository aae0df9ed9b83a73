"""What one evaluation is about: whose history, until when, and how much of it was read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min, Q

from analytics.criteria.metric_models import Metric
from analytics.criteria.rule_sets import RuleSet
from analytics.models import ChainScan, ChainTransaction
from wallets.models import Network

# Final blocks come hours after the newest ones on some networks.
LATELY = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Asking:
    """One rule set at one time. `wallets` is None for all of them."""

    rules: RuleSet
    now: datetime
    wallets: tuple[int, ...] | None
    networks: dict[str, int]  # those of the rule set that are networks of ours
    assume_complete: bool = False

    @classmethod
    def of(
        cls,
        rules: RuleSet,
        *,
        now: datetime,
        wallets: Iterable[int] | None = None,
        assume_complete: bool = False,
    ) -> "Asking":
        """With the networks found."""
        ids = dict(
            Network.objects.filter(chain_id__in=rules.networks.values()).values_list(
                "chain_id", "pk"
            )
        )
        found = {name: ids[chain] for name, chain in rules.networks.items() if chain in ids}
        chosen = None if wallets is None else tuple(wallets)
        return cls(rules, now, chosen, found, assume_complete)

    def of_wallets(self) -> Q:
        """Their rows."""
        return Q() if self.wallets is None else Q(wallet_id__in=self.wallets)

    def until(self, moment: str, metric: Metric) -> datetime:
        """When what counts ends; itself does not count."""
        end = self.rules.moment(moment, self.now)
        return min(end, metric.until) if metric.until else end

    def in_time(self, moment: str, metric: Metric, names: Iterable[str]) -> Q:
        """Rows of these networks within the time; by blocks where the rule set says which."""
        end, found = self.until(moment, metric), Q(pk__in=())
        for name in names:
            if name not in self.networks:
                continue
            block = None if metric.until else self.rules.block(moment, name)
            last = Q(block_at__lt=end) if block is None else Q(block_number__lt=block)
            found |= Q(network_id=self.networks[name]) & last
        return found & Q(block_at__gte=metric.since) if metric.since else found


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of which wallets all of a network's history until a moment was read."""

    read: dict[tuple[str, str], frozenset[int]]  # by moment and network
    assumed: bool

    def has(self, wallet: int, moment: str, networks: Iterable[str]) -> bool:
        """Whether nothing about the wallet can be missing."""
        return self.assumed or all(wallet in self.read.get((moment, name), ()) for name in networks)

    def unread(self, wallet: int) -> list[str]:
        """The networks of which something may be missing until the snapshot."""
        if self.assumed:
            return []
        return sorted(
            name
            for (moment, name), known in self.read.items()
            if not moment and wallet not in known
        )


def coverage_of(asking: Asking) -> Coverage:
    """Two questions, for all wallets and networks.

    Read until a moment is whatever goes beyond its block, or, where no block is known, whatever
    reached a final block of after it: a reading that was stopped did not. Where what counts ends
    now, a final block of the last hours will do.
    """
    scans = list(
        ChainScan.objects.filter(asking.of_wallets(), network__in=asking.networks.values())
        .order_by()
        .values_list("wallet_id", "network_id", "first_block", "last_block", "final_at")
    )
    read = {
        (moment, name): _read(asking, moment, name, scans)
        for moment in ("", *asking.rules.moments)
        for name in asking.rules.networks
    }
    return Coverage(read, asking.assume_complete)


type _Scan = tuple[int, int, int, int, datetime | None]


def _read(asking: Asking, moment: str, name: str, scans: list[_Scan]) -> frozenset[int]:
    network = asking.networks.get(name)
    of_network = [scan for scan in scans if scan[1] == network and scan[2] <= 1]
    if network is None or not of_network:
        return frozenset()
    block = asking.rules.block(moment, name)
    end = asking.rules.moment(moment, asking.now)
    if block is None:
        block = _first_block_after(network, end)
    reached = min(end, asking.now - LATELY)
    return frozenset(
        wallet
        for wallet, _, _, last, final_at in of_network
        if (block is not None and last >= block - 1)
        or (final_at is not None and final_at >= reached)
    )


def _first_block_after(network: int, moment: datetime) -> int | None:
    """The first one of which we know that it came later; None if we know of none."""
    later = ChainTransaction.objects.filter(network=network, block_at__gte=moment)
    found: int | None = later.aggregate(least=Min("block_number"))["least"]
    return found
