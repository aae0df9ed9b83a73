"""What a person says of a campaign, kept with who said it."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction as database

from analytics.campaigns.statuses import SUBJECT, change_status
from analytics.models import Campaign
from wallets.transitions import recorded


def save_campaign(*, campaign: Campaign, actor: str, reason: str = "") -> Campaign:
    """Keep the campaign as described; a status that differs goes by the arrows.

    ValidationError names what does not fit; NotPossible for a step back without a reason.
    """
    check_links(campaign.links)
    with database.atomic():
        known = Campaign.objects.select_for_update().filter(pk=campaign.pk).first()
        wanted = campaign.status
        campaign.status = known.status if known else wanted
        campaign.full_clean()
        campaign.save()
        if known is None:
            recorded(SUBJECT, campaign.pk, "", wanted, actor=actor, reason=reason)
        return change_status(campaign=campaign, to=wanted, actor=actor, reason=reason)


def check_links(links: object) -> None:
    """ValidationError unless it is a list of texts that lead to web pages."""
    fits = isinstance(links, list) and all(_leads_to_a_page(one) for one in links)
    if not fits:
        raise ValidationError({"links": 'write a list of web addresses: ["https://…", …]'})


def _leads_to_a_page(one: object) -> bool:
    return isinstance(one, str) and one.startswith(("https://", "http://"))


def networks_of(campaign: Campaign) -> Iterable[int]:
    """The keys of the networks it is on, its token's too; reads what was prefetched."""
    found = {network.pk for network in campaign.networks.all()}
    return found | ({campaign.token.network_id} if campaign.token else set())
