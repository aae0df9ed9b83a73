"""Say of entries that were booked before whose their other side is, and in which block."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Exists, OuterRef, Q, Subquery


def fill(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Until then there were receipts of ours only, and every account was `outside`."""
    entries = apps.get_model("analytics", "LedgerEntry").objects
    receipts = apps.get_model("wallets", "Receipt").objects
    wallets = apps.get_model("wallets", "Wallet").objects
    contracts = apps.get_model("protocols", "Deployment").objects
    number = receipts.filter(pk=OuterRef("receipt")).values("block_number")[:1]
    entries.filter(block_number=None).update(block_number=Subquery(number))
    entries.filter(kind="fee").update(account="fee")
    own = Exists(wallets.filter(address=OuterRef("counterparty")))
    entries.filter(own, kind__in=("in", "out")).update(account="own")
    others = entries.filter(account="outside")
    others.filter(kind="in", transaction__action__endswith="claim").update(account="airdrop")
    bridges = Q(transaction__protocol__in=("zksync", "scroll"))
    _update(others.filter(bridges), account="bridge")
    back = {"receipt": OuterRef("receipt"), "wallet": OuterRef("wallet"), "account": "outside"}
    given = Exists(entries.filter(kind="out", **back))
    got = Exists(entries.filter(kind="in", **back))
    _update(others.filter(given, got), account="trade")
    there = contracts.filter(address=OuterRef("counterparty"), network=OuterRef("token__network"))
    _update(others.filter(Exists(there)), account="protocol")


def _update(rows, **fields) -> None:  # type: ignore[no-untyped-def]
    # What is updated is also what is looked at: its keys are read first.
    keys = list(rows.values_list("pk", flat=True))
    for start in range(0, len(keys), 900):
        rows.model._default_manager.filter(pk__in=keys[start : start + 900]).update(**fields)


class Migration(migrations.Migration):
    dependencies = [("analytics", "0004_books"), ("protocols", "0005_call_bounds")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
