"""What all is worth equals a book made by hand; what nobody knows is said."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from analytics.equity import record_point
from analytics.figures import Figures
from analytics.flows import external_flows
from analytics.models import EquityPoint, LedgerEntry
from protocols.models import PositionReading
from scheduling.gates.figures import share_of
from tests import factories
from tests.factories.values import ETHER, an_address
from wallets.models import (
    Balance,
    BalanceSnapshot,
    Network,
    NonceLane,
    Price,
    Receipt,
    Token,
    Wallet,
)
from wallets.price_history import moment_of

pytestmark = [pytest.mark.django_db, pytest.mark.db]
DOLLAR, USDC = 10**8, 10**6


@pytest.fixture
def network() -> Network:
    """With a coin at 2,000 dollars and USDC at one."""
    row = factories.NetworkFactory.create(kind="devnet")
    eth = factories.NativeCoinFactory.create(network=row)
    usdc = factories.TokenFactory.create(network=row, symbol="USDC", decimals=6)
    factories.PriceFactory.create(token=eth, amount=2_000 * DOLLAR)
    factories.PriceFactory.create(token=usdc, amount=DOLLAR)
    return row


@pytest.fixture
def wallet(network: Network) -> Wallet:
    """With 1.5 ETH and 100 USDC of its own."""
    row = factories.WalletFactory.create()
    read = factories.BalanceSnapshotFactory.create(network=network)
    for token, amount in ((coin(network), 3 * ETHER // 2), (usd(network), 100 * USDC)):
        factories.BalanceFactory.create(wallet=row, token=token, amount=amount, snapshot=read)
    return row


def coin(network: Network) -> Token:
    return Token.objects.get(network=network, address="")


def usd(network: Network) -> Token:
    return Token.objects.get(network=network, symbol="USDC")


def inside(wallet: Wallet, network: Network, slug: str, kind: str, amount: int) -> None:
    """USDC in a protocol."""
    protocol = factories.ProtocolFactory.create(slug=slug)
    now = timezone.now()
    reading, _ = PositionReading.objects.get_or_create(
        wallet=wallet,
        network=network,
        protocol=protocol,
        defaults={"look_at": now, "read_at": now, "whole": True},
    )
    token = usd(network).address
    factories.PositionRowFactory.create(reading=reading, kind=kind, token=token, amount=amount)


def mined(wallet: Wallet, network: Network, **fields: object) -> Receipt:
    """A receipt of the wallet's own."""
    found = NonceLane.objects.filter(wallet=wallet, network=network).first()
    lane = found or factories.NonceLaneFactory.create(wallet=wallet, network=network)
    row = factories.TransactionFactory.create(lane=lane, final=True)
    return factories.ReceiptFactory.create(attempt__transaction=row, **fields)


def test_all_is_worth_what_a_book_by_hand_says(wallet: Wallet, network: Network) -> None:
    inside(wallet, network, "aave", "supplied", 500 * USDC)
    inside(wallet, network, "aave", "borrowed", 200 * USDC)
    inside(wallet, network, "syncswap", "liquidity", 30 * USDC)
    point = record_point()
    # 1.5 × 2,000 + 100 + 500 − 200 + 30
    assert (point.cents, point.problem) == (343_000, "")
    assert point.parts["protocols"] == {"aave": 50_000, "syncswap": 3_000}
    assert point.parts["symbols"] == {"ETH": 300_000, "USDC": 43_000}
    assert point.parts["networks"] == {network.slug: 343_000}


def test_what_left_since_a_balance_was_read_is_not_counted_twice(
    wallet: Wallet, network: Network
) -> None:
    inside(wallet, network, "aave", "supplied", 40 * USDC)
    block = Balance.objects.all()[0].snapshot.block_number + 1
    receipt = mined(wallet, network, block_number=block)
    factories.LedgerEntryFactory.create(
        wallet=wallet, token=usd(network), kind="out", amount=40 * USDC, receipt=receipt
    )
    assert record_point().cents == 310_000


def no_price(network: Network) -> str:
    Price.objects.filter(token=coin(network)).update(stale_at=timezone.now())
    return f"the price of ETH on {network.slug} is unknown or stale"


def no_number(network: Network) -> str:
    Balance.objects.filter(token=coin(network)).update(amount=None)
    return f"a balance of ETH on {network.slug} is unknown: the chain gives no number"


def never_read(network: Network) -> str:
    Balance.objects.filter(token=coin(network)).delete()
    return f"the balance of ETH on {network.slug} was not read yet for every wallet"


def position_fails(network: Network) -> str:
    wallet = Wallet.objects.get()
    reading = factories.PositionReadingFactory.create(
        wallet=wallet, network=network, whole=False, problem="no answer"
    )
    return f"what {reading} is worth is unknown: no answer"


def balance_is_old(network: Network) -> str:
    at = timezone.now() - timedelta(hours=2)
    BalanceSnapshot.objects.update(taken_at=at)
    return f"balances on {network.slug} are from {at:%Y-%m-%d %H:%M} UTC"


@pytest.mark.parametrize(
    "unknown", [no_price, no_number, never_read, position_fails, balance_is_old]
)
def test_one_unknown_makes_all_unknown_and_is_named(
    wallet: Wallet, network: Network, unknown: object
) -> None:
    told = unknown(network)  # type: ignore[operator]
    point = record_point()
    assert (point.cents, point.problem) == (None, told)
    assert (point.loss_cents, point.loss_problem) == (None, told)


