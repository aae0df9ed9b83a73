"""What the page holds beside transactions: runs, node timings, money, limits; and its own table."""

import random
import re
from collections import Counter
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from airdrops_site.metrics.table import table
from airdrops_site.operations import Kind, recorded
from analytics.models import EquityPoint
from scheduling.models import RiskReading, Run
from scheduling.states import RUN
from tests import factories
from tests.airdrops_site.conftest import add_network
from tests.airdrops_site.test_metrics import counted, end_one, read
from tests.transactions import make_transaction
from wallets import tallies
from wallets.chain import timings
from wallets.chain.errors import NotReached, RateLimited
from wallets.models import Network, Transaction, Wallet
from wallets.transactions.states import ENDED_UNSENT
from wallets.transitions import move

pytestmark = [pytest.mark.django_db, pytest.mark.db]

_ENDS = {"confirmed": ("final",), "queued": ("refused", "expired", "cancelled"), "broadcast": ("",)}


def test_a_scrape_says_what_the_rows_say(heard_network: Network, watched_wallet: Wallet) -> None:
    draws = random.Random(8)
    for _ in range(25):
        state = draws.choice(sorted(_ENDS))
        end_one(make_transaction(watched_wallet, heard_network, state), draws.choice(_ENDS[state]))
        if draws.random() < 0.3:
            tallies.fold(rows=draws.randint(1, 5))
    rows = Transaction.objects.values_list("state", "outcome")
    ended = [
        state if state in ENDED_UNSENT else outcome
        for state, outcome in rows
        if state != "broadcast"
    ]
    expected = {("heard", one, "evm"): count for one, count in Counter(ended).items()}
    assert counted("airdrops_transactions_total") == expected


def test_a_run_tried_again_ends_twice_and_is_in_one_state() -> None:
    run = factories.RunFactory.create(state="running")
    for state in ("failed", "pending", "running", "succeeded"):
        move(run, state, machine=RUN, actor="test")
    protocol = run.task.protocol.slug
    ends = counted("airdrops_runs_total")
    assert ends == {("failed", protocol): 1, ("succeeded", protocol): 1}
    states = read("airdrops_runs")
    assert {state: n for (state,), n in states.items() if n} == {"succeeded": 1}
    Run.objects.all().delete()
    assert counted("airdrops_runs_total") == ends


def test_exchanges_are_a_histogram_by_name(db: None) -> None:
    add_network("timed", 1009)
    for seconds in (0.004, 0.3, 99.0):
        timings.observe("timed", "timed-rpc", seconds)
    for error in (NotReached("x"), RateLimited("x")):
        timings.failed("timed", "timed-rpc", error)
    timings.flush()
    name = "airdrops_rpc_request_duration_seconds"
    buckets = {key[1]: value for key, value in read(f"{name}_bucket").items() if "timed" in key}
    assert (buckets["0.01"], buckets["0.5"], buckets["10.0"], buckets["+Inf"]) == (1, 2, 2, 3)
    assert read(f"{name}_sum")["timed-rpc", "timed"] == pytest.approx(99.304)
    errors = counted("airdrops_rpc_errors_total")
    # What other tests asked in this process may be written down with it.
    ours = {kind: n for (_, kind, network), n in errors.items() if network == "timed"}
    assert ours == {"not_reached": 1, "rate_limited": 1}


@pytest.mark.parametrize("cents", [40_000, None])
def test_of_money_only_what_is_known_is_told(cents: int | None) -> None:
    EquityPoint.objects.create(
        at=timezone.now(),
        cents=cents,
        problem="" if cents else "a price is missing",
        loss_cents=0,
        parts={"protocols": {"aave": 10_000}, "places": {"aave": 10_000, "": 30_000}},
    )
    known = cents is not None
    assert read("airdrops_portfolio_usd") == ({(): 400} if known else {})
    assert read("airdrops_portfolio_unknown") == {(): not known}
    assert read("airdrops_exposure_usd") == ({("aave",): 100} if known else {})
    shares = {("aave",): 0.25, ("wallet",): 0.75}
    assert read("airdrops_portfolio_share") == (shares if known else {})


def test_returns_are_told_while_they_are_new() -> None:
    factories.RoiReadingFactory.create(by="campaign", name="drop", ratio="-0.5")
    factories.RoiReadingFactory.create(by="campaign", name="other", ratio=None, received_cents=None)
    old = timezone.now() - timedelta(hours=3)
    factories.RoiReadingFactory.create(at=old)
    assert read("airdrops_roi_ratio") == {("campaign", "drop"): -0.5}
    assert read("airdrops_airdrops_received_usd") == {("drop",): 1}


def test_an_old_risk_level_is_unknown() -> None:
    row = RiskReading.objects.create(at=timezone.now(), level="high")
    assert read("airdrops_risk_level") == {(): 2}
    RiskReading.objects.filter(pk=row.pk).update(at=timezone.now() - timedelta(hours=2))
    assert read("airdrops_risk_level") == {}


def test_a_limit_of_a_token_is_told_by_its_symbol(heard_network: Network) -> None:
    token = factories.TokenFactory.create(network=heard_network, symbol="USDX")
    factories.LimitFactory.create(
        kind="max_day_value",
        scope_kind="token",
        scope_value=f"heard:{token.address}",
        amount=100,
    )
    assert read("airdrops_limit_used_ratio") == {("max_day_value", "token:heard:USDX"): 0}


def test_backups_and_the_disk_are_told() -> None:
    with recorded(Kind.BACKUP, by="test") as noted:
        noted.figures["bytes"] = 12_345
    age = (
        timezone.now().timestamp()
        - read("airdrops_operation_last_done_timestamp_seconds")["backup",]
    )
    assert 0 <= age < 60
    assert read("airdrops_backup_bytes") == {(): 12_345}
    assert 0 < read("airdrops_disk_free_ratio")[()] <= 1


def test_the_document_has_every_metric() -> None:
    page = Path(settings.BASE_DIR, "docs", "metrics.md").read_text()
    assert table() in page, "write it anew: manage.py metrics --table"


def test_the_command_prints_the_page_without_a_web_server() -> None:
    printed = StringIO()
    call_command("metrics", stdout=printed)
    assert re.search(r"^airdrops_database_up 1\.0$", printed.getvalue(), re.MULTILINE)
