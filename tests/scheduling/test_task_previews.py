"""A task's page leads to what one of its wallets would do now, and nothing is recorded."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from protocols.models import Protocol
from scheduling.models import Run, TaskWallet
from tests import factories
from tests.airdrops_site.test_admin_facts import sign_in
from tests.protocols.operators import ETHER, Operator
from tests.wallets.rpc_servers import prefer, serve
from wallets.models import RpcEndpoint, Transaction, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def member(alice: Operator) -> TaskWallet:
    """Alice in a task that wraps one ether, more at her wish."""
    task = factories.TaskFactory.create(
        protocol=Protocol.objects.get(slug="evm"),
        network=alice.network,
        action="wrap",
        params={"amount": str(ETHER)},
    )
    wallet = Wallet.objects.get(label="alice")
    return factories.TaskWalletFactory.create(task=task, wallet=wallet, params={"amount": "7"})


def page(member: TaskWallet) -> str:
    """The page of the preview."""
    return reverse("admin:scheduling_task_preview", args=[member.task_id, member.pk])


@pytest.fixture
def console(client: Client) -> Client:
    """Somebody who may do everything."""
    client.force_login(User.objects.create_superuser("operator"))
    return client


def test_the_tasks_page_leads_to_it(console: Client, member: TaskWallet) -> None:
    text = console.get(reverse("admin:scheduling_task_change", args=[member.task_id])).content
    assert page(member) in text.decode()


def test_it_says_what_the_wallets_own_parameters_would_do(
    console: Client, member: TaskWallet
) -> None:
    text = console.get(page(member)).content.decode()
    assert "deposit()" in text
    assert "gives 0.000000000000000007" in text
    assert "policy: it may be signed" in text
    assert "Nothing was recorded." in text
    assert not Transaction.objects.exists()
    assert not Run.objects.exists()


def test_why_it_would_not_begin_is_one_sentence(console: Client, member: TaskWallet) -> None:
    TaskWallet.objects.update(params={"amount": str(1000 * ETHER)})
    assert "It would not begin: " in console.get(page(member)).content.decode()


def test_a_chain_that_does_not_answer_is_told(console: Client, member: TaskWallet) -> None:
    RpcEndpoint.objects.update(enabled=False)
    assert "It cannot be planned now: " in console.get(page(member)).content.decode()


def test_a_chain_that_is_slow_does_not_hold_the_page(
    console: Client, member: TaskWallet, alice: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduling.task_previews.PAGE_SECONDS", 0.0)
    with serve(alice.rpc.url) as server:
        prefer(alice.network, server)
        text = console.get(page(member)).content.decode()
    assert "is too slow for a page" in text
    assert server.bodies == []


def test_only_who_may_change_the_task_has_the_chain_asked(
    client: Client, member: TaskWallet
) -> None:
    sign_in(client, "viewer")
    assert client.get(page(member)).status_code == 403


def test_a_wallet_of_another_task_is_not_there(console: Client, member: TaskWallet) -> None:
    other = reverse("admin:scheduling_task_preview", args=[member.task_id + 1, member.pk])
    assert console.get(other).status_code == 404