def test_dust_without_a_price_is_nothing(wallet: Wallet, network: Network) -> None:
    Price.objects.filter(token=usd(network)).delete()
    Token.objects.filter(pk=usd(network).pk).update(dust=100 * USDC)
    assert record_point().cents == 300_000


def noon_today() -> datetime:
    return timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)


def test_a_loss_is_what_is_less_than_in_the_morning_but_for_what_was_paid_outside(
    wallet: Wallet, network: Network
) -> None:
    now = timezone.now()
    morning = now.replace(hour=0, minute=0, second=0, microsecond=0)
    EquityPoint.objects.create(at=morning, cents=320_000, loss_cents=0)
    factories.PricePointFactory.create(token=usd(network), at=moment_of(morning))
    for account, counterparty in (("outside", an_address("a shop")), ("own", wallet.address)):
        factories.LedgerEntryFactory.create(
            wallet=wallet,
            token=usd(network),
            kind="out",
            amount=30 * USDC,
            account=account,
            counterparty=counterparty,
            occurred_at=now,
            receipt=mined(wallet, network, block_number=1),
        )
    for token in (coin(network), usd(network)):
        factories.CountedBalanceFactory.create(wallet=wallet, token=token, at=morning)
    # 3,200 in the morning, 30 paid to a shop, 3,100 now: 70 are lost.
    assert record_point(now).loss_cents == 7_000


def test_what_a_wallet_had_when_it_was_added_is_no_gain(wallet: Wallet, network: Network) -> None:
    first = record_point()
    later = first.at + timedelta(minutes=1)
    added = factories.WalletFactory.create()
    read = factories.BalanceSnapshotFactory.create(network=network, block_number=50)
    for token, amount in ((coin(network), 0), (usd(network), 70 * USDC)):
        factories.BalanceFactory.create(wallet=added, token=token, amount=amount, snapshot=read)
    factories.PricePointFactory.create(token=usd(network), at=moment_of(first.at))
    # Up to its block the wallet was not counted: 20 of it came from the other, of 30 the
    # books know, and of 20 nothing.
    moved = {"token": usd(network), "occurred_at": first.at + timedelta(seconds=9)}
    moved["receipt"] = mined(wallet, network, block_number=50)
    ours = [(added, "in", wallet), (wallet, "out", added)]
    for number, (owner, kind, other) in enumerate(ours, start=1):
        fields = {"account": "own", "counterparty": other.address, "ordinal": number}
        factories.LedgerEntryFactory.create(
            **moved, **fields, wallet=owner, kind=kind, amount=20 * USDC
        )
    moved["receipt"] = mined(added, network, block_number=49)
    factories.LedgerEntryFactory.create(**moved, wallet=added, amount=30 * USDC)
    Balance.objects.filter(wallet=wallet, token=usd(network)).update(amount=80 * USDC)
    point = record_point(later)
    assert (first.cents, point.cents) == (310_000, 315_000)
    assert external_flows(first.at, later).dollars == 50
    assert point.loss_cents == 0


def test_an_exchange_with_a_stranger_is_no_payment(wallet: Wallet, network: Network) -> None:
    receipt = factories.ReceiptFactory.create()
    for ordinal, kind in ((1, "out"), (2, "in")):
        factories.LedgerEntryFactory.create(
            wallet=wallet,
            token=usd(network),
            kind=kind,
            amount=USDC * ordinal,
            ordinal=ordinal,
            receipt=receipt,
            transaction=receipt.transaction,
            account="trade",
            counterparty=an_address("a pool"),
            occurred_at=noon_today(),
        )
    day = timedelta(days=1)
    assert external_flows(noon_today() - day, noon_today() + day).dollars == 0
    assert LedgerEntry.objects.count() == 2


def test_a_campaign_costs_its_fees_at_the_prices_of_their_time(network: Network) -> None:
    step = factories.StepFactory.create()
    campaign = factories.CampaignFactory.create(slug="scr")
    campaign.tasks.add(step.run.task)
    factories.LimitFactory.create(kind="max_budget", scope_kind="campaign", scope_value="scr")
    now = moment_of(timezone.now())
    for hours, dollars in ((1, 2_000), (2, 1_000)):
        at = now - timedelta(hours=hours)
        factories.PricePointFactory.create(token=coin(network), amount=dollars * DOLLAR, at=at)
        factories.LedgerEntryFactory.create(
            token=coin(network),
            kind="fee",
            ordinal=0,
            amount=ETHER // 1_000,
            occurred_at=at,
            receipt=factories.ReceiptFactory.create(),
            transaction=step.transaction,
        )
    record_point()
    (costs,) = Figures().costs([step.run.task_id]).values()
    assert costs["scr"].value == 300


def test_more_wallets_cost_no_more_questions(
    network: Network, django_assert_max_num_queries: object
) -> None:
    for _ in range(5):
        row = factories.WalletFactory.create()
        factories.BalanceFactory.create(wallet=row, token=coin(network))
        inside(row, network, "aave", "supplied", USDC)
    with django_assert_max_num_queries(30):  # type: ignore[operator]
        record_point()
    with django_assert_max_num_queries(1):  # type: ignore[operator]
        Figures().exposure()


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_a_share_is_never_told_too_low_and_by_less_than_a_basis_point(part: int, all_: int) -> None:
    share = share_of(part, all_)
    assert (share - 1) * all_ < part * 10_000 <= share * all_
