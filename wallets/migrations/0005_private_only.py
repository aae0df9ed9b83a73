"""Whom a transaction's bytes may be sent to, and that this never changes for what is signed."""

from typing import Any

from django.db import migrations, models

from wallets import triggers


def renew_triggers(_apps: Any, schema_editor: Any) -> None:
    """With the new column, and as SQLite has made the tables anew."""
    triggers.remove(schema_editor)
    triggers.install(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("wallets", "0004_allowances")]

    operations = [
        migrations.AddField(
            model_name="transaction",
            name="private_only",
            field=models.BooleanField(
                default=False,
                help_text="Its bytes go to private send endpoints, never to public ones.",
            ),
        ),
        migrations.AddField(
            model_name="attempt",
            name="private_only",
            field=models.BooleanField(default=False),
        ),
        migrations.RunPython(renew_triggers, migrations.RunPython.noop),
    ]
