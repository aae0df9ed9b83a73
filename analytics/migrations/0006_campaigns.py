"""A claim may have been made elsewhere, or by somebody for us."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def fill(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """What was claimed until then was claimed by a transaction of ours."""
    claims = apps.get_model("analytics", "Claim").objects
    receipts = apps.get_model("wallets", "Receipt").objects
    canonical = receipts.filter(transaction=OuterRef("transaction"), canonical=True)
    found = claims.filter(status="claimed").annotate(
        found=Subquery(canonical.values("attempt__hash")[:1])
    )
    for pk, value in found.exclude(found=None).values_list("pk", "found"):
        claims.filter(pk=pk).update(claimed_hash=value)


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0005_accounts"),
        ("wallets", "0020_operating"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="claim",
            options={"permissions": (("operate_claim", "Can say what became of claims"),)},
        ),
        migrations.AddField(
            model_name="claim",
            name="claimed_hash",
            field=models.CharField(blank=True, max_length=66),
        ),
        migrations.AddField(
            model_name="claim",
            name="reason",
            field=models.CharField(
                blank=True,
                help_text="Why a person says that it was claimed or missed.",
                max_length=300,
            ),
        ),
        migrations.AddField(
            model_name="claim",
            name="transfer",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="analytics.chaintransfer",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="claim", name="claim_claimed_has_transaction"),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "claimed"), _negated=True),
                    ("transaction__isnull", False),
                    ("transfer__isnull", False),
                    models.Q(("claimed_hash", ""), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="claim_claimed_has_cause",
            ),
        ),
    ]
