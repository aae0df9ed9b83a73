"""How many records there are: what an export has, and what a restore must bring back."""

from django.db.models import QuerySet

from analytics.models import Campaign, Claim, Eligibility


def count_records(campaigns: QuerySet[Campaign]) -> dict[str, int]:
    """By kind of record, and in all."""
    found = {
        "campaigns": campaigns.count(),
        "eligibilities": Eligibility.objects.filter(campaign__in=campaigns).count(),
        "claims": Claim.objects.filter(campaign__in=campaigns).count(),
    }
    return {**found, "records": sum(found.values())}
