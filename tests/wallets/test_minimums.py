"""A balance below its minimum is found; one that is not known is never taken for enough."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from tests import factories
from wallets.minimums import balances_under_minimum, count_unknown_minimums
from wallets.models import Balance, MinimumBalance, Token, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def coin() -> Token:
    return factories.NativeCoinFactory.create()


def hold(token: Token, amount: int | None, **wallet: object) -> Wallet:
    """A wallet that holds so much."""
    owner = factories.WalletFactory.create(**wallet)
    factories.BalanceFactory.create(wallet=owner, token=token, amount=amount)
    return owner


def minimum(token: Token, amount: int, wallet: Wallet | None = None, **fields: object) -> None:
    MinimumBalance.objects.create(token=token, amount=amount, wallet=wallet, **fields)


def under() -> list[int | None]:
    """The amounts that are below a minimum."""
    return [row.amount for row in balances_under_minimum().order_by("amount")]


def test_a_minimum_for_all_covers_every_wallet(coin: Token) -> None:
    for amount in (0, 4, 5, 6):
        hold(coin, amount)
    minimum(coin, 5)
    assert (under(), count_unknown_minimums()) == ([0, 4], 0)


def test_a_large_number_is_compared_as_a_number(coin: Token) -> None:
    hold(coin, 9)
    hold(coin, 10**30)
    minimum(coin, 10**21)
    assert under() == [9]


def test_a_wallets_own_minimum_covers_it_alone(coin: Token) -> None:
    hold(coin, 1)
    minimum(coin, 5, hold(coin, 4))
    assert under() == [4]


def test_both_hold_and_a_balance_below_both_counts_once(coin: Token) -> None:
    owner = hold(coin, 4)
    minimum(coin, 5)
    minimum(coin, 9, owner)
    hold(coin, 7)
    assert under() == [4]


def test_a_minimum_of_one_token_says_nothing_of_another(coin: Token) -> None:
    hold(factories.TokenFactory.create(), 1)
    minimum(coin, 5)
    assert under() == []


def test_the_retired_and_the_disabled_are_not_told(coin: Token) -> None:
    hold(coin, 1, status="retired")
    minimum(coin, 5)
    other = hold(coin, 7)
    minimum(coin, 9, other, enabled=False)
    assert (under(), count_unknown_minimums()) == ([], 0)


def test_what_was_never_read_or_gave_no_number_is_unknown(coin: Token) -> None:
    minimum(coin, 5)
    factories.WalletFactory.create()
    minimum(coin, 9, hold(coin, None))
    hold(coin, 5)
    assert (under(), count_unknown_minimums()) == ([], 2)


def test_unknown_counts_a_wallets_own_minimum(coin: Token) -> None:
    minimum(coin, 5, hold(coin, None))
    minimum(factories.TokenFactory.create(), 5, hold(coin, 7))
    assert count_unknown_minimums() == 2
    Balance.objects.update(amount=5)
    assert count_unknown_minimums() == 1


def test_a_minimum_of_a_tag_covers_every_wallet_that_has_it(coin: Token) -> None:
    farm = factories.WalletTagFactory.create()
    for amount in (3, 4, 8):
        hold(coin, amount).tags.add(farm, factories.WalletTagFactory.create())
    hold(coin, 1)
    minimum(coin, 5, tag=farm)
    assert (under(), count_unknown_minimums()) == ([3, 4], 0)
    hold(coin, 2).tags.add(farm)
    assert under() == [2, 3, 4]


def test_a_minimum_of_a_group_covers_every_wallet_in_it(coin: Token) -> None:
    farm = factories.WalletGroupFactory.create()
    hold(coin, 4, group=farm)
    hold(coin, 1)
    hold(coin, 2, group=factories.WalletGroupFactory.create())
    minimum(coin, 5, group=farm)
    assert (under(), count_unknown_minimums()) == ([4], 0)


def test_a_wallet_covered_twice_is_unknown_once(coin: Token) -> None:
    farm, group = factories.WalletTagFactory.create(), factories.WalletGroupFactory.create()
    owner = hold(coin, None, group=group)
    owner.tags.add(farm)
    hold(coin, None, status="retired", group=group)
    for covered in ({"tag": farm}, {"group": group}, {"wallet": owner}):
        MinimumBalance.objects.create(token=coin, amount=5, **covered)
    assert count_unknown_minimums() == 1
    minimum(coin, 3)
    assert count_unknown_minimums() == 1
    Balance.objects.update(amount=2)
    assert (under(), count_unknown_minimums()) == ([2], 0)


def test_a_minimum_is_for_one_kind_of_wallets(coin: Token) -> None:
    farm, group = factories.WalletTagFactory.create(), factories.WalletGroupFactory.create()
    row = MinimumBalance(token=coin, amount=5, tag=farm, group=group)
    with pytest.raises(ValidationError, match="Choose a wallet, a tag or a group"):
        row.clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()
    minimum(coin, 5, tag=farm)
    with pytest.raises(IntegrityError), transaction.atomic():
        minimum(coin, 6, tag=farm)


def test_a_thousand_wallets_of_a_tag_take_two_questions(
    coin: Token, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    farm = factories.WalletTagFactory.create()
    for _ in range(30):
        hold(coin, 4).tags.add(farm)
    minimum(coin, 5, tag=farm)
    with django_assert_num_queries(1):
        assert len(under()) == 30
    with django_assert_num_queries(4):
        count_unknown_minimums()
