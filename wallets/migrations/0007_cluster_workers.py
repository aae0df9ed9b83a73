"""How many worker processes a cluster has: they share an endpoint's rate."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("wallets", "0006_operator")]

    operations = [
        migrations.AddField(
            model_name="workercluster",
            name="workers",
            field=models.PositiveIntegerField(default=1, help_text="Worker processes of it."),
        ),
    ]
