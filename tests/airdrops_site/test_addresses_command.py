"""`manage.py addresses` and the console's address book ask the same services."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from airdrops_site.roles import sync_roles
from tests.factories import an_address
from wallets.models import AddressBookEntry

pytestmark = [pytest.mark.django_db, pytest.mark.db]
EXCHANGE, OTHER = an_address("exchange"), an_address("other")
PASSWORD = "a long password of the tests"


@pytest.fixture(autouse=True)
def people(tmp_path: Path) -> None:
    """Ann operates, Ben approves; both know their passwords."""
    sync_roles()
    for name, role in (("ann", "operator"), ("ben", "approver")):
        user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
    (tmp_path / "password").write_text(PASSWORD)


@pytest.fixture
def addresses(tmp_path: Path) -> Any:
    """What the command prints, read as JSON."""

    def run(*arguments: str, user: str = "") -> Any:
        who = ("--user", user, "--password-file", str(tmp_path / "password")) if user else ()
        said = StringIO()
        call_command("addresses", "--json", *arguments, *who, stdout=said)
        return json.loads(said.getvalue())

    return run


def test_the_way_of_an_entry(addresses: Any) -> None:
    addresses("add", "exchange", EXCHANGE, "--note", "as they wrote", user="ann")
    (done,) = addresses("confirm", "exchange", EXCHANGE, user="ben")
    assert (done["status"], done["entered_by"], done["confirmed_by"]) == ("confirmed", "ann", "ben")
    (changed,) = addresses("change", "exchange", "--address", OTHER, user="ann")
    assert (changed["status"], changed["confirmed_by"]) == ("entered", None)
    addresses("remove", "exchange", "--reason", "closed", user="ann")
    assert addresses("list") == []
    assert [one["status"] for one in addresses("list", "--all")] == ["removed"]


@pytest.mark.parametrize(
    ("arguments", "user", "sentence"),
    [
        (("add", "x", EXCHANGE.lower()), "ann", "has no checksum"),
        (("add", "x", EXCHANGE, "--network", "nowhere"), "ann", "there is no network nowhere"),
        (("add", "x", EXCHANGE), "ben", "ben has no right wallets.add_addressbookentry"),
        (("add", "x", EXCHANGE), "eve", "eve could not be signed in"),
        (("confirm", "x", EXCHANGE), "ben", "'x' is not in the address book"),
    ],
)
def test_what_is_refused_is_a_sentence(
    addresses: Any, arguments: tuple[str, ...], user: str, sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence) as refused:
        addresses(*arguments, user=user)
    assert refused.value.returncode == 2
    assert not AddressBookEntry.objects.exists()


def test_a_wrong_password_is_nobody(addresses: Any, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("another")
    with pytest.raises(CommandError, match="ann could not be signed in"):
        addresses("add", "exchange", EXCHANGE, user="ann")


def sign_in(client: Client, name: str) -> Client:
    client.force_login(User.objects.get(username=name))
    return client


def test_the_console_enters_and_another_confirms(client: Client) -> None:
    add = reverse("admin:wallets_addressbookentry_add")
    answer = sign_in(client, "ann").post(add, {"label": "exchange", "address": EXCHANGE.lower()})
    assert "has no checksum" in answer.content.decode()
    sign_in(client, "ann").post(add, {"label": "exchange", "address": EXCHANGE})
    entry = AddressBookEntry.objects.get()
    assert (entry.status, str(entry.entered_by)) == ("entered", "ann")
    ask = reverse("admin:wallets_addressbookentry_ask", args=["confirm"]) + f"?id={entry.pk}"
    answer = client.post(ask, {"address": EXCHANGE})
    assert "no right wallets.confirm_addressbookentry" in told(answer)
    sign_in(client, "ben").post(ask, {"address": EXCHANGE})
    entry.refresh_from_db()
    assert (entry.status, str(entry.confirmed_by)) == ("confirmed", "ben")


def test_a_change_in_the_console_voids_the_confirmation(client: Client) -> None:
    ann, ben = User.objects.get(username="ann"), User.objects.get(username="ben")
    entry = AddressBookEntry.objects.create(
        label="exchange", address=EXCHANGE, entered_by=ben, entered_at=ann.date_joined
    )
    change = reverse("admin:wallets_addressbookentry_change", args=[entry.pk])
    sign_in(client, "ann").post(change, {"label": "exchange", "address": OTHER})
    entry.refresh_from_db()
    assert (entry.address, entry.status, entry.entered_by) == (OTHER, "entered", ann)


def told(answer: Any) -> str:
    """What the person is told afterwards."""
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))
