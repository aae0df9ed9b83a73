"""Pauses and allowed hours of a wallet that is renamed."""

import pytest

from scheduling.models import AllowedHours, Pause
from scheduling.pauses import pause_scope
from tests.factories import AllowedHoursFactory, WalletFactory
from wallets.models import Wallet
from wallets.renaming import rename_wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.mark.parametrize("taken", [True, False])
def test_pause_and_hours_of_a_wallet_follow_its_name(*, taken: bool) -> None:
    wallet = WalletFactory.create(label="old")
    for label in ("old", "new") if taken else ("old",):
        other = wallet if label == "old" else WalletFactory.create(label=label)
        pause_scope(scope="wallet", value=label, actor="ann", reason="look")
        if other != wallet:
            other.delete()
    AllowedHoursFactory.create(scope_value="old")
    rename_wallet(wallet=Wallet.objects.get(pk=wallet.pk), label="new", actor="ann")
    assert list(AllowedHours.objects.values_list("scope_value", flat=True)) == ["new"]
    assert list(Pause.objects.values_list("scope_value", flat=True)) == ["new"]
