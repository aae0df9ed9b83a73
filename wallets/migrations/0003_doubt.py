"""What is watched, looked at again, and refused by everybody."""

from typing import Any

from django.db import migrations, models
from django.db.models import Q

from wallets import triggers

WATCHED = ("reserved", "signed", "broadcast", "included", "confirmed", "needs_operator")


def renew_triggers(_apps: Any, schema_editor: Any) -> None:
    """SQLite makes a table anew for a column with a default, and its triggers go with the old."""
    triggers.remove(schema_editor)
    triggers.install(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("wallets", "0002_triggers_and_singletons")]

    operations = [
        migrations.RemoveIndex(model_name="transaction", name="transaction_in_flight"),
        migrations.AddField(
            model_name="attempt",
            name="times_refused",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="network",
            name="watched_number",
            field=models.PositiveBigIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="transaction",
            name="look_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=Q(state__in=WATCHED),
                fields=["network", "state", "id"],
                name="transaction_watched",
            ),
        ),
        migrations.RunPython(renew_triggers, migrations.RunPython.noop),
    ]
