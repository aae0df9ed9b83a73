"""`manage.py calls` and the console's page of approved calls ask the same services."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from airdrops_site.roles import sync_roles
from protocols.models import ApprovedCall, Deployment, Protocol
from tests import factories
from tests.factories import an_address
from wallets.models import Network

pytestmark = [pytest.mark.django_db, pytest.mark.db]
CONTRACT = an_address("contract")
PASSWORD = "a long password of the tests"
POKE = ("devnet", CONTRACT, "poke(uint256)", '["7"]', "--note", "as they wrote")


@pytest.fixture(autouse=True)
def people(tmp_path: Path) -> None:
    """Ann operates, Ben approves; both know their passwords."""
    sync_roles()
    for name, role in (("ann", "operator"), ("ben", "approver")):
        user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
    (tmp_path / "password").write_text(PASSWORD)


@pytest.fixture
def network(db: None) -> Network:
    """A network with a contract that may be called once it is approved."""
    network = factories.NetworkFactory.create(slug="devnet")
    protocol = Protocol.objects.create(slug="calls", name="Approved calls")
    Deployment.objects.create(
        protocol=protocol,
        network=network,
        role="contract-x",
        address=CONTRACT,
        abi="any_contract",
        code_hash="0x" + "11" * 32,
        source="the tests",
        enabled=True,
    )
    return network


@pytest.fixture
def calls(tmp_path: Path, network: Network) -> Any:
    """What the command prints, read as JSON."""

    def run(*arguments: str, user: str = "") -> Any:
        who = ("--user", user, "--password-file", str(tmp_path / "password")) if user else ()
        said = StringIO()
        call_command("calls", "--json", *arguments, *who, stdout=said)
        return json.loads(said.getvalue())

    return run


def test_the_way_of_a_call(calls: Any) -> None:
    (proposed,) = calls("propose", *POKE, user="ann")
    assert proposed["params"]["arguments"] == ["7"]
    key = str(proposed["call"])
    (done,) = calls("approve", key, "--digest", proposed["digest"], user="ben")
    assert (done["state"], done["proposed_by"], done["approved_by"]) == ("approved", "ann", "ben")
    calls("revoke", key, "--reason", "done", user="ann")
    assert calls("list") == []
    assert [one["state"] for one in calls("list", "--all")] == ["ended"]


def test_a_dry_run_says_the_bytes_and_keeps_nothing(calls: Any) -> None:
    (said,) = calls("propose", *POKE, "--dry-run")
    assert said["data"].endswith("7")
    assert not ApprovedCall.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "user", "sentence"),
    [
        (("propose", "nowhere", *POKE[1:]), "ann", "there is no network nowhere"),
        (("propose", *POKE[:3], "[", *POKE[4:]), "ann", "the arguments are no JSON"),
        (("propose", *POKE), "ben", "ben has no right protocols.add_approvedcall"),
        (("propose", *POKE), "eve", "eve could not be signed in"),
        (("propose", *POKE[:2], "@/nowhere", *POKE[3:]), "ann", "/nowhere cannot be read"),
        (("approve", "7", "--digest", "x"), "ben", "there is no call 7"),
    ],
)
def test_what_is_refused_is_a_sentence(
    calls: Any, arguments: tuple[str, ...], user: str, sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence) as refused:
        calls(*arguments, user=user)
    assert refused.value.returncode == 2
    assert not ApprovedCall.objects.exists()


def test_the_digest_says_that_the_bytes_were_looked_at(calls: Any) -> None:
    (proposed,) = calls("propose", *POKE, user="ann")
    with pytest.raises(CommandError, match="has another digest"):
        calls("approve", str(proposed["call"]), "--digest", "00", user="ben")


def page(view: str, *args: Any) -> str:
    """A page of approved calls."""
    return reverse(f"admin:protocols_approvedcall_{view}", args=args)


def form(network: Network, **changes: str) -> dict[str, str]:
    """What is typed into the form."""
    return {
        "network": str(network.pk),
        "address": CONTRACT,
        "function": "poke(uint256)",
        "arguments": '["7"]',
        "value": "0",
        "expires_at_0": "2026-11-27",
        "expires_at_1": "00:00",
        "note": "as they wrote",
        **changes,
    }


@pytest.fixture
def signed_in(client: Client) -> Any:
    """The console as somebody sees it."""

    def who(name: str) -> Client:
        client.force_login(User.objects.get(username=name))
        return client

    return who


def soon() -> dict[str, str]:
    """In an hour, as the form has it."""
    until = timezone.now() + timedelta(hours=1)
    return {"expires_at_0": f"{until:%Y-%m-%d}", "expires_at_1": f"{until:%H:%M:%S}"}


def test_one_proposes_in_the_console_and_another_approves(signed_in: Any, network: Network) -> None:
    answer = signed_in("ann").post(page("add"), form(network, **soon()))
    assert answer.status_code == 302
    call = ApprovedCall.objects.get()
    assert (call.state, call.proposed_by.get_username()) == ("proposed", "ann")
    ask = f"{page('ask', 'approve')}?id={call.pk}"
    shown = signed_in("ben").get(ask).content.decode()
    assert bytes(call.data).hex() in shown
    signed_in("ben").post(ask)
    call.refresh_from_db()
    assert (call.state, str(call.approved_by)) == ("approved", "ben")


def test_a_wrong_form_is_told_in_a_sentence(signed_in: Any, network: Network) -> None:
    wrong = form(network, **soon(), arguments="[]")
    answer = signed_in("ann").post(page("add"), wrong)
    assert "takes 1 arguments, 0 are given" in answer.content.decode()
    assert not ApprovedCall.objects.exists()


def test_nothing_of_it_can_be_edited(signed_in: Any, network: Network) -> None:
    signed_in("ann").post(page("add"), form(network, **soon()))
    call = ApprovedCall.objects.get()
    answer = signed_in("ann").post(page("change", call.pk), form(network, value="5", **soon()))
    assert answer.status_code == 403
    call.refresh_from_db()
    assert call.value == 0
