"""A wallet by another name stays stopped and limited."""

import pytest

from tests.factories import LimitFactory, WalletFactory
from tests.wallets.intents import ticked, transfer
from wallets.models import EmergencyStop, Limit, Network, Transaction, Transition, Wallet
from wallets.renaming import rename_wallet
from wallets.services import engage_stop
from wallets.transactions.operator import NotPossible
from wallets.transactions.stop import read_stops

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def row(network: Network, wallet: Wallet, other_wallet: Wallet) -> Transaction:
    """1 ETH that waits for its signature."""
    return transfer(wallet, network, other_wallet.address)


def stop(wallet: Wallet) -> EmergencyStop:
    return engage_stop(reason="stolen", actor="ann", scope_kind="wallet", scope_value=wallet.label)


def limit(label: str, amount: int = 1) -> Limit:
    return LimitFactory.create(
        kind="max_value", scope_kind="wallet", scope_value=label, amount=amount
    )


def rename(wallet: Wallet, label: str = "renamed") -> None:
    rename_wallet(wallet=wallet, label=label, actor="user ann")


def test_a_stopped_wallet_stays_stopped_under_another_name(
    row: Transaction, wallet: Wallet
) -> None:
    stop(wallet)
    rename(wallet)
    assert ticked(row).detail == "emergency stop of renamed: stolen"
    line = Transition.objects.filter(subject="wallet", subject_id=wallet.pk).latest("pk")
    assert (line.reason, line.actor) == (f"renamed from {wallet.label} to renamed", "user ann")


def test_a_limited_wallet_stays_limited_under_another_name(
    row: Transaction, wallet: Wallet
) -> None:
    limit(wallet.label)
    rename(wallet)
    assert "is above the limit of" in ticked(row).detail


def test_whoever_read_the_wallet_before_sees_the_stop_of_its_new_name(
    row: Transaction, wallet: Wallet
) -> None:
    assert row.lane.wallet.label == wallet.label
    rename(wallet)
    stop(Wallet.objects.get(pk=wallet.pk))
    assert read_stops().reason(row) == "emergency stop of renamed: stolen"


@pytest.mark.parametrize("named", ["limit", "stop"])
def test_a_name_that_means_something_already_is_not_taken(wallet: Wallet, named: str) -> None:
    if named == "limit":
        limit("renamed")
    else:
        stop(WalletFactory.build(label="renamed"))
    with pytest.raises(NotPossible, match=f"a {named} names renamed already; choose another"):
        rename(wallet)
    assert Wallet.objects.get(pk=wallet.pk).label == wallet.label
