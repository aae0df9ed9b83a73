"""Addresses of others."""

# mypy: disable-error-code="no-untyped-call"

from factory.declarations import Sequence, SubFactory, Trait
from factory.django import DjangoModelFactory

from tests.factories.people import UserFactory
from tests.factories.values import NOON, an_address
from wallets.models import AddressBookEntry


class AddressBookEntryFactory(DjangoModelFactory[AddressBookEntry]):
    """An entry nobody has confirmed; `confirmed=True` for one that may receive."""

    class Meta:
        model = AddressBookEntry

    class Params:
        confirmed = Trait(
            status="confirmed", confirmed_by=SubFactory(UserFactory), confirmed_at=NOON
        )

    label = Sequence(lambda n: f"recipient-{n}")
    address = Sequence(lambda n: an_address(f"book {n}"))
    entered_by = SubFactory(UserFactory)
    entered_at = NOON
