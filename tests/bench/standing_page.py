"""The page "where does each wallet stand" with 10,000 wallets: its seconds and its questions.

`python -m tests.bench.standing_page [wallets [transactions of each]]`, on PostgreSQL. All wallets
miss contracts and a time-weighted balance; twenty tasks that ran offer what it would cost. And the
tasks of the cheapest ways, made for all wallets at once.
"""

import json
import os
import sys
import time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from analytics.criteria.making_tasks import make_tasks  # noqa: E402
from analytics.criteria.recording import evaluate_campaign  # noqa: E402
from analytics.models import Campaign  # noqa: E402
from tests.airdrops_site.test_criteria_pages import MANY  # noqa: E402
from tests.scratch import prepare  # noqa: E402

RULES = MANY.replace("our-season", "bench").replace("contracts >= 5", "contracts >= 40")
_HISTORY = """
INSERT INTO analytics_chaintransaction
    (network_id, wallet_id, hash, block_number, block_at, recipient, selector, value, fee,
     succeeded, to_contract, app, protocol, action, source)
SELECT %(network)s, wallet, '0x' || lpad(to_hex(wallet), 32, '0') || lpad(to_hex(n), 32, '0'), n,
    timestamptz '2026-02-01' + n * interval '1 hour',
    (%(addresses)s::text[])[1 + (wallet + n) %% 60], '0x12345678', 0, 1, true, true, true, '', '',
    'rpc'
FROM unnest(%(wallets)s::bigint[]) AS wallet, generate_series(1, %(each)s) AS n
"""


def main() -> None:
    """Fill, evaluate, look at the first page and at the last, make tasks."""
    wallets, each = (int(one) for one in (*sys.argv[1:], "10000", "30")[:2])
    folder = prepare("bench-standing")
    settings.CRITERIA_DIR = folder
    (folder / "bench.toml").write_text(RULES)
    campaign = _fill(wallets, each)
    began = time.monotonic()
    evaluate_campaign(campaign=campaign, actor="bench", assume_complete=True)
    found: dict[str, Any] = {"wallets": wallets, "transactions": wallets * each}
    found["evaluating_seconds"] = round(time.monotonic() - began, 2)
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("bench"))
    for page in (1, 1, wallets // 25):
        found[f"page_{page}"] = _looked(client, page)
        sys.stderr.write(f"{found}\n")
    began = time.monotonic()
    made = make_tasks(campaign=campaign, rule="many")
    found["making"] = {"tasks": len(made), "seconds": round(time.monotonic() - began, 2)}
    print(json.dumps(found, indent=2))  # noqa: T201


def _looked(client: Client, page: int) -> dict[str, object]:
    began = time.monotonic()
    with CaptureQueriesContext(connection) as asked:
        text = client.get(f"/admin/criteria/bench/?p={page}").content.decode()
    seconds = round(time.monotonic() - began, 3)
    slow = max(asked.captured_queries, key=lambda one: float(one["time"]))
    return {
        "seconds": seconds,
        "questions": len(asked),
        "wallets": text.count("All rules</summary>"),
        "slowest": [slow["time"], slow["sql"][:80]],
    }


def _fill(wallets: int, each: int) -> Campaign:
    # Only here: the factories are not needed to measure.
    from tests import factories
    from tests.analytics.criteria.reached import a_task, ran
    from tests.factories import an_address
    from wallets.models import Wallet

    network = factories.NetworkFactory.create(chain_id=31337, slug="here")
    coin = factories.NativeCoinFactory.create(network=network)
    factories.PriceFactory.create(token=coin, amount=2000, decimals=0)
    campaign: Campaign = factories.CampaignFactory.create(slug="bench", criteria="bench")
    for number in range(20):
        own = {"name": f"wrap {number}", "params": {"amount": str(1 + number)}}
        ran(a_task(network, "evm", "wrap", campaign, **own), 10**15, f"place {number}")
    Wallet.objects.bulk_create(
        Wallet(label=f"w-{n}", address=f"0x{n << 64:040x}", signer_kind="watch_only")
        for n in range(1, wallets + 1)
    )
    keys = list(Wallet.objects.values_list("pk", flat=True))
    addresses = [an_address(f"place {number}") for number in range(60)]
    values: dict[str, Any] = {
        "network": network.pk,
        "addresses": addresses,
        "wallets": keys,
        "each": each,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(_HISTORY, values)
        cursor.execute("ANALYZE")
    return campaign


if __name__ == "__main__":
    main()
