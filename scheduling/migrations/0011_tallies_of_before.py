"""Count the runs that had ended and the holds of gates before there were tallies."""

from typing import Any

from django.db import migrations
from django.db.models import Count, Sum

from wallets.tallies import text

ENDED = ("succeeded", "failed", "cancelled")


def count(apps: Any, _schema: Any) -> None:
    """From the rows there are."""
    found: dict[tuple[str, str], int] = {}
    runs = apps.get_model("scheduling", "Run").objects.filter(state__in=ENDED).order_by()
    ends = runs.values_list("task__protocol__slug", "state").annotate(number=Count("pk"))
    for protocol, state, number in ends:
        found["runs", text({"protocol": protocol, "outcome": state})] = number
    holds = apps.get_model("scheduling", "GateCount").objects.order_by().values_list("gate")
    for gate, number in holds.annotate(number=Sum("count")):
        found["gate_refusals", text({"gate": gate, "answer": "hold"})] = number
    tally = apps.get_model("wallets", "Tally")
    tally.objects.bulk_create(
        tally(name=name, labels=labels, value=value) for (name, labels), value in found.items()
    )


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0010_wait_changed"),
        ("wallets", "0023_tallies_of_before"),
    ]

    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
