"""The stop on every page of the console: who sees it, who may press it, what it says."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from airdrops_site.roles import sync_roles
from tests import factories
from wallets.models import EmergencyStop, Transition
from wallets.services import engage_stop

pytestmark = [pytest.mark.django_db, pytest.mark.db]
STOP = {"kind": "everything", "mode": "everything", "reason": "stolen"}


def signed_in(role: str) -> Client:
    """Somebody of that role."""
    sync_roles()
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def told(answer: Any) -> str:
    return " ".join(str(one) for one in get_messages(answer.wsgi_request))


@pytest.mark.parametrize("role", ["operator", "approver", "administrator"])
def test_whoever_works_here_may_stop_everything(role: str) -> None:
    client = signed_in(role)
    assert "Stop signing now" in client.get("/admin/scheduling/task/").content.decode()
    answer: Any = client.post("/admin/emergency/stop/", {**STOP, "next": "/admin/wallets/wallet/"})
    assert answer.url == "/admin/wallets/wallet/"
    stop = EmergencyStop.objects.get(engaged=True)
    assert (stop.reason, stop.actor) == ("stolen", f"user {role}")
    assert "Stopped: everything" in client.get("/admin/wallets/wallet/").content.decode()


def test_who_only_looks_sees_the_stop_and_no_button() -> None:
    client = signed_in("viewer")
    engage_stop(reason="stolen", actor="ann")
    page = client.get("/admin/scheduling/run/").content.decode()
    assert ("Stopped: everything" in page, "Stop signing now" in page) == (True, False)
    assert client.post("/admin/emergency/stop/", STOP).status_code == 403
    assert client.post("/admin/emergency/resume/", STOP).status_code == 403
    assert client.get("/admin/emergency/order/withdraw/").status_code == 403


@pytest.mark.parametrize(
    ("role", "mode"), [("approver", "everything"), ("operator", "all_but_drain")]
)
def test_only_whoever_may_resume_lets_a_stop_spare_more(role: str, mode: str) -> None:
    engage_stop(reason="stolen", actor="ann")
    answer = signed_in(role).post("/admin/emergency/stop/", {**STOP, "mode": "all_but_drain"})
    assert EmergencyStop.objects.get(engaged=True).mode == mode
    if role == "approver":
        assert "everything is stopped more strictly" in answer.content.decode()


def test_a_stop_may_become_stricter_by_whoever_may_stop() -> None:
    engage_stop(reason="stolen", actor="ann", mode="all_but_drain")
    signed_in("approver").post("/admin/emergency/stop/", {**STOP, "mode": "all_but_cancels"})
    assert EmergencyStop.objects.get(engaged=True).mode == "all_but_cancels"


def test_it_goes_on_by_the_right_to_resume_with_a_reason() -> None:
    engage_stop(reason="stolen", actor="ann")
    assert signed_in("approver").post("/admin/emergency/resume/", STOP).status_code == 403
    client = signed_in("operator")
    client.post("/admin/emergency/resume/", {"kind": "everything", "reason": ""})
    assert EmergencyStop.objects.filter(engaged=True).exists()
    answer = client.post("/admin/emergency/resume/", {"kind": "everything", "reason": "found"})
    assert told(answer) == "This field is required. The stop of everything is lifted."
    assert Transition.objects.filter(to_state="lifted", actor="user operator").exists()


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("wallet", "nobody", "there is no wallet nobody"),
        ("network", "", "say which network"),
        ("everything", "x", "everything has no name"),
    ],
)
def test_a_wrong_name_stops_nothing_and_is_told(kind: str, name: str, said: str) -> None:
    client = signed_in("operator")
    page = client.post("/admin/emergency/stop/", {**STOP, "kind": kind, "name": name})
    assert said in page.content.decode()
    assert not EmergencyStop.objects.filter(engaged=True).exists()


def test_a_stop_leads_to_no_other_site() -> None:
    answer: Any = signed_in("operator").post(
        "/admin/emergency/stop/", {**STOP, "next": "https://example.org/"}
    )
    assert answer.url == reverse("emergency")


def test_without_the_token_of_the_form_nothing_is_stopped() -> None:
    signed_in("operator")
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="operator"))
    assert client.post("/admin/emergency/stop/", STOP).status_code == 403


def test_the_header_asks_the_database_once_however_much_is_stopped() -> None:
    client = signed_in("viewer")
    counts = []
    for number in range(2):
        for n in range(number * 5):
            scope = {"scope_kind": "wallet", "scope_value": f"w{n}"}
            engage_stop(reason="x", actor="ann", **scope)
        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/wallets/wallettag/")
        counts.append(sum("emergencystop" in one["sql"] for one in queries))
    assert counts == [1, 1]


def test_an_order_is_shown_before_it_is_given() -> None:
    client = signed_in("operator")
    row = factories.TransactionFactory.create(state="queued")
    page = client.get("/admin/emergency/order/cancel-pending/").content.decode()
    assert f"transaction {row.pk}, queued: ends: nothing of it is signed" in page
    answer = client.post("/admin/emergency/order/cancel-pending/", {"reason": "stolen"})
    row.refresh_from_db()
    assert (row.state, told(answer)) == ("cancelled", "Cancel what is unmined: 1 end unsigned.")
