"""The way of a campaign from rumour to end: forward to any later status, back only with a reason.

`change_status` is the only writer of a status once the campaign is there.
"""

from django.db import transaction as database

from analytics.models import Campaign
from wallets.transactions.operator import NotPossible
from wallets.transitions import LostRace, recorded

SUBJECT = "campaign"
ORDER = tuple(Campaign.Status)


def is_backwards(old: str, new: str) -> bool:
    """Whether it takes back what was said before."""
    return ORDER.index(Campaign.Status(new)) < ORDER.index(Campaign.Status(old))


def change_status(*, campaign: Campaign, to: str, actor: str, reason: str = "") -> Campaign:
    """The campaign in the new status, with a line in its history.

    NotPossible for a status that is none or a step back without a reason; LostRace where somebody
    else changed it meanwhile.
    """
    if to not in ORDER:
        raise NotPossible(f"{to!r} is no status of a campaign: {', '.join(ORDER)}")
    old = campaign.status
    if old == to:
        return campaign
    if is_backwards(old, to) and not reason.strip():
        raise NotPossible(f"from {old} back to {to} is a correction; say why, as its reason")
    with database.atomic():
        if not Campaign.objects.filter(pk=campaign.pk, status=old).update(status=to):
            raise LostRace(f"{campaign} is no longer {old}; read it again")
        recorded(SUBJECT, campaign.pk, old, to, actor=actor, reason=reason)
    campaign.status = to
    return campaign
