"""Who pays out a campaign's tokens: its claim contract, those of its claims, known distributors."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from analytics.campaigns.describing import networks_of
from analytics.models import Campaign, Claim
from protocols.claims.adapter import ADAPTER as CLAIMS
from protocols.models import Deployment

Place = tuple[int, str]  # network and address


@dataclass(frozen=True, slots=True)
class Senders:
    """Campaigns by who pays for them, and by token; a sender of two tells nothing alone."""

    payers: dict[Place, set[int]]
    tokens: dict[int, int | None]  # the token of each campaign, None where it names none

    def campaign(self, place: Place, token: int) -> int | None:
        """Whose receipt it is; None where nobody can tell."""
        fitting = {one for one in self.payers.get(place, ()) if self.tokens[one] in (None, token)}
        exact = {one for one in fitting if self.tokens[one] == token} or fitting
        return next(iter(exact)) if len(exact) == 1 else None

    @property
    def addresses(self) -> set[str]:
        """All of them, whatever the network."""
        return {address for _, address in self.payers}


def read_senders() -> Senders:
    """With four questions, however many campaigns there are."""
    campaigns = list(Campaign.objects.select_related("token").prefetch_related("networks"))
    payers: dict[Place, set[int]] = defaultdict(set)
    for one in campaigns:
        for network in networks_of(one) if one.claim_contract else ():
            payers[network, one.claim_contract].add(one.pk)
    of_claims = Claim.objects.order_by().values_list("network", "contract", "campaign").distinct()
    for network, contract, campaign in of_claims:
        payers[network, contract].add(campaign)
    for place, token_network_campaigns in _distributors(campaigns).items():
        # Only where nobody else is named: a distributor of another campaign says nothing.
        payers.setdefault(place, set(token_network_campaigns))
    return Senders(dict(payers), {one.pk: one.token_id for one in campaigns})


def _distributors(campaigns: Iterable[Campaign]) -> dict[Place, set[int]]:
    """Registered distributors of claims, for the campaigns whose token is on their network."""
    by_network: dict[int, set[int]] = defaultdict(set)
    for one in campaigns:
        if one.token is not None:
            by_network[one.token.network_id].add(one.pk)
    rows = Deployment.objects.filter(protocol__slug=CLAIMS.slug, network__in=by_network)
    places = rows.order_by().values_list("network", "address")
    return {(network, address): by_network[network] for network, address in places}
