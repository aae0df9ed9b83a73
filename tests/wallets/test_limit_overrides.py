"""Another number counts for a limit until it expires or is ended; hours count like days."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from tests.chains import ETHER
from tests.factories import LimitFactory, LimitOverrideFactory, NetworkFactory, UserFactory
from tests.wallets.intents import ticked, transfer
from wallets.limit_changes import create_override, end_override, set_limit
from wallets.limit_units import in_words, read_number
from wallets.models import (
    Limit,
    LimitOverride,
    Network,
    NonceLane,
    SpendReservation,
    Transaction,
    Transition,
    Wallet,
)
from wallets.transactions.limits import read_limits
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db, pytest.mark.db]
HOUR = timedelta(hours=1)


@pytest.fixture
def person() -> User:
    """Who may override."""
    found = UserFactory.create(username="ada")
    rights = ("add_limitoverride", "add_limit", "change_limit")
    found.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return User.objects.get(pk=found.pk)


@pytest.fixture
def sends(network: Network, wallet: Wallet, other_wallet: Wallet) -> Any:
    """Queues a transfer of 1 ETH and gives its lane a turn."""
    return lambda key: ticked(transfer(wallet, network, other_wallet.address, key=key))


def everything(kind: str, amount: int = ETHER) -> Limit:
    """A limit of all there is."""
    return Limit.objects.create(kind=kind, scope_kind="everything", amount=amount)


def override(limit: Limit, person: User, amount: int, lasting: timedelta = HOUR) -> LimitOverride:
    """Said by the person, for an hour."""
    ends = timezone.now() + lasting
    return create_override(
        limit=limit, amount=amount, expires_at=ends, reason="a large claim", person=person
    )


@pytest.mark.parametrize("kind", ["max_day_value", "max_hour_value"])
def test_an_override_lets_out_what_the_limit_held_until_it_ends(
    sends: Any, person: User, kind: str
) -> None:
    limit = everything(kind)
    assert sends("a").state == "broadcast"
    held = sends("b")
    assert (held.state, held.hold_reason) == ("held", "limit")
    row = override(limit, person, 2 * ETHER)
    assert ticked(held).state == "broadcast"
    end_override(override=row, reason="it is claimed", person=person)
    assert "2 ETH of 1 ETH is spent or held back" in sends("c").detail


def test_one_that_expired_counts_no_more(sends: Any, person: User) -> None:
    row = override(everything("max_value", ETHER // 2), person, ETHER)
    LimitOverride.objects.filter(pk=row.pk).update(expires_at=timezone.now())
    assert sends("a").detail == "policy: 1 ETH is above the limit of 0.5 ETH a transaction"


def test_the_newest_of_several_counts(network: Network, wallet: Wallet) -> None:
    limit = everything("max_value")
    for amount in (5, 7):
        LimitOverrideFactory.create(limit=limit, amount=amount)
    lane = NonceLane.objects.create(wallet=wallet, network=network)
    assert [one.amount for one in read_limits(lane).rows] == [7]


def test_limits_and_their_overrides_are_one_question(
    network: Network, wallet: Wallet, django_assert_num_queries: Any
) -> None:
    for kind in ("max_value", "max_day_value", "max_hour_value"):
        LimitOverrideFactory.create(limit=everything(kind))
    lane = NonceLane.objects.create(wallet=wallet, network=network)
    with django_assert_num_queries(1):
        read_limits(lane)


def test_an_hours_limit_holds_until_the_next_hour(sends: Any) -> None:
    everything("max_hour_value")
    sends("a")
    row = sends("b")
    now = timezone.now()
    assert f"is spent or held back for {now:%Y-%m-%d %H}:00 UTC, this needs 1 ETH" in row.detail
    assert row.detail.endswith(f"it is free again at {now + HOUR:%Y-%m-%d %H}:00 UTC")
    SpendReservation.objects.update(hour=(now.hour + 23) % 24)
    assert ticked(row).state == "broadcast"


def test_it_is_said_in_the_history_who_and_why(person: User) -> None:
    limit = LimitFactory.create(amount=ETHER)
    override(limit, person, 2 * ETHER)
    told = Transition.objects.get(subject="limit", subject_id=limit.pk)
    assert (told.actor, told.to_state) == ("user ada", "overridden")
    assert told.reason.startswith(f"{2 * ETHER} instead of {ETHER} until ")
    assert told.reason.endswith("UTC: a large claim")


@pytest.mark.parametrize(
    ("lasting", "told"),
    [
        (timedelta(days=8), "an override lasts 7 days at most"),
        (timedelta(), "an override ends in the future"),
    ],
)
def test_it_ends_within_a_week(person: User, lasting: timedelta, told: str) -> None:
    with pytest.raises(NotPossible, match=told):
        override(LimitFactory.create(), person, 1, lasting)
    assert not LimitOverride.objects.exists()


def test_who_has_no_right_overrides_nothing(db: None) -> None:
    limit, nobody = LimitFactory.create(), UserFactory.create(username="eve")
    with pytest.raises(NotPossible, match="eve has no right"):
        override(limit, nobody, 1)


def test_setting_a_limit_makes_it_or_changes_it(person: User) -> None:
    NetworkFactory.create(slug="base")
    wanted = {"kind": "max_value", "scope_kind": "network", "scope_value": "base"}
    for amount in (1, 2):
        row = set_limit(**wanted, amount=amount, person=person)
    assert (Limit.objects.get(), row.amount) == (row, 2)
    reasons = Transition.objects.filter(subject="limit").values_list("reason", flat=True)
    assert list(reasons) == ["1", "2, before 1"]


@pytest.mark.parametrize(
    ("kind", "text", "number", "shown"),
    [
        ("max_value", "1.5 ETH", 15 * 10**17, "1.5 ETH"),
        ("max_value", "20 wei", 20, "0.00000000000000002 ETH"),
        ("max_fee_per_gas", "3 gwei", 3 * 10**9, "3 gwei"),
        ("max_slippage", "0.5%", 50, "0.5 %"),
        ("max_slippage", "50 bps", 50, "0.5 %"),
        ("max_day_loss", "250", 25_000, "250 USD"),
        ("min_health_factor", "1.5", 15_000, "1.5"),
        ("max_age", "900 s", 900, "900 s"),
        ("max_gas_spike", "300 %", 300, "300 %"),
    ],
)
def test_numbers_are_written_as_a_person_writes_them(
    network: Network, kind: str, text: str, number: int, shown: str
) -> None:
    limit = Limit(kind=kind, scope_kind="everything", amount=0)
    assert read_number(limit, text) == number
    assert in_words(limit, number) == shown


@pytest.mark.parametrize(
    ("kind", "scope", "amount", "state"),
    [
        ("max_value", "network:devnet-l1", ETHER // 2, "refused"),
        ("max_hour_value", "protocol:evm", ETHER // 2, "refused"),
        ("max_fee_per_gas", "action:transfer", 1, "held"),
        ("max_transaction_fee", "wallet:first", 1, "held"),
        ("min_native_balance", "network:devnet-l1", 10 * ETHER, "held"),
        ("min_native_balance", "wallet:second", 10 * ETHER, "broadcast"),
        ("max_transaction_fee", "protocol:claims", 1, "broadcast"),
    ],
)
def test_each_kind_holds_in_its_scope_and_nowhere_else(
    sends: Any, kind: str, scope: str, amount: int, state: str
) -> None:
    scope_kind, _, value = scope.partition(":")
    Limit.objects.create(kind=kind, scope_kind=scope_kind, scope_value=value, amount=amount)
    row: Transaction = sends("a")
    assert row.state == state, row.detail


@pytest.mark.parametrize(
    ("kind", "scope_kind", "told"),
    [
        ("max_value", "campaign", "only a budget is a campaign's"),
        ("max_failures", "wallet", "A breaker is a protocol's"),
        ("max_value", "wallet", "There is no wallet x"),
        ("max_value", "network", "There is no network x"),
    ],
)
def test_a_limit_that_would_hold_nothing_is_not_set(
    person: User, kind: str, scope_kind: str, told: str
) -> None:
    with pytest.raises(NotPossible, match=told):
        set_limit(kind=kind, scope_kind=scope_kind, scope_value="x", amount=1, person=person)
    assert not Limit.objects.exists()
