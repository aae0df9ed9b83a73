from django.db import migrations, models


class Migration(migrations.Migration):
    """What was kept is made anew: what it was made from is told in another way now."""

    dependencies = [
        ("analytics", "0012_result_status"),
    ]

    operations = [
        migrations.AddField(
            model_name="basischeckpoint",
            name="version",
            field=models.PositiveBigIntegerField(default=0),
        ),
    ]
