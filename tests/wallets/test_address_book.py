"""An address is entered by one person, confirmed by another, and void when it is changed."""

from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.db import IntegrityError, transaction
from eth_utils.address import to_checksum_address

from tests import factories
from tests.chains import ETHER, Chain
from tests.factories import an_address
from tests.wallets.intents import settled, ticked, transfer
from wallets.address_book import (
    ADDRESS_BOOK_HISTORY,
    Recipient,
    change_address,
    confirm_address,
    enter_address,
    remove_address,
)
from wallets.models import AddressBookEntry, Network, Transition, Wallet
from wallets.recipients import is_safe, may_receive
from wallets.transactions.operator import NotPossible
from wallets.transitions import LostRace

pytestmark = [pytest.mark.django_db, pytest.mark.db]
EXCHANGE, OTHER = an_address("exchange"), an_address("other")
RIGHTS = ("add_addressbookentry", "change_addressbookentry", "confirm_addressbookentry")


def person(name: str, *rights: str) -> User:
    user = User.objects.create_user(name)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights or RIGHTS))
    return user


@pytest.fixture
def ann(db: None) -> User:
    return person("ann")


@pytest.fixture
def ben(db: None) -> User:
    return person("ben")


@pytest.fixture
def entry(ann: User) -> AddressBookEntry:
    return enter_address(recipient=Recipient("exchange", EXCHANGE), person=ann)


@pytest.fixture
def confirmed(entry: AddressBookEntry, ben: User) -> AddressBookEntry:
    return confirm_address(entry=entry, address=EXCHANGE, person=ben)


def history(row: AddressBookEntry) -> list[tuple[str, str]]:
    lines = Transition.objects.filter(subject=ADDRESS_BOOK_HISTORY, subject_id=row.pk)
    return list(lines.order_by("id").values_list("to_state", "actor"))


def test_the_coin_goes_to_a_confirmed_address(
    network: Network, wallet: Wallet, chain: Chain, confirmed: AddressBookEntry
) -> None:
    limit = {"kind": "second_person", "scope_kind": "network", "scope_value": network.slug}
    factories.LimitFactory.create(**limit, amount=ETHER)
    row = settled(ticked(transfer(wallet, network, EXCHANGE)), chain)
    assert (row.state, row.outcome, chain.balance(EXCHANGE)) == ("final", "succeeded", ETHER)


def test_nothing_goes_to_an_address_nobody_confirmed(
    network: Network, wallet: Wallet, entry: AddressBookEntry
) -> None:
    row = ticked(transfer(wallet, network, EXCHANGE))
    assert row.state == "refused"
    assert "nor confirmed in the address book for Devnet L1" in row.detail


def test_what_decides_is_the_book_at_the_moment_of_signing(
    network: Network, wallet: Wallet, confirmed: AddressBookEntry, ann: User
) -> None:
    row = transfer(wallet, network, EXCHANGE)
    remove_address(entry=confirmed, reason="closed", person=ann)
    assert ticked(row).state == "refused"


def test_an_entry_for_one_network_is_for_that_network(ann: User, ben: User) -> None:
    here, there = factories.NetworkFactory.create(), factories.NetworkFactory.create()
    entry = enter_address(recipient=Recipient("x", EXCHANGE, here), person=ann)
    with pytest.raises(NotPossible, match="confirm its network"):
        confirm_address(entry=entry, address=EXCHANGE, person=ben)
    confirm_address(entry=entry, address=EXCHANGE, network=here, person=ben)
    assert (may_receive(EXCHANGE, here), may_receive(EXCHANGE, there)) == (True, False)


def test_who_entered_it_does_not_confirm_it(entry: AddressBookEntry, ann: User) -> None:
    with pytest.raises(NotPossible, match="entered by ann; somebody else confirms it"):
        confirm_address(entry=entry, address=EXCHANGE, person=ann)


def test_the_database_refuses_one_person_twice(entry: AddressBookEntry, ann: User) -> None:
    changes = {"status": "confirmed", "confirmed_by": ann, "confirmed_at": entry.entered_at}
    with pytest.raises(IntegrityError, match="two_persons"), transaction.atomic():
        AddressBookEntry.objects.filter(pk=entry.pk).update(**changes)


