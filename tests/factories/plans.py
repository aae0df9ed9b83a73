"""Plans and their lines."""

# mypy: disable-error-code="no-untyped-call"

from factory.declarations import LazyAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from scheduling.models import Plan, PlanLine
from tests.factories.networks import TokenFactory
from tests.factories.people import UserFactory
from tests.factories.signing import WalletFactory
from tests.factories.values import ETHER, a_hash, an_address


class PlanFactory(DjangoModelFactory[Plan]):
    """A draft without lines."""

    class Meta:
        model = Plan

    kind = Plan.Kind.TRANSFER
    title = Sequence(lambda n: f"plan {n}")
    digest = Sequence(lambda n: a_hash(n)[2:])
    created_by = SubFactory(UserFactory)
    created_from = LazyAttribute(lambda row: f"user {row.created_by}")


class PlanLineFactory(DjangoModelFactory[PlanLine]):
    """A line that waits."""

    class Meta:
        model = PlanLine

    plan = SubFactory(PlanFactory)
    index = Sequence(lambda n: n + 1)
    wallet = SubFactory(WalletFactory)
    token = SubFactory(TokenFactory)
    amount = ETHER
    recipient = Sequence(lambda n: an_address(f"paid {n}"))
    purpose = "gas"
    digest = Sequence(lambda n: a_hash(n)[2:])
