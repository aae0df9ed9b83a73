"""What a campaign brought: received, sold first in first out, worth then and now, unknown told."""

from decimal import Decimal

import pytest

from analytics.campaigns import Summary, summary
from analytics.models import Campaign
from tests.analytics.campaigns.rows import A, moved, priced, token_of
from tests.factories import (
    CampaignFactory,
    ClaimFactory,
    EligibilityFactory,
    WalletFactory,
    an_address,
)
from wallets.models import Token, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]
UNIT = 10**6


@pytest.fixture
def drop(db: None) -> Campaign:
    return CampaignFactory.create(expected_cents=12_345)


@pytest.fixture
def token(drop: Campaign) -> Token:
    return token_of(drop)


@pytest.fixture
def wallet(db: None) -> Wallet:
    return WalletFactory.create(label="first")


def brought(drop: Campaign, wallet: Wallet, amount: int, hour: int) -> None:
    moved(wallet, drop.token, "in", amount * UNIT, hour, campaign=drop, account=A.AIRDROP)


def one(found: Summary, label: str = "first") -> tuple[int, int]:
    line = next(line for line in found.lines if line.wallet.label == label)
    return line.amounts[0].received // UNIT, line.amounts[0].sold // UNIT


def test_what_was_bought_before_is_sold_first(drop: Campaign, token: Token, wallet: Wallet) -> None:
    moved(wallet, token, "in", 4 * UNIT, 0, account=A.TRADE)
    brought(drop, wallet, 10, 1)
    moved(wallet, token, "out", 5 * UNIT, 2, account=A.TRADE)
    priced(token, 2, 1)
    priced(token, 3, 2)
    found = summary(campaign=drop)
    assert one(found) == (10, 1)
    worths = found.received_worth.dollars, found.sold_worth.dollars, found.expected.dollars
    assert worths == (Decimal(20), Decimal(3), Decimal("123.45"))


def test_what_a_sweep_collected_and_sold_counts_for_who_got_it(
    drop: Campaign, token: Token, wallet: Wallet
) -> None:
    treasury = WalletFactory.create(label="treasury")
    brought(drop, wallet, 10, 1)
    there = {"account": A.OWN, "counterparty": treasury.address}
    moved(wallet, token, "out", 10 * UNIT, 2, **there)
    moved(treasury, token, "in", 10 * UNIT, 2, account=A.OWN, counterparty=wallet.address)
    assert one(summary(campaign=drop)) == (10, 0)
    moved(treasury, token, "out", 6 * UNIT, 3, account=A.OUTSIDE)
    assert one(summary(campaign=drop)) == (10, 6)


def test_what_was_lent_and_came_back_is_not_sold_and_still_the_campaigns(
    drop: Campaign, token: Token, wallet: Wallet
) -> None:
    brought(drop, wallet, 10, 1)
    for kind, hour in (("out", 2), ("in", 3)):
        moved(wallet, token, kind, 10 * UNIT, hour, account=A.PROTOCOL)
    assert one(summary(campaign=drop)) == (10, 0)
    moved(wallet, token, "out", 10 * UNIT, 4, account=A.TRADE)
    assert one(summary(campaign=drop)) == (10, 10)


def test_a_missing_or_stale_price_makes_a_worth_unknown(
    drop: Campaign, token: Token, wallet: Wallet
) -> None:
    brought(drop, wallet, 10, 30)
    priced(token, 2, 1)  # 29 hours before
    found = summary(campaign=drop)
    assert found.received_worth.dollars is None
    assert "was not stored" in found.received_worth.problem
    assert found.left_worth.problem == f"the price of {token} is not known now"
    assert found.sold_worth.dollars == 0


def test_each_wallet_shows_what_it_was_promised_and_what_is_open(
    drop: Campaign, wallet: Wallet
) -> None:
    EligibilityFactory.create(campaign=drop, wallet=wallet, amount=9)
    ClaimFactory.create(campaign=drop, wallet=wallet, amount=5)
    done = {"status": "claimed", "reason": "seen", "contract": an_address("a second")}
    ClaimFactory.create(campaign=drop, wallet=wallet, amount=4, **done)
    found = summary(campaign=drop)
    (line,) = found.lines
    assert (line.eligibility, line.claim) == ("eligible", "claimable")
    assert (found.entitled, found.claimable, found.claimed) == (9, 5, 4)
    assert found.cost.dollars == 0


def test_the_questions_do_not_grow_with_the_wallets(
    drop: Campaign, token: Token, django_assert_max_num_queries: pytest.Function
) -> None:
    for n in range(20):
        owner = WalletFactory.create()
        brought(drop, owner, 10, n)
        moved(owner, token, "out", 5 * UNIT, n + 20, account=A.TRADE)
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        assert len(summary(campaign=drop).lines) == 20
