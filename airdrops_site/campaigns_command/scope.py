"""Which campaigns are meant."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from airdrops_site.answers import BadInput
from analytics.models import Campaign

Options = dict[str, Any]


def one(slug: str) -> Campaign:
    """The campaign of this slug."""
    return named([slug]).get()


def named(slugs: Sequence[str]) -> QuerySet[Campaign]:
    """Those, or all where none is named; BadInput for one that is not there."""
    rows = Campaign.objects.select_related("protocol", "token__network")
    if not slugs:
        return rows
    found = rows.filter(slug__in=slugs)
    missing = sorted(set(slugs) - set(found.values_list("slug", flat=True)))
    if missing:
        raise BadInput(f"there is no campaign {missing[0][:80]!r}; `campaigns list` shows them")
    return found
