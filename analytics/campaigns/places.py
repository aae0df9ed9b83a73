"""What the names in a file stand for here; what is not there is refused, never made up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from analytics.campaigns.exporting import NATIVE
from analytics.campaigns.fields import FieldMistake
from analytics.models import Campaign
from protocols.models import Protocol
from scheduling.models import Task
from wallets.addresses import AddressError, parse_address
from wallets.models import Network, Token, Wallet


@dataclass(frozen=True, slots=True)
class Parties:
    """The campaigns and wallets of some records, read with two questions."""

    campaigns: Mapping[str, Campaign]
    wallets: Mapping[str, int]

    @classmethod
    def of(cls, values: Iterable[Mapping[str, Any]]) -> "Parties":
        """Those that the records name."""
        found = list(values)
        slugs = {one["campaign"] for one in found}
        addresses = {one["wallet"] for one in found}
        campaigns = Campaign.objects.filter(slug__in=slugs)
        wallets = Wallet.objects.filter(address__in=addresses)
        return cls({row.slug: row for row in campaigns}, dict(wallets.values_list("address", "pk")))

    def campaign(self, slug: str) -> Campaign:
        """FieldMistake where there is none."""
        if slug not in self.campaigns:
            raise FieldMistake(f"campaign: there is no {slug!r}, and no record of it before")
        return self.campaigns[slug]

    def wallet(self, address: str) -> int:
        """FieldMistake where it is no wallet of ours."""
        if address not in self.wallets:
            raise FieldMistake(
                f"wallet: {address} is none of ours; add it first: `wallets add LABEL {address} "
                "watch_only`"
            )
        return self.wallets[address]


class Names:
    """Networks, protocols and tokens by their names; few, so they are read once."""

    @cached_property
    def networks(self) -> dict[str, Network]:
        """By slug."""
        return {row.slug: row for row in Network.objects.all()}

    @cached_property
    def _protocols(self) -> dict[str, Protocol]:
        return {row.slug: row for row in Protocol.objects.all()}

    def network(self, slug: str, field: str) -> Network:
        """FieldMistake where there is none."""
        if slug not in self.networks:
            raise FieldMistake(f"{field}: there is no network {slug!r}; add it first")
        return self.networks[slug]

    def protocol(self, slug: str | None) -> Protocol | None:
        """FieldMistake where there is none."""
        if slug is not None and slug not in self._protocols:
            raise FieldMistake(
                f"protocol: there is no {slug!r}; `actions list` shows what there is"
            )
        return None if slug is None else self._protocols[slug]

    def token(self, name: str | None) -> Token | None:
        """The token `network:address`; FieldMistake where there is none."""
        if name is None:
            return None
        slug, _, written = name.partition(":")
        network = self.network(slug, "token")
        try:
            address = "" if written == NATIVE else parse_address(written)
        except AddressError as error:
            raise FieldMistake(f"token: {error}") from error
        row = Token.objects.filter(network=network, address=address).first()
        if row is None:
            raise FieldMistake(f"token: {name} is not known; add it first with `tokens`")
        return row

    def tasks(self, names: list[str]) -> list[Task]:
        """FieldMistake for the first that is not there."""
        found = {row.name: row for row in Task.objects.filter(name__in=names)}
        if missing := sorted(set(names) - found.keys()):
            raise FieldMistake(
                f"tasks: there is no task {missing[0]!r}; apply the tasks first (`tasks apply`), "
                "or leave them out (--leave-out-tasks)"
            )
        return list(found.values())
