"""What was worked out of the books about profit."""

# mypy: disable-error-code="no-untyped-call"

from factory.declarations import Sequence, SubFactory
from factory.django import DjangoModelFactory

from analytics.models import BasisCheckpoint, ProfitDay
from tests.factories.networks import TokenFactory
from tests.factories.signing import WalletFactory
from tests.factories.values import NOON


class BasisCheckpointFactory(DjangoModelFactory[BasisCheckpoint]):
    """The lots of an empty book; there are two methods, and so two rows at most."""

    class Meta:
        model = BasisCheckpoint
        django_get_or_create = ("method",)

    method = Sequence(lambda n: ("fifo", "average")[n % 2])
    until = NOON
    state = '{"pools": [], "parcels": []}'


class ProfitDayFactory(DjangoModelFactory[ProfitDay]):
    """Five dollars of gain."""

    class Meta:
        model = ProfitDay

    method = "fifo"
    day = NOON.date()
    wallet = SubFactory(WalletFactory)
    token = SubFactory(TokenFactory)
    proceeds = 15 * 10**18
    cost = 10 * 10**18
