"""From a task to the explorer and from a wallet to the books, by clicking."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from wallets.console import show

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def shown(client: Client, model: str, row: Any) -> str:
    answer = client.get(reverse(f"admin:{model}_change", args=[row.pk]))
    return answer.content.decode()


def address(model: str, row: Any) -> str:
    return f'href="{reverse(f"admin:{model}_change", args=[row.pk])}"'


def test_a_task_leads_to_the_explorer(operator: Client) -> None:
    receipt = factories.ReceiptFactory.create()
    step = factories.StepFactory.create(transaction=receipt.transaction)
    run, row = step.run, receipt.transaction
    assert f"task__id__exact={run.task_id}" in shown(operator, "scheduling_task", run.task)
    assert address("scheduling_run", run) in shown(
        operator, "scheduling_occurrence", run.occurrence
    )
    assert address("scheduling_step", step) in shown(operator, "scheduling_run", run)
    assert address("wallets_transaction", row) in shown(operator, "scheduling_step", step)
    page = shown(operator, "wallets_transaction", row)
    assert address("scheduling_run", run) in page
    assert address("wallets_attempt", receipt.attempt) in page
    assert address("wallets_receipt", receipt) in page
    assert f'href="https://explorer.example/tx/{receipt.attempt.hash}"' in page


def test_a_wallet_leads_to_its_lanes_and_its_books(operator: Client) -> None:
    receipt = factories.ReceiptFactory.create()
    entry = factories.LedgerEntryFactory.create(receipt=receipt)
    lane = receipt.transaction.lane
    page = shown(operator, "wallets_wallet", entry.wallet)
    assert address("wallets_noncelane", lane) in page
    assert f"lane__wallet__id__exact={entry.wallet_id}" in page
    books = reverse("admin:analytics_ledgerentry_changelist")
    assert f"{books}?wallet__id__exact={entry.wallet_id}" in page


@pytest.mark.parametrize(
    ("page", "lookup"),
    [
        ("wallets_transaction", "lane__id__exact"),
        ("wallets_transaction", "lane__wallet__id__exact"),
        ("wallets_transaction", "state__in"),
        ("analytics_ledgerentry", "transaction__id__exact"),
        ("scheduling_run", "task__id__exact"),
    ],
)
def test_linked_lists_take_their_lookups(operator: Client, page: str, lookup: str) -> None:
    answer = operator.get(reverse(f"admin:{page}_changelist"), {lookup: "1"})
    assert answer.status_code == 200
    assert "e=1" not in answer.headers.get("Location", "")


def test_a_lookup_that_no_page_links_with_is_refused(operator: Client) -> None:
    answer = operator.get("/admin/wallets/transaction/", {"lane__wallet__label__startswith": "a"})
    assert answer.status_code == 400


@pytest.mark.parametrize("found_by", ["hash", "pk", "to"])
def test_a_transaction_is_found_by_what_is_pasted(operator: Client, found_by: str) -> None:
    attempt = factories.AttemptFactory.create()
    row = attempt.transaction
    factories.AttemptFactory.create()
    term = {
        "hash": attempt.hash.upper().replace("0X", "0x"),
        "pk": str(row.pk),
        "to": row.to.lower(),
    }
    answer = operator.get("/admin/wallets/transaction/", {"q": term[found_by]})
    assert [one.pk for one in answer.context["cl"].result_list] == [row.pk]


def test_amounts_are_shown_for_people_and_in_base_units(operator: Client) -> None:
    token = factories.TokenFactory.create(symbol="USDC", decimals=6)
    entry = factories.LedgerEntryFactory.create(token=token, amount=2_500_000)
    page = shown(operator, "analytics_ledgerentry", entry)
    assert ">2.5 USDC<small>2500000 base units</small>" in page


def test_values_of_transactions_are_in_the_networks_coin(operator: Client) -> None:
    row = factories.TransactionFactory.create(value=15 * factories.ETHER // 10)
    factories.NativeCoinFactory.create(network=row.network, symbol="POL")
    assert ">1.5 POL<" in shown(operator, "wallets_transaction", row)


def test_the_history_of_a_transaction_is_on_its_page(operator: Client) -> None:
    row = factories.TransactionFactory.create()
    factories.TransitionFactory.create(subject_id=row.pk, to_state="held", reason="the fee is high")
    factories.TransitionFactory.create(subject_id=row.pk + 1, reason="of another row")
    page = shown(operator, "wallets_transaction", row)
    assert "the fee is high" in page
    assert "2026-11-24 12:00:00 UTC" in page
    assert "of another row" not in page


def test_only_web_pages_become_explorer_links() -> None:
    network = factories.NetworkFactory.create(explorer_url="javascript:alert(1)//")
    assert "href" not in show.explorer(network, "tx", factories.a_hash(1), "Explorer")


def test_names_are_escaped(operator: Client) -> None:
    row = factories.RunFactory.create(occurrence__task__name="<script>alert(1)</script>")
    page = operator.get("/admin/scheduling/run/").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert row.task.name
