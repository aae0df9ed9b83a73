"""Count what had ended before there were tallies, so that no counter of /metrics falls."""

from typing import Any

from django.db import migrations
from django.db.models import Count

from wallets.amounts import SumAmount
from wallets.tallies import text

ENDED_UNSENT = ("refused", "expired", "cancelled", "voided")


def count(apps: Any, _schema: Any) -> None:
    """From the rows there are; the dollars of fees of then are not known here."""
    found: dict[tuple[str, str], int] = {}
    transactions = apps.get_model("wallets", "Transaction").objects.order_by()
    places = ("network__slug", "protocol")
    final = transactions.filter(state="final").values_list(*places, "outcome")
    unsent = transactions.filter(state__in=ENDED_UNSENT).values_list(*places, "state")
    for rows in (final, unsent):
        for network, protocol, outcome, number in rows.annotate(number=Count("pk")):
            labels = {"network": network, "protocol": protocol, "outcome": outcome}
            found["transactions", text(labels)] = number
    receipts = apps.get_model("wallets", "Receipt").objects.order_by()
    paid = receipts.filter(canonical=True, transaction__state="final")
    fees = paid.values_list("transaction__network__slug", "transaction__protocol")
    for network, protocol, fee, number in fees.annotate(total=SumAmount("fee"), number=Count("pk")):
        place = text({"network": network, "protocol": protocol})
        found["fees_native", place] = fee
        found["fees_unpriced", place] = number
    tally = apps.get_model("wallets", "Tally")
    tally.objects.bulk_create(
        tally(name=name, labels=labels, value=value) for (name, labels), value in found.items()
    )


class Migration(migrations.Migration):
    dependencies = [("wallets", "0022_tallies")]

    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
