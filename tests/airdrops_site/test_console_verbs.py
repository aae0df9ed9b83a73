"""The console asks the services, on POST alone, with who and why; and finds what needs it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.airdrops_site.test_admin_facts import sign_in
from tests.chains import Chain
from tests.wallets.intents import ticked, transfer
from tests.wallets.test_adoption import elsewhere
from wallets.admin.verbs import LANE_VERBS, REQUEST_VERBS, TRANSACTION_VERBS
from wallets.models import Network, Transaction, Transition, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]

LISTS = {
    "transaction": TRANSACTION_VERBS,
    "noncelane": LANE_VERBS,
    "signedrequest": REQUEST_VERBS,
}
MADE: dict[str, Any] = {
    "transaction": factories.TransactionFactory,
    "noncelane": factories.NonceLaneFactory,
    "signedrequest": factories.SignedRequestFactory,
}
EVERY = [(model, verb.name) for model, verbs in LISTS.items() for verb in verbs]


@pytest.fixture
def sent(network: Network, wallet: Wallet, other_wallet: Wallet) -> Transaction:
    """1 ETH on its way to the other wallet, in no block yet."""
    return ticked(transfer(wallet, network, other_wallet.address))


def address(model: str, verb: str, *keys: int) -> str:
    """The page that asks."""
    query = "&".join(f"id={key}" for key in keys)
    return f"{reverse(f'admin:wallets_{model}_ask', args=[verb])}?{query}"


def told(answer: Any) -> list[str]:
    """What the person is told afterwards."""
    return [str(message) for message in get_messages(answer.wsgi_request)]


def newest(subject: str, pk: int) -> tuple[str, str]:
    """Who did the last thing, and what."""
    line = Transition.objects.filter(subject=subject, subject_id=pk).latest("id")
    return line.actor, line.reason


@pytest.mark.parametrize(("model", "verb"), EVERY)
def test_looking_at_the_question_asks_for_nothing(operator: Client, model: str, verb: str) -> None:
    row = MADE[model].create()
    before = Transition.objects.count()
    page = operator.get(address(model, verb, row.pk))
    assert (page.status_code, str(row) in page.content.decode()) == (200, True)
    row.refresh_from_db()
    assert Transition.objects.count() == before


@pytest.mark.parametrize(("model", "verb"), EVERY)
def test_only_who_may_operate_is_asked(client: Client, model: str, verb: str) -> None:
    row = MADE[model].create()
    sign_in(client, "viewer")
    page = address(model, verb, row.pk)
    assert client.get(page).status_code == 403
    assert client.post(page, {"reason": "r"}).status_code == 403
    shown = client.get(reverse(f"admin:wallets_{model}_change", args=[row.pk]))
    assert "Ask for" not in shown.content.decode()


def test_a_post_without_a_token_against_forgery_is_refused(sent: Transaction) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.UserFactory.create(is_superuser=True))
    page = address("transaction", "cancel", sent.pk)
    assert client.post(page, {"reason": "not wanted"}).status_code == 403


def test_an_action_of_the_list_leads_to_the_question(operator: Client, sent: Transaction) -> None:
    page = reverse("admin:wallets_transaction_changelist")
    answer = operator.post(page, {"action": "cancel", "_selected_action": [sent.pk]})
    assert answer.headers["Location"] == address("transaction", "cancel", sent.pk)
    sent.refresh_from_db()
    assert sent.wish == ""


def test_too_many_are_not_asked_at_once(operator: Client) -> None:
    keys = [row.pk for row in factories.TransactionFactory.create_batch(51)]
    page = reverse("admin:wallets_transaction_changelist")
    answer = operator.post(page, {"action": "cancel", "_selected_action": keys})
    assert (answer.headers["Location"], told(answer)) == (page, ["Choose 50 at most."])


@pytest.mark.parametrize("keys", [(), (999,), ("x",), ("99999999999999999999",)])
def test_rows_that_are_not_there_cannot_be_asked(operator: Client, keys: tuple[int, ...]) -> None:
    assert operator.get(address("transaction", "cancel", *keys)).status_code == 404
    assert operator.get(address("transaction", "burn", *keys)).status_code == 404


def test_a_cancel_needs_a_reason_and_is_told_with_it(operator: Client, sent: Transaction) -> None:
    page = address("transaction", "cancel", sent.pk)
    assert "This field is required." in operator.post(page, {"reason": " "}).content.decode()
    answer = operator.post(page, {"reason": "not wanted"})
    assert answer.headers["Location"] == reverse("admin:wallets_transaction_change", args=[sent.pk])
    sent.refresh_from_db()
    assert sent.wish == "cancel"
    assert newest("transaction", sent.pk) == ("user operator", "cancel asked for: not wanted")


def test_one_that_cannot_be_done_leaves_the_others_be(operator: Client, sent: Transaction) -> None:
    ended = factories.TransactionFactory.create(final=True)
    answer = operator.post(address("transaction", "speed_up", ended.pk, sent.pk), {"reason": ""})
    sent.refresh_from_db()
    assert sent.wish == "speed_up"
    assert told(answer) == [
        f"{ended}: transaction {ended.pk} is final, not signed and pending",
        f"Speed up asked for: {sent}.",
    ]


def test_what_needs_an_operator_is_voided_or_adopted_from_its_page(
    operator: Client, sent: Transaction, chain: Chain
) -> None:
    chain.rpc.call("anvil_dropTransaction", sent.attempts.get().hash)
    tx_hash = elsewhere(chain, sent.lane.wallet, 0)
    chain.mine()
    Transaction.objects.filter(pk=sent.pk).update(state="needs_operator")
    page = operator.get(reverse("admin:wallets_transaction_change", args=[sent.pk]))
    for verb in ("void", "adopt"):
        assert f'href="{address("transaction", verb, sent.pk)}"' in page.content.decode()
    assert "ask/cancel" not in page.content.decode()
    form = {"tx_hash": tx_hash.upper(), "reason": "sent by hand"}
    answer = operator.post(address("transaction", "adopt", sent.pk), form)
    assert f"nonce 0 is transaction {sent.pk} now: Replaced" in told(answer)[0]
    sent.refresh_from_db()
    assert (sent.state, sent.outcome) == ("included", "replaced")


def test_what_cannot_be_adopted_is_said(operator: Client, sent: Transaction) -> None:
    form = {"tx_hash": "0x12", "reason": "sent by hand"}
    answer = operator.post(address("noncelane", "adopt", sent.lane_id), form)
    assert "'0x12' is not a transaction hash" in told(answer)[0]


def test_a_lane_is_paused_and_resumed(operator: Client, sent: Transaction) -> None:
    operator.post(address("noncelane", "pause", sent.lane_id), {"reason": "looking"})
    sent.lane.refresh_from_db()
    assert (sent.lane.paused, sent.lane.pause_reason) == (True, "looking")
    operator.post(address("noncelane", "resume", sent.lane_id), {"reason": "looked"})
    assert newest("lane", sent.lane_id) == ("user operator", "looked")


def test_a_lane_is_compared_with_its_chain(operator: Client, sent: Transaction) -> None:
    answer = operator.post(address("noncelane", "reconcile", sent.lane_id))
    found = "the chain counts 0, our rows 1: they agree"
    assert told(answer)[0] == f"{sent.lane}: {found}"
    assert newest("lane", sent.lane_id)[0] == "user operator"


def test_a_chain_that_does_not_answer_is_said(operator: Client, sent: Transaction) -> None:
    sent.network.endpoints.update(url="http://127.0.0.1:9")
    answer = operator.post(address("noncelane", "reconcile", sent.lane_id))
    assert "did not answer" in told(answer)[0]


def listed(client: Client, **query: str | int) -> set[int]:
    """The transactions that a filter leaves."""
    page = client.get(reverse("admin:wallets_transaction_changelist"), query)
    return {row.pk for row in page.context["cl"].result_list}


def test_pending_and_stuck_are_found(operator: Client, sent: Transaction) -> None:
    late = factories.TransactionFactory.create(state="broadcast", nonce=7)
    long_ago = timezone.now() - timedelta(days=1)
    Transaction.objects.filter(pk=late.pk).update(state_changed_at=long_ago)
    factories.TransactionFactory.create(final=True)
    assert listed(operator, progress="pending") == {sent.pk, late.pk}
    assert listed(operator, progress="stuck") == {late.pk}


def test_a_wallets_transactions_are_found(operator: Client, sent: Transaction) -> None:
    factories.TransactionFactory.create()
    assert listed(operator, lane__wallet__id__exact=sent.lane.wallet_id) == {sent.pk}
    assert listed(operator, lane__wallet__id__exact="nobody") == set()


def test_a_wallet_beyond_the_filters_choices_is_shown_when_chosen(operator: Client) -> None:
    for number in range(60):
        factories.WalletFactory.create(label=f"a{number:03}")
    row = factories.TransactionFactory.create(lane__wallet__label="zz")
    assert listed(operator, lane__wallet__id__exact=row.lane.wallet_id) == {row.pk}


def test_an_attempt_shows_what_its_answers_mean(operator: Client, sent: Transaction) -> None:
    page = operator.get(reverse("admin:wallets_transaction_change", args=[sent.pk]))
    shown = page.content.decode()
    assert 'class="console-badge info">accepted<' in shown
    assert "anvil: accepted" in shown
