"""The console shows what wallets hold, what it is worth and since when; and what is not known."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests import factories
from wallets.console.balances import MOST_CHARTS, MOST_POINTS, spread
from wallets.models import Token, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def wallet_page(client: Client, wallet: Wallet) -> str:
    return client.get(reverse("admin:wallets_wallet_change", args=[wallet.pk])).content.decode()


def hold(wallet: Wallet, amount: int | None, **token: Any) -> Token:
    """A token of that amount in the wallet, with a history of one change."""
    made: Token = factories.TokenFactory.create(**token)
    balance = factories.BalanceFactory.create(wallet=wallet, token=made, amount=amount)
    factories.BalancePointFactory.create(
        wallet=wallet, token=made, amount=amount, snapshot=balance.snapshot
    )
    return made


def test_a_wallet_shows_its_balances_their_worth_and_what_is_unknown(operator: Client) -> None:
    wallet = factories.WalletFactory.create()
    usdc = hold(wallet, 2_500_000, symbol="USDC", decimals=6)
    hold(wallet, None, symbol="GHOST")
    hold(wallet, 0, symbol="EMPTY")
    page = wallet_page(operator, wallet)
    assert "Unknown GHOST" in page
    assert "2.5 USDC" in page
    assert "EMPTY" not in page
    assert "1 token of which it holds nothing" in page
    assert "Worth unknown" in page
    factories.PriceFactory.create(token=usdc, amount=2, decimals=0)
    assert "At least 5.00 USD; 1 balance of unknown worth" in wallet_page(operator, wallet)


def test_a_stale_price_is_no_price(operator: Client) -> None:
    wallet = factories.WalletFactory.create()
    token = hold(wallet, 2_500_000)
    factories.PriceFactory.create(token=token, at=timezone.now() - timedelta(hours=2))
    assert "no fresh price" in wallet_page(operator, wallet)


def test_a_balance_below_its_minimum_is_marked(operator: Client) -> None:
    wallet = factories.WalletFactory.create()
    factories.MinimumBalanceFactory.create(token=hold(wallet, 0, symbol="FUEL"), amount=1)
    page = wallet_page(operator, wallet)
    assert "Under minimum" in page
    assert "0 FUEL" in page
    listed = operator.get(reverse("admin:wallets_balance_changelist"), {"minimum": "under"})
    assert listed.context["cl"].result_count == 1


def test_more_balances_cost_no_more_queries(operator: Client) -> None:
    wallet = factories.WalletFactory.create()
    counts = []
    for more in (MOST_CHARTS, 20):
        for _ in range(more):
            factories.PriceFactory.create(token=hold(wallet, 5))
        with CaptureQueriesContext(connection) as queries:
            wallet_page(operator, wallet)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 20


def test_a_history_is_drawn_with_few_points_evenly_spaced() -> None:
    points: list[tuple[datetime, int | None]] = [
        (NOON + timedelta(minutes=minute), minute) for minute in range(5000)
    ]
    moments, values = spread(points, NOON + timedelta(minutes=5000))
    assert len(moments) == len(values) == MOST_POINTS
    assert (values[0], values[-1]) == (0, 4999)
    gaps = {moments[n + 1] - moments[n] for n in range(MOST_POINTS - 2)}
    assert max(gaps) - min(gaps) < timedelta(seconds=1)


def test_between_two_changes_a_balance_is_the_earlier_one() -> None:
    points: list[tuple[datetime, int | None]] = [
        (NOON, 1),
        (NOON + timedelta(hours=1), None),
        (NOON + timedelta(hours=3), 3),
    ]
    moments, values = spread(points, NOON + timedelta(hours=4))
    by_hour = {
        (moment - NOON) // timedelta(hours=1): value
        for moment, value in zip(moments, values, strict=True)
    }
    assert by_hour == {0: 1, 1: None, 2: None, 3: 3, 4: 3}


def test_one_change_and_none_are_drawn_too() -> None:
    assert spread([], NOON) == ([], [])
    assert spread([(NOON, 7)], NOON) == ([NOON, NOON], [7, 7])


def test_a_price_is_shown_with_its_source_and_whether_it_counts(operator: Client) -> None:
    factories.PriceFactory.create(amount=123_456, decimals=5)
    factories.PriceFactory.create(at=timezone.now() - timedelta(hours=2))
    page = operator.get(reverse("admin:wallets_price_changelist")).content.decode()
    assert str(Decimal("1.23456")) in page
    assert all(word in page for word in ("Chainlink feed", "Stale", "Fresh"))
