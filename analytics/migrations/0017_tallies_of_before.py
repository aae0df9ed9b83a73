"""Count the rebalances that had ended before there were tallies."""

from typing import Any

from django.db import migrations
from django.db.models import Count

from wallets.tallies import text

ENDED = ("applied", "refused", "expired")


def count(apps: Any, _schema: Any) -> None:
    """From the rows there are."""
    rows = apps.get_model("analytics", "Rebalance").objects.filter(state__in=ENDED).order_by()
    tally = apps.get_model("wallets", "Tally")
    tally.objects.bulk_create(
        tally(name="rebalances", labels=text({"policy": policy, "outcome": state}), value=number)
        for policy, state, number in rows.values_list("policy__name", "state").annotate(
            number=Count("pk")
        )
    )


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0016_alerts"),
        ("wallets", "0023_tallies_of_before"),
    ]

    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
