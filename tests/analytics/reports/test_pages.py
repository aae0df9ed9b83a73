"""Reports in the console: a list, a page and files, for whoever may see them."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from airdrops_site.roles import sync_roles
from analytics.models import Report
from analytics.reports.periods import period_of
from analytics.reports.services import keep_report
from tests import factories as made
from tests.analytics.reports.days import NOW, a_day

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def address(row: Report, *form: str) -> str:
    name = "analytics_report_file" if form else "analytics_report_page"
    return reverse(f"admin:{name}", args=[row.pk, *form])


@pytest.fixture
def row(db: None) -> Report:
    """A day's, kept."""
    a_day()
    return keep_report(period=period_of("daily", None, NOW), now=NOW)


def test_the_page_says_what_the_report_says(admin_client: Client, row: Report) -> None:
    page = admin_client.get(address(row)).content.decode()
    assert '<dd data-fact="worth.result">19.00 USD</dd>' in page
    assert page.count("<svg role") == 3
    assert address(row, "pdf") in page
    listed = admin_client.get(reverse("admin:analytics_report_changelist")).content.decode()
    assert address(row) in listed


@pytest.mark.parametrize("form", ["html", "pdf", "csv", "json", "text"])
def test_each_form_is_a_file(admin_client: Client, row: Report, form: str) -> None:
    answer = admin_client.get(address(row, form))
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert (
        answer.headers["Content-Type"]
        .split(";")[0]
        .endswith({"text": "plain", "html": "html"}.get(form, form))
    )
    assert admin_client.post(address(row, form)).status_code == 405


def test_only_who_may_see_reports_gets_one(client: Client, row: Report) -> None:
    assert client.get(address(row)).status_code == 302
    client.force_login(person := User.objects.create_user("nobody", is_staff=True))
    for where in (address(row), address(row, "json")):
        assert client.get(where).status_code == 403
    sync_roles()
    person.groups.add(person.groups.model.objects.get(name="viewer"))
    client.force_login(User.objects.get(pk=person.pk))
    assert json.loads(client.get(address(row, "json")).content)["digest"] == row.digest


def test_what_is_not_there_is_not_found(admin_client: Client, row: Report) -> None:
    assert admin_client.get(address(row, "exe")).status_code == 404
    made.ReportFactory.create(digest="0" * 64)
    changed: Any = Report.objects.get(digest="0" * 64)
    assert admin_client.get(address(changed)).status_code == 404
