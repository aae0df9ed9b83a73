"""What endpoints said of sent bytes, append-only."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from wallets import triggers


def renew_triggers(_apps: Any, schema_editor: Any) -> None:
    triggers.install(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("wallets", "0010_reserved")]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="answers_seen",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.CreateModel(
            name="EndpointAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "endpoint",
                    models.CharField(
                        blank=True,
                        help_text="Its name; empty where there was none to ask.",
                        max_length=50,
                    ),
                ),
                (
                    "sending",
                    models.PositiveIntegerField(help_text="Which sending it answered, from 1 on."),
                ),
                ("answer", models.CharField(max_length=16)),
                ("text", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                (
                    "attempt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="wallets.attempt",
                    ),
                ),
            ],
            options={"ordering": ("id",)},
        ),
        migrations.RunPython(renew_triggers, migrations.RunPython.noop),
    ]
