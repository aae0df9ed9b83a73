"""A file of campaigns with 100,000 eligibilities: records a second, and the memory it takes.

`python -m tests.bench.campaign_files`; AIRDROPS_TEST_DATABASE=sqlite for the other database.
"""

import io
import json
import os
import resource
import sys
import time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from analytics.campaigns.exporting import export  # noqa: E402
from analytics.campaigns.importing import import_records  # noqa: E402
from analytics.campaigns.reading import read_records  # noqa: E402
from analytics.models import Campaign, Eligibility  # noqa: E402
from tests.scratch import prepare  # noqa: E402
from wallets.models import Wallet  # noqa: E402

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


if __name__ == "__main__":
    prepare("bench-campaigns")
    sys.stdout.write(json.dumps(figures(), indent=2) + "\n")
