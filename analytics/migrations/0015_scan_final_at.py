from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0014_counted"),
    ]

    operations = [
        migrations.AddField(
            model_name="chainscan",
            name="final_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When the newest final block was mined that the reading has reached.",
                null=True,
            ),
        ),
    ]
