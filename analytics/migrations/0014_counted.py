import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import wallets.amounts


def begin_with_what_is_counted(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """What all was worth had these balances in it before anybody wrote down since when."""
    first = apps.get_model("analytics", "EquityPoint").objects.order_by("at").first()
    if first is None:
        return
    counted = apps.get_model("analytics", "CountedBalance")
    balances = apps.get_model("wallets", "Balance").objects.order_by("pk")
    rows = balances.values_list("wallet", "token").iterator(2000)
    counted.objects.bulk_create(
        (
            counted(wallet_id=wallet, token_id=token, at=first.at, block_number=0, amount=0)
            for wallet, token in rows
        ),
        batch_size=500,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0013_basis_version"),
        ("wallets", "0020_operating"),
    ]

    operations = [
        migrations.CreateModel(
            name="CountedBalance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(db_index=True)),
                ("block_number", models.PositiveBigIntegerField()),
                ("amount", wallets.amounts.AmountField()),
                (
                    "token",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="wallets.token",
                    ),
                ),
                (
                    "wallet",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="wallets.wallet",
                    ),
                ),
            ],
            options={"ordering": ("-at", "-id")},
        ),
        migrations.AddConstraint(
            model_name="countedbalance",
            constraint=models.UniqueConstraint(
                fields=("wallet", "token"), name="counted_balance_once"
            ),
        ),
        migrations.RunPython(begin_with_what_is_counted, migrations.RunPython.noop),
    ]
