"""What a scan asks about, and what no scan has asked about yet: that is unknown, not none."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, Subquery
from eth_typing import ChecksumAddress

from wallets.addresses import parse_address
from wallets.allowances import places
from wallets.balances import watched_wallets
from wallets.models import Allowance, AllowanceScan, Network, PolicyRule, Token


@dataclass(frozen=True, slots=True)
class Scope:
    """Which tokens and spenders of a network are asked about."""

    tokens: list[Token]
    spenders: list[ChecksumAddress]

    @property
    def each(self) -> int:
        """Questions for one wallet."""
        return len(self.tokens) * len(places(self.spenders))

    def within(self, scan: AllowanceScan) -> "Scope":
        """What of it the scan asked about."""
        tokens, spenders = set(scan.tokens), set(scan.spenders)
        return Scope(
            [one for one in self.tokens if one.pk in tokens],
            [one for one in self.spenders if one in spenders],
        )


@dataclass(frozen=True, slots=True)
class Coverage:
    """The last finished scan of a network, and how many allowances it did not ask about."""

    network: Network
    scan: AllowanceScan | None
    never_asked: int


def scope_of(network: Network, more: Iterable[str] = ()) -> Scope:
    """Enabled ERC-20 tokens, and spenders that were ever registered, found, or are named."""
    scope = scopes_of([network])[network.pk]
    named = {*scope.spenders, *(parse_address(one) for one in more)}
    return Scope(scope.tokens, sorted(named))


def scopes_of(networks: Iterable[Network]) -> dict[int, Scope]:
    """The scope of each, by the network's key."""
    here = list(networks)
    tokens: dict[int, list[Token]] = defaultdict(list)
    spenders: dict[int, set[ChecksumAddress]] = defaultdict(set)
    for token in Token.objects.filter(network__in=here, enabled=True).order_by("pk"):
        if not token.is_native:
            tokens[token.network_id].append(token)
    rules = PolicyRule.objects.filter(network__in=here, selector=PolicyRule.ALLOWANCE).order_by()
    found = Allowance.objects.filter(token__network__in=here).order_by()
    for network, spender in (
        *rules.values_list("network", "address").distinct(),
        *found.values_list("token__network", "spender").distinct(),
    ):
        spenders[network].add(parse_address(spender))
    return {one.pk: Scope(tokens[one.pk], sorted(spenders[one.pk])) for one in here}


def coverage_of(networks: Iterable[Network]) -> list[Coverage]:
    """For each of them, with as many questions as for one."""
    here = list(networks)
    scopes, scans = scopes_of(here), _newest_scans(here)
    everyone, by_cursor = _count_wallets({scan.wallet_cursor for scan in scans.values()})
    found = []
    for network in here:
        scope, scan = scopes[network.pk], scans.get(network.pk)
        asked = by_cursor[scan.wallet_cursor] * scope.within(scan).each if scan else 0
        found.append(Coverage(network, scan, everyone * scope.each - asked))
    return found


def never_asked(network: Network) -> int:
    """How many allowances that would be asked about now the last scan did not ask about."""
    return coverage_of([network])[0].never_asked


def _newest_scans(networks: list[Network]) -> dict[int, AllowanceScan]:
    done = AllowanceScan.objects.filter(finished_at__isnull=False)
    newest = done.filter(network=OuterRef("network")).order_by("-id").values("pk")[:1]
    rows = done.filter(network__in=networks, pk=Subquery(newest))
    return {row.network_id: row for row in rows}


def _count_wallets(cursors: set[int]) -> tuple[int, dict[int, int]]:
    """All that are watched, and those up to each cursor."""
    counts = {f"to_{cursor}": Count("pk", filter=Q(pk__lte=cursor)) for cursor in cursors}
    found = watched_wallets().order_by().aggregate(everyone=Count("pk"), **counts)
    return found["everyone"], {cursor: found[f"to_{cursor}"] for cursor in cursors}
