"""The first page of the console: true numbers, at the same cost however many rows there are."""

import html
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from airdrops_site.dashboard import count_up_to, network_lines, run_figures, transaction_figures
from scheduling.pauses import pause_scope
from tests import factories
from wallets.drain import start_draining
from wallets.models import Installation, Wallet
from wallets.services import engage_stop

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    cache.clear()


def dashboard(client: Client) -> str:
    return client.get("/admin/").content.decode()


def test_a_drain_is_told_with_what_it_means_and_a_whole_command(operator: Client) -> None:
    start_draining(actor="alice", reason="a new disk")
    pause_scope(scope="everything", actor="alice", reason="looked into")
    page = html.unescape(dashboard(operator))
    assert "Draining: a new disk" in page
    assert "Nothing new begins" in page
    assert 'manage.py drain stop --reason "…"' in page
    assert "Paused: everything: looked into" in page


def test_the_pause_of_a_restore_is_told_once_and_not_as_one_that_a_list_ends(
    operator: Client,
) -> None:
    Installation.objects.update(paused=True, pause_reason="restored from a backup")
    page = dashboard(operator)
    assert page.count("restored from a backup") == 1
    assert "manage.py resume_state --check" in page
    assert "/admin/scheduling/pause/" not in page.partition('id="dashboard"')[2]


def test_the_root_leads_to_the_console(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/admin/"


def test_an_empty_installation_has_a_dashboard(operator: Client) -> None:
    page = dashboard(operator)
    assert "No transaction has been asked for yet" in page
    assert "Nothing is booked yet" in page
    assert "No workers" in page
    assert "Devnet" in page


def test_transactions_are_counted_by_what_they_mean() -> None:
    factories.TransactionFactory.create()
    factories.TransactionFactory.create(final=True)
    factories.TransactionFactory.create(state="needs_operator", nonce=7)
    factories.TransactionFactory.create(final=True, outcome="reverted")
    counted = {figure.title: figure.number for figure in transaction_figures() if figure.number}
    assert counted == {"Waiting": 1, "Final": 2, "Needs operator": 1, "Reverted": 1}


def test_runs_are_counted_by_state() -> None:
    factories.RunFactory.create_batch(2)
    factories.RunFactory.create(state="failed")
    counted = {figure.title: figure.number for figure in run_figures() if figure.number}
    assert counted == {"Succeeded": 2, "Failed": 1}


def test_only_what_is_there_is_coloured() -> None:
    tones = {figure.title: figure.shown_tone for figure in transaction_figures()}
    assert tones["Needs operator"] == ""
    factories.TransactionFactory.create(state="needs_operator", nonce=7)
    tones = {figure.title: figure.shown_tone for figure in transaction_figures()}
    assert tones["Needs operator"] == "danger"


def test_figures_lead_to_the_rows_they_count(operator: Client) -> None:
    factories.TransactionFactory.create(state="broadcast", nonce=7)
    pending = next(figure for figure in transaction_figures() if figure.title == "Pending")
    answer = operator.get(pending.link)
    assert answer.context["cl"].result_count == pending.number == 1


def test_a_network_shows_the_newest_head_of_its_endpoints() -> None:
    first = factories.RpcEndpointFactory.create(head_block=100)
    factories.RpcEndpointFactory.create(network=first.network, head_block=105)
    factories.RpcEndpointFactory.create(network=first.network, head_block=999, enabled=False)
    (line,) = network_lines()
    assert (line.head, line.answering, line.endpoints) == (105, 2, 2)
    assert not line.is_late


@pytest.mark.parametrize(("hours", "text"), [(None, "never seen"), (3, "3\xa0hours ago")])
def test_a_head_not_seen_for_long_stands_out(hours: int | None, text: str) -> None:
    seen = timezone.now() - timedelta(hours=hours) if hours else None
    head = 100 if hours else None
    factories.RpcEndpointFactory.create(head_block=head, head_block_at=seen)
    (line,) = network_lines()
    assert line.is_late
    assert text in line.age_text


def test_a_stop_and_a_pause_are_said_first(operator: Client) -> None:
    engage_stop(reason="keys under review", actor="ann")
    Installation.objects.update(paused=True, pause_reason="restored from a backup")
    page = dashboard(operator)
    assert "Emergency stop of everything" in page
    assert "keys under review" in page
    assert "restored from a backup" in page
    assert "Signing is allowed" not in page


def test_totals_leave_reversed_entries_out(operator: Client) -> None:
    token = factories.TokenFactory.create(symbol="USDC", decimals=6)
    factories.LedgerEntryFactory.create(token=token, amount=2_500_000)
    factories.LedgerEntryFactory.create(token=token, amount=9_000_000, status="reversed")
    page = dashboard(operator)
    assert "2.5 USDC" in page
    assert "11.5 USDC" not in page


def test_more_rows_cost_no_more_queries(operator: Client) -> None:
    factories.RpcEndpointFactory.create()
    counts = []
    for more in (3, 27):
        for _ in range(more):
            transaction = factories.ReceiptFactory.create().transaction
            factories.StepFactory.create(transaction=transaction)
        cache.clear()
        type(transaction).objects.update(network=transaction.network)
        type(transaction.network).objects.exclude(pk=transaction.network_id).update(enabled=False)
        with CaptureQueriesContext(connection) as queries:
            dashboard(operator)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_number_that_stopped_counting_says_so() -> None:
    factories.WalletFactory.create_batch(3)
    assert str(count_up_to(Wallet.objects.all(), 2)) == "2 or more"
    assert str(count_up_to(Wallet.objects.all(), 4)) == "3"


def test_the_sidebar_shows_what_waits_for_a_person(operator: Client) -> None:
    factories.TransactionFactory.create_batch(1, state="needs_operator", nonce=7)
    from airdrops_site.console import waiting_for_operator

    request = operator.get("/admin/").wsgi_request
    assert waiting_for_operator(request) == "1"


def test_every_model_has_its_place_in_the_sidebar() -> None:
    from django.contrib import admin
    from django.urls import reverse

    from airdrops_site.console import NAVIGATION

    links = {str(item["link"]) for group in NAVIGATION for item in group["items"]}
    missing = {
        model._meta.label
        for model in admin.site._registry
        if reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        not in links
    }
    assert not missing


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/", "/nowhere"])
def test_every_answer_says_where_scripts_may_come_from(client: Client, path: str) -> None:
    policy = client.get(path).headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval';" in policy
    assert "'unsafe-inline'" not in policy.partition("style-src")[0]
