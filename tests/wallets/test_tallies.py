"""Counters are exact: with the event or not at all, whoever folds, whatever is deleted."""

import json
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import transaction
from django.utils import timezone

from tests import factories
from tests.threads import workers
from tests.transactions import make_receipt, make_transaction
from wallets import tallies, wakeups
from wallets.models import (
    Network,
    PriceSource,
    Tally,
    TallyDelta,
    Token,
    Transaction,
    WakeUp,
    Wallet,
)
from wallets.prices import Quote, record_prices
from wallets.transactions.counting import FEES_NATIVE, FEES_UNPRICED, FEES_USD
from wallets.transactions.machine import move_transaction, move_transactions

pytestmark = [pytest.mark.django_db, pytest.mark.db]

THING = tallies.key("things", {"kind": "round", "at": "home"})


def count(by: int = 1) -> None:
    tallies.add("things", {"at": "home", "kind": "round"}, by)


def of(name: str) -> dict[tuple[str, ...], int]:
    """The values of a counter by its labels' values."""
    found = tallies.values().items()
    return {tuple(v for _, v in labels): value for (one, labels), value in found if one == name}


@pytest.fixture
def network() -> Network:
    return factories.NetworkFactory.create()


@pytest.fixture
def owned() -> Wallet:
    return factories.WalletFactory.create()


def test_what_is_undone_was_not_counted() -> None:
    count()
    with transaction.atomic():
        count()
        transaction.set_rollback(True)
    assert tallies.values() == {THING: 1}


def test_folding_changes_no_value_and_leaves_no_row() -> None:
    for by in (1, 10**60, 5):
        count(by)
        tallies.fold()
    count(7)
    assert tallies.values() == {THING: 10**60 + 13}
    assert (Tally.objects.count(), TallyDelta.objects.count()) == (1, 1)


def test_a_fold_takes_the_oldest_few_only() -> None:
    for _ in range(3):
        count()
    assert tallies.fold(rows=2) == 2
    assert (Tally.objects.get().value, TallyDelta.objects.count()) == (2, 1)


def test_values_cost_two_questions(django_assert_num_queries: object) -> None:
    for number in range(20):
        tallies.add("things", {"number": str(number)})
    with django_assert_num_queries(2):  # type: ignore[operator]
        assert len(tallies.values()) == 20


def test_no_counter_is_below_what_it_was_known_to_be() -> None:
    count(5)
    other = tallies.key("others", {})
    tallies.raise_to({THING: 3, other: 4})
    assert tallies.values() == {THING: 5, other: 4}
    tallies.raise_to({THING: 9})
    assert tallies.values() == {THING: 9, other: 4}


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_counting_and_folding_at_once_loses_and_doubles_nothing() -> None:
    def write() -> None:
        for _ in range(40):
            count()

    seen = [0]
    with workers(4) as run:
        busy = [run(write), run(write), run(_fold_often), run(_fold_often)]
        while not all(one.done() for one in busy):
            seen.append(tallies.values().get(THING, 0))
        for one in busy:
            one.result()
    assert seen == sorted(seen)
    assert tallies.values() == {THING: 80}


def _fold_often() -> None:
    for _ in range(15):
        tallies.fold(rows=10)


def test_the_job_rests_after_it_has_folded() -> None:
    count()
    assert list(tallies.due()) == [""]
    tallies.fold_all()
    count()
    assert (TallyDelta.objects.count(), list(tallies.due())) == (1, [])


def test_a_transaction_is_counted_when_it_is_final_and_stays_so(
    network: Network, owned: Wallet
) -> None:
    rows = [make_transaction(owned, network, "confirmed") for _ in range(2)]
    move_transactions(rows, "final", actor="test")
    held = make_transaction(owned, network, "held")
    move_transaction(held, "cancelled", actor="test")
    expected = {(network.slug, "succeeded", "evm"): 2, (network.slug, "cancelled", "evm"): 1}
    assert of("transactions") == expected
    Transaction.objects.filter(pk=held.pk).delete()
    assert of("transactions") == expected


@pytest.mark.parametrize("priced", [True, False])
def test_a_fee_is_counted_in_coins_and_in_dollars_or_as_unpriced(
    network: Network, owned: Wallet, priced: bool
) -> None:
    coin, _ = Token.objects.get_or_create(network=network, address="", symbol="ETH")
    now = timezone.now()
    if priced:
        quote = Quote(250_050, 2, now, now + timedelta(hours=1))
        assert record_prices(source=PriceSource.MANUAL, quotes={coin: quote}) == []
    row = make_transaction(owned, network, "confirmed")
    make_receipt(row, at=now, fee=10**15 + 1)
    move_transactions([row], "final", actor="test")
    place = (network.slug, "evm")
    assert of(FEES_NATIVE) == {place: 10**15 + 1}
    assert of(FEES_USD) == ({place: (10**15 + 1) * 25_005 // 10} if priced else {})
    assert of(FEES_UNPRICED) == ({} if priced else {place: 1})


def test_the_migration_counts_what_there_was(network: Network, owned: Wallet) -> None:
    for state in ("final", "final", "refused", "broadcast"):
        row = make_transaction(owned, network, state)
    make_receipt(make_transaction(owned, network, "final"), at=timezone.now(), fee=8)
    make_receipt(row, at=timezone.now(), fee=9)
    import_module("wallets.migrations.0023_tallies_of_before").count(apps, None)
    assert of("transactions") == {
        (network.slug, "succeeded", "evm"): 3,
        (network.slug, "refused", "evm"): 1,
    }
    assert (of(FEES_NATIVE), of(FEES_UNPRICED)) == (
        {(network.slug, "evm"): 8},
        {(network.slug, "evm"): 1},
    )


def test_jobs_are_counted_well_or_failed() -> None:
    good = "tests.wallets.test_tallies.nothing"
    for name, path in (("good", good), ("bad", "json.loads")):
        WakeUp.objects.create(key=name, path=path)
        wakeups.run(name)
    assert of("jobs") == {
        (WakeUp.objects.get(key="good").path, "ok"): 1,
        ("json.loads", "failed"): 1,
    }


def nothing() -> None:
    json.dumps(None)
