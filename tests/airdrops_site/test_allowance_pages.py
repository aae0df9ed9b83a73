"""The console shows what may be taken and as of when, and takes it back only when asked twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.airdrops_site.test_admin_facts import sign_in
from tests.airdrops_site.test_console_verbs import newest
from tests.protocols.operators import USDC, Operator
from wallets.models import Allowance, Token, Transaction, Transition, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]
LIST = "admin:wallets_allowance_changelist"


def listed(client: Client, **query: Any) -> set[int]:
    """The allowances that a filter leaves."""
    page = client.get(reverse(LIST), query)
    return {row.pk for row in page.context["cl"].result_list}


def address(verb: str, *keys: int) -> str:
    """The page that asks."""
    query = "&".join(f"id={key}" for key in keys)
    return f"{reverse('admin:wallets_allowance_ask', args=[verb])}?{query}"


def told(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


@pytest.fixture
def standing(alice: Operator) -> Allowance:
    """What Alice has really allowed the router: 5 USDC."""
    router = alice.deployed.router.address
    alice.perform("approve", token=alice.token("USDC"), spender=router, amount=5 * USDC)
    return factories.AllowanceFactory.create(
        wallet=Wallet.objects.get(label="alice"),
        token=Token.objects.get(symbol="USDC"),
        spender=router,
        amount=5 * USDC,
        block_number=1,
        checked_at=timezone.now(),
    )


def test_filters_find_what_is_open_unlimited_and_unknown(operator: Client) -> None:
    make = factories.AllowanceFactory.create
    some, none, unknown = make(), make(amount=0), make(amount=None)
    most = make(amount=2**256 - 1)
    assert listed(operator, standing="open") == {some.pk, most.pk}
    assert listed(operator, standing="unlimited") == {most.pk}
    assert listed(operator, standing="unknown") == {unknown.pk}
    assert listed(operator, standing="none") == {none.pk}
    assert listed(operator, wallet__id__exact=some.wallet_id) == {some.pk}
    assert listed(operator, spender=none.spender) == {none.pk}
    assert listed(operator, token__symbol=most.token.symbol) == {most.pk}


def test_unknown_and_unlimited_are_said_and_an_old_reading_is_marked(operator: Client) -> None:
    day = timedelta(days=1)
    for amount, age in ((None, day), (2**256 - 1, timedelta(seconds=5))):
        factories.AllowanceFactory.create(amount=amount, checked_at=timezone.now() - age)
    page = operator.get(reverse(LIST)).content.decode()
    assert "Unknown TKN" in page
    assert "Unlimited TKN" in page
    assert '<span class="console-badge warning">1 d ago</span>' in page
    assert "5 s ago" in page


def test_a_longer_list_and_a_page_cost_no_more_queries(operator: Client) -> None:
    counts = []
    for more in (2, 30):
        rows = factories.AllowanceFactory.create_batch(more)
        with CaptureQueriesContext(connection) as queries:
            operator.get(reverse(LIST), {"standing": "open"})
        with CaptureQueriesContext(connection) as on_page:
            operator.get(reverse("admin:wallets_allowance_change", args=[rows[0].pk]))
        assert len(on_page) <= 8
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


def test_what_was_never_asked_about_is_said(operator: Client) -> None:
    row = factories.AllowanceFactory.create()
    page = operator.get(reverse("admin:wallets_allowancescan_changelist"))
    assert [line.never_asked for line in page.context["coverage"]] == [1]
    assert "never" in page.content.decode()
    scanned = {"tokens": [row.token_id], "spenders": [row.spender], "wallet_cursor": row.wallet_id}
    factories.AllowanceScanFactory.create(network=row.token.network, **scanned)
    page = operator.get(reverse("admin:wallets_allowancescan_changelist"))
    assert [line.never_asked for line in page.context["coverage"]] == [0]


@pytest.mark.parametrize("verb", ["revoke", "check"])
def test_looking_at_the_question_asks_for_nothing(operator: Client, verb: str) -> None:
    row = factories.AllowanceFactory.create(amount=None)
    page = operator.get(address(verb, row.pk)).content.decode()
    place = f"on {row.token.network.slug} of {row.wallet} to {row.spender}, read"
    assert f"unknown {row.token.symbol} {place}" in page
    assert not Transaction.objects.exists()


@pytest.mark.parametrize("verb", ["revoke", "check"])
def test_it_takes_a_permission_of_its_own(client: Client, verb: str) -> None:
    row = factories.AllowanceFactory.create()
    sign_in(client, "viewer")
    assert client.get(address(verb, row.pk)).status_code == 403
    assert client.post(address(verb, row.pk), {"reason": "r"}).status_code == 403
    sign_in(client, "operator")
    assert client.get(address(verb, row.pk)).status_code == 200


def test_taking_back_asks_for_one_transaction_with_its_reason(
    operator: Client, standing: Allowance
) -> None:
    page = address("revoke", standing.pk)
    assert "This field is required." in operator.post(page, {"reason": ""}).content.decode()
    for _ in range(2):
        operator.post(page, {"reason": "not needed"})
    row = Transaction.objects.get()
    assert (row.action, row.to, row.origin) == ("revoke", standing.token.address, "operator")
    said = f"taken back by transaction {row.pk}: not needed"
    assert newest("allowance", standing.pk) == ("user operator", said)
    standing.refresh_from_db()
    assert (standing.revocation, standing.verify_at is not None) == (row, True)


def test_one_a_run_relies_on_is_left_and_the_others_are_taken_back(
    operator: Client, standing: Allowance
) -> None:
    task = factories.TaskFactory.create(network=standing.token.network)
    occurrence = factories.OccurrenceFactory.create(task=task, wallet=standing.wallet)
    relies_on = [f"allowance:{standing.token.address}:{standing.spender}"]
    run = factories.RunFactory.create(occurrence=occurrence, state="running", relies_on=relies_on)
    other = factories.AllowanceFactory.create(wallet=standing.wallet, token=standing.token)
    answer = operator.post(address("revoke", standing.pk, other.pk), {"reason": "r"})
    assert any(f"run {run.pk} relies on the allowance now" in line for line in told(answer))
    assert Allowance.objects.get(revocation__isnull=False) == other


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"amount": 0}, "nothing is left of it as of block"),
        ({"wallet__signer_kind": "watch_only"}, "is only watched"),
        ({"wallet__status": "retired"}, "is retired, and signs nothing"),
    ],
)
def test_what_cannot_be_taken_back_is_said(
    operator: Client, fields: dict[str, Any], sentence: str
) -> None:
    row = factories.AllowanceFactory.create(**fields)
    answer = operator.post(address("revoke", row.pk), {"reason": "r"})
    assert sentence in told(answer)[0]
    assert not Transaction.objects.exists()


def test_reading_again_keeps_what_the_chain_says(operator: Client, standing: Allowance) -> None:
    Allowance.objects.update(amount=None)
    (said, *_) = told(operator.post(address("check", standing.pk)))
    assert "5 USDC at block" in said
    standing.refresh_from_db()
    assert standing.amount == 5 * USDC
    line = Transition.objects.filter(subject="allowance").latest("id")
    assert (line.from_state, line.to_state, line.actor) == ("unknown", "open", "user operator")