def test_one_operator_confirms_alone_only_if_the_setting_says_so(
    entry: AddressBookEntry, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SECOND_PERSON", "waived")
    done = confirm_address(entry=entry, address=EXCHANGE, person=ann)
    assert done.confirmed_alone
    told = Transition.objects.filter(subject=ADDRESS_BOOK_HISTORY).latest("id").reason
    assert "nobody else was asked, AIRDROPS_SECOND_PERSON is waived" in told


def test_a_change_voids_the_confirmation_and_its_author_does_not_confirm(
    network: Network, confirmed: AddressBookEntry, ann: User, ben: User
) -> None:
    changed = change_address(entry=confirmed, recipient=Recipient("exchange", OTHER), person=ben)
    assert (changed.status, changed.confirmed_by, may_receive(OTHER, network)) == (
        "entered",
        None,
        False,
    )
    with pytest.raises(NotPossible, match="somebody else confirms it"):
        confirm_address(entry=changed, address=OTHER, person=ben)
    confirm_address(entry=changed, address=OTHER, person=ann)
    assert history(changed) == [
        ("entered", "user ann"),
        ("confirmed", "user ben"),
        ("entered", "user ben"),
        ("confirmed", "user ann"),
    ]


def test_what_is_confirmed_is_what_was_looked_at(
    entry: AddressBookEntry, ann: User, ben: User
) -> None:
    seen = AddressBookEntry.objects.get(pk=entry.pk)
    change_address(entry=entry, recipient=Recipient("exchange", OTHER), person=ann)
    with pytest.raises(LostRace, match="changed meanwhile"):
        confirm_address(entry=seen, address=EXCHANGE, person=ben)
    with pytest.raises(NotPossible, match="find out which of the two is right"):
        confirm_address(entry=entry, address=EXCHANGE, person=ben)


def test_each_act_needs_its_own_right(entry: AddressBookEntry) -> None:
    viewer, adder = person("viewer", "view_wallet"), person("adder", "add_addressbookentry")
    with pytest.raises(NotPossible, match=r"no right wallets\.add_addressbookentry"):
        enter_address(recipient=Recipient("y", OTHER), person=viewer)
    with pytest.raises(NotPossible, match=r"no right wallets\.confirm_addressbookentry"):
        confirm_address(entry=entry, address=EXCHANGE, person=adder)


LOOKALIKE = EXCHANGE[:6] + OTHER[6:-4] + EXCHANGE[-4:]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"address": EXCHANGE[:-1]}, "is not an address"),
        ({"address": OTHER.lower()}, "has no checksum"),
        ({"address": OTHER.swapcase().replace("0X", "0x")}, "wrong checksum"),
        ({"address": "0x" + "0" * 40}, "the zero address"),
        ({"address": "token"}, "is the token"),
        ({"address": "contract"}, "is the contract"),
        ({"address": "wallet"}, "is a wallet of ours"),
        ({"label": "exchange"}, "already used in the address book"),
        ({"label": "=1+1"}, "begins like a formula"),
        ({"address": EXCHANGE}, "in the address book already, as exchange"),
    ],
)
def test_what_may_not_stand_in_the_book(
    entry: AddressBookEntry, ann: User, fields: dict[str, Any], sentence: str
) -> None:
    made: dict[str, Any] = {
        "token": factories.TokenFactory,
        "contract": factories.DeploymentFactory,
        "wallet": factories.WalletFactory,
    }
    wanted = {"label": "new", "address": OTHER, **fields}
    if wanted["address"] in made:
        wanted["address"] = made[wanted["address"]].create().address
    with pytest.raises(NotPossible, match=sentence.replace("+", r"\+")):
        enter_address(recipient=Recipient(**wanted), person=ann)


def test_an_address_that_begins_and_ends_like_another_is_refused(
    entry: AddressBookEntry, ann: User
) -> None:
    twin = str(to_checksum_address(LOOKALIKE.lower()))
    with pytest.raises(NotPossible, match="begins and ends like exchange"):
        enter_address(recipient=Recipient("twin", twin), person=ann)


def test_a_safe_address_is_one_only_once_confirmed(ann: User, ben: User) -> None:
    network = factories.NetworkFactory.create()
    entry = enter_address(recipient=Recipient("vault", EXCHANGE, is_safe=True), person=ann)
    assert not is_safe(EXCHANGE, network)
    with pytest.raises(NotPossible, match="on every network, a safe address; confirm"):
        confirm_address(entry=entry, address=EXCHANGE, person=ben)
    confirm_address(entry=entry, address=EXCHANGE, is_safe=True, person=ben)
    assert is_safe(EXCHANGE, network)


def test_a_removed_label_and_address_may_come_again(confirmed: AddressBookEntry, ann: User) -> None:
    remove_address(entry=confirmed, reason="closed", person=ann)
    with pytest.raises(NotPossible, match="enter it as a new one"):
        change_address(entry=confirmed, recipient=Recipient("x", OTHER), person=ann)
    again = enter_address(recipient=Recipient("exchange", EXCHANGE), person=ann)
    assert again.status == "entered"
