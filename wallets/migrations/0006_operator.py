"""What an operator does and sees: adopted attempts that are not ours, and why one was replaced."""

from typing import Any

from django.db import migrations, models

from wallets import triggers


def renew_triggers(_apps: Any, schema_editor: Any) -> None:
    triggers.install(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("wallets", "0005_private_only")]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="foreign",
            field=models.BooleanField(
                default=False, help_text="Made elsewhere, and not what its transaction was to do."
            ),
        ),
        migrations.AddField(
            model_name="transaction",
            name="replaced_because",
            field=models.CharField(
                blank=True,
                max_length=500,
                help_text="Why something else was put at its nonce, and who asked for that.",
                default="",
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="transaction",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("succeeded", "Succeeded"),
                    ("reverted", "Reverted"),
                    ("replaced", "Replaced by its cancel or from elsewhere"),
                ],
                max_length=10,
            ),
        ),
        migrations.RunPython(renew_triggers, migrations.RunPython.noop),
    ]
