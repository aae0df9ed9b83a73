"""Triggers against changing history; the rows that must always exist."""

import uuid
from typing import Any

from django.db import migrations

from wallets import triggers


def install_triggers(_apps: Any, schema_editor: Any) -> None:
    triggers.install(schema_editor)


def remove_triggers(_apps: Any, schema_editor: Any) -> None:
    triggers.remove(schema_editor)


def make_singletons(apps: Any, _schema_editor: Any) -> None:
    apps.get_model("wallets", "Installation").objects.create(id=uuid.uuid4())
    apps.get_model("wallets", "EmergencyStop").objects.create(
        scope_kind="everything", scope_value=""
    )
    apps.get_model("wallets", "Lease").objects.create(name="pulse")


class Migration(migrations.Migration):
    dependencies = [("wallets", "0001_initial")]

    operations = [
        migrations.RunPython(install_triggers, remove_triggers),
        migrations.RunPython(make_singletons, migrations.RunPython.noop),
    ]
