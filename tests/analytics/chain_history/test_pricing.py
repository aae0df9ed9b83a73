"""What was moved is priced at its own time, once prices are there; the unknown stays unknown."""

from datetime import timedelta
from typing import Any

import pytest

from analytics.chain_history.pricing import price_history_rows
from analytics.models import ChainTransaction
from tests.factories import (
    ETHER,
    GWEI,
    NOON,
    ChainTransactionFactory,
    ChainTransferFactory,
    DeploymentFactory,
    NativeCoinFactory,
    PricePointFactory,
    TokenFactory,
)
from wallets.models import Token

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def coin(db: None) -> Token:
    return NativeCoinFactory.create()


def sent(coin: Token, **fields: Any) -> ChainTransaction:
    return ChainTransactionFactory.create(network=coin.network, **fields)


def leg(row: ChainTransaction, token: Token, direction: str, amount: int, place: int = 0) -> None:
    ChainTransferFactory.create(
        token=token,
        wallet=row.wallet,
        hash=row.hash,
        direction=direction,
        amount=amount,
        place=place,
    )


def worth(coin: Token, dollars: int, **fields: Any) -> None:
    PricePointFactory.create(token=coin, amount=dollars, decimals=0, at=NOON, **fields)


def cents(row: ChainTransaction) -> tuple[int | None, int | None, int | None]:
    row.refresh_from_db()
    return row.volume_cents, row.bridged_cents, row.fee_cents


def test_a_swap_moved_what_it_gave_and_else_what_it_got(coin: Token) -> None:
    unknown = TokenFactory.create(network=coin.network, address="0x" + "77" * 20)
    given, got = sent(coin, fee=10**6 * GWEI), sent(coin, fee=None)
    leg(given, coin, "out", ETHER)
    leg(given, unknown, "in", 5)
    leg(got, unknown, "out", 5)
    leg(got, coin, "in", 2 * ETHER)
    assert price_history_rows() == 0
    assert cents(given) == (None, None, None)
    worth(coin, 2_000)
    assert price_history_rows() == 2
    assert cents(given) == (200_000, None, 200)
    assert cents(got) == (400_000, None, None)


def test_only_a_registered_bridge_bridges(coin: Token) -> None:
    worth(coin, 2_000)
    router, bridge = (
        DeploymentFactory.create(network=coin.network, role=role)
        for role in ("uniswap_v2_router", "l1_gateway_router")
    )
    rows = [sent(coin, recipient=one.address) for one in (router, bridge)]
    for row in rows:
        leg(row, coin, "out", ETHER)
    price_history_rows()
    assert [cents(row)[1] for row in rows] == [0, 200_000]


def test_what_failed_moved_nothing_and_a_file_does_not_tell(coin: Token) -> None:
    failed, silent = sent(coin, succeeded=False), sent(coin, source="explorer")
    price_history_rows()
    assert cents(failed)[:2] == (0, 0)
    assert cents(silent)[0] is None


def test_a_price_of_another_day_is_none(coin: Token) -> None:
    worth(coin, 2_000)
    row = sent(coin, block_at=NOON + timedelta(days=2))
    leg(row, coin, "out", ETHER)
    price_history_rows()
    assert cents(row) == (None, None, None)


def test_many_cost_no_more_questions_than_one(coin: Token, django_assert_num_queries: Any) -> None:
    worth(coin, 2_000)
    for _ in range(30):
        leg(sent(coin), coin, "out", ETHER)
    # Rows, transfers, coins, prices, contracts, the update, and no more rows.
    with django_assert_num_queries(7):
        assert price_history_rows() == 30
