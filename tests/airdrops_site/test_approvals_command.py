"""`manage.py approvals` and its pages: two persons by their passwords and rights."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.core.management import CommandError
from django.test import Client
from django.urls import reverse

from airdrops_site.health.transactions import open_facts
from scheduling.models import Approval
from tests.airdrops_site.desk import Desk
from tests.airdrops_site.test_emergency_guide import desk, send

__all__ = ["desk"]
pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def approval(desk: Desk) -> Approval:
    """Of a run of Ann's task that sends 1 ETH."""
    send(desk, 1, needs_approval=True)
    return Approval.objects.get()


def test_it_is_listed_and_told_in_words(desk: Desk, approval: Approval) -> None:
    (listed,) = desk.run("approvals list")
    assert (listed["approval"], listed["asked_for"]) == (approval.pk, "ann")
    words = "\n".join(desk.run(f"approvals show {approval.pk}")["in_words"])
    assert "What the task does was last said by ann." in words
    assert "gives 1 ETH" in words
    assert "goes through now" in words
    assert open_facts()["approvals_waiting"] == 1


def test_a_second_person_is_another_with_the_right(desk: Desk, approval: Approval) -> None:
    with pytest.raises(CommandError, match=r"ann has no right scheduling\.approve_run"):
        desk.run(f"approvals approve {approval.pk}", user="ann")
    done = desk.run(f"approvals approve {approval.pk}", user="ben")
    assert (done["state"], done["decided_by"], done["decided_alone"]) == ("approved", "ben", False)
    with pytest.raises(CommandError, match="is approved, not asked for"):
        desk.run(f"approvals approve {approval.pk}", user="ben")


def test_what_is_wrong_is_one_sentence(desk: Desk, approval: Approval, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="there is no approval 0") as refused:
        desk.run("approvals show 0")
    assert refused.value.returncode == 2
    (tmp_path / "password").write_text("wrong")
    with pytest.raises(CommandError, match="ben could not be signed in"):
        desk.run(f"approvals approve {approval.pk}", user="ben")


def pressed(client: Client, verb: str, approval: Approval, **said: str) -> str:
    address = reverse("admin:scheduling_approval_ask", args=[verb]) + f"?id={approval.pk}"
    answer: Any = client.post(address, said)
    assert answer.status_code == 302, answer.status_code
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def test_the_console_decides_with_the_rights_of_the_person(
    desk: Desk, approval: Approval, client: Client
) -> None:
    client.force_login(User.objects.get(username="ben"))
    page = client.get(f"/admin/scheduling/approval/{approval.pk}/change/").content.decode()
    assert "gives 1 ETH" in page
    assert "1 approval waits" in " ".join(client.get("/admin/").content.decode().split())
    assert "Approve asked for" in pressed(client, "approve", approval)
    assert "Decline asked for" in pressed(client, "decline", approval, reason="no")
    approval.refresh_from_db()
    assert (approval.state, approval.run.state) == ("declined", "cancelled")


def test_who_may_not_approve_finds_no_button(approval: Approval, client: Client) -> None:
    client.force_login(User.objects.get(username="ann"))
    page = client.get(f"/admin/scheduling/approval/{approval.pk}/change/").content.decode()
    assert "Approve</a>" not in page
    address = reverse("admin:scheduling_approval_ask", args=["approve"])
    assert client.get(f"{address}?id={approval.pk}").status_code == 403
