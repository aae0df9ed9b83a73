"""People who may sign in."""

# mypy: disable-error-code="no-untyped-call"

from django.contrib.auth.models import User
from factory.declarations import Sequence
from factory.django import DjangoModelFactory


class UserFactory(DjangoModelFactory[User]):
    """Somebody who may sign in to the console and see nothing yet."""

    class Meta:
        model = User

    username = Sequence(lambda n: f"person-{n}")
    is_staff = True
