"""A file of campaigns with 100,000 eligibilities: records a second, and the memory it takes."""

import io
import resource
import time
from typing import Any

from analytics.campaigns.exporting import export
from analytics.campaigns.importing import import_records
from analytics.campaigns.reading import read_records
from analytics.models import Campaign, Eligibility
from wallets.models import Wallet

WALLETS, CAMPAIGNS = 2_000, 50


def figures() -> dict[str, Any]:
    """`export_mb` and `import_mb` are what they added to the peak, beside the text itself."""
    _fill()
    before, began = _peak_mb(), time.monotonic()
    size = sum(len(piece) for piece in export(campaigns=Campaign.objects.all(), form="csv"))
    exported, export_mb = time.monotonic() - began, _peak_mb() - before
    text = "".join(export(campaigns=Campaign.objects.all(), form="csv"))
    Eligibility.objects.all().delete()
    before, began = _peak_mb(), time.monotonic()
    done = import_records(read_records(io.StringIO(text)), actor="bench", reason="a file")
    imported, import_mb = time.monotonic() - began, _peak_mb() - before
    assert not done.refusals
    assert text == "".join(export(campaigns=Campaign.objects.all(), form="csv"))
    return {
        "records": done.records,
        "megabytes": round(size / 1e6, 1),
        "exported_per_second": round(done.records / exported),
        "export_mb": round(export_mb, 1),
        "imported_per_second": round(done.records / imported),
        "import_mb": round(import_mb, 1),
    }


def _fill() -> None:
    Wallet.objects.bulk_create(
        Wallet(label=f"bench-{n}", address=f"0x{(n + 1) << 64:040x}", signer_kind="watch_only")
        for n in range(WALLETS)
    )
    wallets = list(Wallet.objects.filter(label__startswith="bench-"))
    for number in range(CAMPAIGNS):
        campaign = Campaign.objects.create(slug=f"bench-{number}", name=f"Bench {number}")
        Eligibility.objects.bulk_create(
            Eligibility(campaign=campaign, wallet=one, status="eligible", amount=n, source="=bench")
            for n, one in enumerate(wallets)
        )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
