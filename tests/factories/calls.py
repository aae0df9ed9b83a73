"""Calls that somebody proposed."""

# mypy: disable-error-code="no-untyped-call"

from datetime import timedelta

from django.utils import timezone
from factory.declarations import LazyFunction, Sequence, SubFactory, Trait
from factory.django import DjangoModelFactory

from protocols.models import ApprovedCall
from tests.factories.networks import NetworkFactory
from tests.factories.people import UserFactory
from tests.factories.values import NOON, an_address


class ApprovedCallFactory(DjangoModelFactory[ApprovedCall]):
    """A proposal; `approved=True` for one that may be made."""

    class Meta:
        model = ApprovedCall

    class Params:
        approved = Trait(state="approved", approved_by=SubFactory(UserFactory), approved_at=NOON)

    network = SubFactory(NetworkFactory)
    address = Sequence(lambda n: an_address(f"called {n}"))
    function = "poke()"
    data = b"\x18\x17\x83\x58"
    code_hash = "0x" + "11" * 32
    digest = "00" * 32
    note = "for the tests"
    expires_at = LazyFunction(lambda: timezone.now() + timedelta(days=1))
    state_changed_at = NOON
    proposed_by = SubFactory(UserFactory)
