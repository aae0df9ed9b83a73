"""The newest runs of a task that succeeded: what its next one will cost."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0011_tallies_of_before")]

    operations = [
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                fields=("task", "-id"), condition=Q(state="succeeded"), name="run_done"
            ),
        ),
    ]
