"""The console shows what is known of a contract, and has the workers look at it."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from protocols.models import Deployment
from tests import factories
from tests.airdrops_site.test_admin_facts import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.db]
IMPLEMENTATION = "0x" + "11" * 20


def page(row: Deployment) -> str:
    """The page of a deployment."""
    return reverse("admin:protocols_deployment_change", args=[row.pk])


def ask(row: Deployment) -> str:
    """The page that asks the workers."""
    return f"{reverse('admin:protocols_deployment_ask', args=['verify'])}?id={row.pk}"


def test_a_contracts_page_says_where_it_leads_and_why_it_is_off(operator: Client) -> None:
    row = factories.DeploymentFactory.create(
        implementation=IMPLEMENTATION, enabled=False, doubt="one blog", disabled_reason="one blog"
    )
    text = operator.get(page(row)).content.decode()
    assert IMPLEMENTATION in text
    assert "one blog" in text


def test_a_changed_contract_stands_out_in_the_list(operator: Client) -> None:
    factories.DeploymentFactory.create(enabled=False, changed_at=timezone.now())
    text = operator.get(reverse("admin:protocols_deployment_changelist")).content.decode()
    assert '<span class="console-badge danger">Changed</span>' in text


def test_verifying_now_is_the_workers_job(operator: Client) -> None:
    row = factories.DeploymentFactory.create()
    answer = operator.post(ask(row))
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    row.refresh_from_db()
    assert row.look_at is not None
    assert row.look_at <= timezone.now()
    assert "the workers look at it now" in told[0]


def test_who_may_not_operate_does_not_ask(client: Client) -> None:
    row = factories.DeploymentFactory.create()
    sign_in(client, "viewer")
    assert client.post(ask(row)).status_code == 403
    row.refresh_from_db()
    assert row.look_at is None


def test_the_list_asks_the_database_the_same_however_long(
    operator: Client, django_assert_max_num_queries: Any
) -> None:
    factories.DeploymentFactory.create_batch(12)
    with django_assert_max_num_queries(12):
        operator.get(reverse("admin:protocols_deployment_changelist"))
