"""Whose the other side of an entry is, from the movement and what is known of its transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analytics.models import Campaign, LedgerEntry
from protocols.models import Deployment
from wallets.addresses import ZERO_ADDRESS
from wallets.models import Wallet

A = LedgerEntry.Account

# Protocols whose contracts stand between networks.
BRIDGES = frozenset({"zksync", "scroll"})
EXCHANGES = ("swap", "wrap", "unwrap")
REWARDS = "reward"


@dataclass(frozen=True, slots=True)
class Leg:
    """One movement of a wallet; an empty token is the native coin."""

    token: str
    direction: str
    counterparty: str


@dataclass(frozen=True, slots=True)
class Doing:
    """What a transaction was for, and everything it moved for the wallet; empty is unknown."""

    network_id: int
    protocol: str = ""
    action: str = ""
    stays_inside: bool = False
    legs: tuple[Leg, ...] = ()


@dataclass(frozen=True, slots=True)
class Posting:
    """The other side of a movement: its account, whose it is, and the airdrop it is of."""

    account: str
    protocol: str = ""
    campaign_id: int | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """Who is who: wallets of ours, registered contracts, and what campaigns pay from and in."""

    own: Mapping[str, int]
    contracts: Mapping[tuple[int, str], str]  # protocol by network and address
    payers: Mapping[tuple[int, str], int]  # campaign by network and claim contract
    prizes: Mapping[tuple[int, str], int]  # campaign by network and token

    @classmethod
    def read(cls, addresses: Iterable[str]) -> "Places":
        """What is known of these addresses, with four questions."""
        wanted = set(addresses)
        contracts = Deployment.objects.filter(address__in=wanted).order_by()
        campaigns = Campaign.objects.order_by("-pk")
        payers = campaigns.filter(claim_contract__in=wanted, networks__isnull=False)
        prizes = campaigns.filter(token__address__in=wanted - {""})
        return cls(
            dict(Wallet.objects.filter(address__in=wanted).values_list("address", "pk")),
            _by_place(contracts.values_list("network", "address", "protocol__slug")),
            _by_place(payers.values_list("networks", "claim_contract", "pk")),
            _by_place(prizes.values_list("token__network", "token__address", "pk")),
        )

    def post(self, leg: Leg, doing: Doing) -> Posting:
        """Where a movement that is no fee belongs."""
        place = doing.network_id, leg.counterparty
        if leg.counterparty in self.own:
            return Posting(A.OWN)
        if leg.direction == "in" and (prize := self._prize(leg, doing)):
            return prize
        protocol = self.contracts.get(place) or _named(doing)
        if protocol in BRIDGES:
            return Posting(A.BRIDGE, protocol)
        if self._is_exchange(doing):
            exchanges = not doing.action or doing.action.startswith(EXCHANGES)
            return Posting(A.TRADE if exchanges else A.PROTOCOL, protocol)
        if leg.direction == "in" and REWARDS in doing.action:
            return Posting(A.INCOME, protocol)
        if place in self.contracts or doing.stays_inside:
            return Posting(A.PROTOCOL, protocol)
        return Posting(A.OUTSIDE)

    def _prize(self, leg: Leg, doing: Doing) -> Posting | None:
        """An airdrop: claimed, paid by its contract, or minted to whoever it is for."""
        of_token = self.prizes.get((doing.network_id, leg.token))
        campaign = self.payers.get((doing.network_id, leg.counterparty)) or of_token
        claimed = doing.action.endswith("claim")
        paid = (doing.network_id, leg.counterparty) in self.payers
        minted = leg.counterparty in (leg.token, ZERO_ADDRESS) and of_token is not None
        if not (claimed or paid or (minted and not self._is_exchange(doing))):
            return None
        return Posting(A.AIRDROP, _named(doing), campaign)

    def _is_exchange(self, doing: Doing) -> bool:
        """Whether it gave one token for another: what goes between our own wallets apart."""
        given = {leg.token for leg in self._others(doing, "out")}
        got = {leg.token for leg in self._others(doing, "in")}
        return bool(given and got and given | got > given)

    def _others(self, doing: Doing, direction: str) -> list[Leg]:
        return [
            leg
            for leg in doing.legs
            if leg.direction == direction and leg.counterparty not in self.own
        ]


def _named(doing: Doing) -> str:
    """The protocol that was meant; the generic one names nobody."""
    return "" if doing.protocol in ("evm", "calls", "wallets") else doing.protocol


def _by_place[Value](rows: Iterable[tuple[int, str, Value]]) -> dict[tuple[int, str], Value]:
    return {(network, address): value for network, address, value in rows}
