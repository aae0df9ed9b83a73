"""Numbers that a database has given out are not given again after a restore."""

import pytest

from airdrops_site.backup import engines
from wallets.models import WalletTag

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_a_table_that_never_gave_a_number_begins_as_it_is() -> None:
    # SQLite notes a 0 for a table that a migration made anew while it was empty.
    engines.set_sequences([WalletTag], {WalletTag._meta.db_table: 0})
    assert WalletTag.objects.create(name="first").pk > 0
