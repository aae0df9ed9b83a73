"""Figures that make gates hold what runs do on the market, and how each is lifted."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from analytics.models import Campaign, EquityPoint
from scheduling.models import RiskReading, RiskResponse, Run
from tests.factories import (
    CampaignFactory,
    EquityPointFactory,
    PriceFactory,
    PricePointFactory,
    RiskReadingFactory,
    RiskResponseFactory,
)
from tests.scheduling.gates import limit
from wallets.models import Limit, Network, Price, PricePoint, Token
from wallets.price_history import moment_of

DOLLAR = 10**8
# Engages a gate, and says what the operator then reads.
Danger = Callable[[Run], str]


def prices(network: Network, *, eth: int = 2_000, usdc: int = 1) -> None:
    """What ETH and USDC are worth now, in dollars."""
    for symbol, dollars in (("ETH", eth), ("WETH", eth), ("USDC", usdc)):
        for token in Token.objects.filter(network=network, symbol=symbol):
            Price.objects.filter(token=token).delete()
            PriceFactory.create(token=token, amount=dollars * DOLLAR)


def prices_of_a_day(token: Token, *dollars: int) -> None:
    """So many prices, evenly over the last day, the newest now."""
    now = moment_of(timezone.now())
    for place, price in enumerate(reversed(dollars)):
        at = now - place * timedelta(hours=24) / max(len(dollars) - 1, 1)
        PricePointFactory.create(token=token, amount=price * DOLLAR, at=at)


def coin(network: Network) -> Token:
    """The network's own."""
    return Token.objects.get_or_create(network=network, address="", defaults={"symbol": "ETH"})[0]


def risk_is_high(_run: Run) -> str:
    """And nothing is to begin then."""
    RiskResponseFactory.create(level="high", action="pause")
    RiskReadingFactory.create(level="high", reasons=["things look bad"])
    return "the risk is high, so nothing begins: things look bad (`manage.py risk show`)"


def risk_is_not_known(_run: Run) -> str:
    """Though something is configured for it."""
    RiskResponseFactory.create(level="high", action="pause")
    return "the risk level was not worked out yet, and something is configured for it"


def too_much_was_lost(_run: Run) -> str:
    """More than the day's limit."""
    limit("max_day_loss", 5_000)
    EquityPointFactory.create(loss_cents=12_345)
    return (
        "123.45 USD were lost today (UTC), the limit “Loss a day (UTC), US cents for everything” "
        "is 50.00 USD; it goes on tomorrow, or with a higher limit"
    )


def loss_is_not_known(_run: Run) -> str:
    """A price is missing."""
    limit("max_day_loss", 5_000)
    EquityPointFactory.create(loss_cents=None, loss_problem="the price of X is unknown or stale")
    return "what was lost today is unknown: the price of X is unknown or stale"


def loss_is_old(_run: Run) -> str:
    """Ten minutes, where a limit relies on no more than five."""
    limit("max_day_loss", 5_000)
    limit("max_age", 300)
    EquityPointFactory.create(as_of=timezone.now() - timedelta(minutes=10))
    return "what was lost today is 60"


def costs_are_old(run: Run) -> str:
    """The same of what a campaign has cost."""
    CampaignFactory.create(slug="scr").tasks.add(run.task)
    limit("max_budget", 1_000, "campaign:scr")
    limit("max_age", 300)
    costs = {"scr": {"cents": 1, "problem": ""}}
    at = timezone.now() - timedelta(minutes=10)
    EquityPointFactory.create(parts={"campaigns": costs}, at=at)
    return "what the campaign scr has cost is 60"


def nothing_was_added_up(_run: Run) -> str:
    """No worker has."""
    limit("max_day_loss", 5_000)
    return (
        "what was lost today is unknown: nothing was added up yet; the workers do it "
        "(AIRDROPS_FIGURE_SECONDS)"
    )


def budget_is_used_up(run: Run) -> str:
    """The fees of the run's campaign were more."""
    CampaignFactory.create(slug="scr").tasks.add(run.task)
    limit("max_budget", 1_000, "campaign:scr")
    costs = {"scr": {"cents": 1_000, "problem": ""}}
    EquityPointFactory.create(parts={"campaigns": costs})
    return (
        "the campaign scr has cost 10.00 USD, the limit “Costs of a campaign, US cents for scr” "
        "is 10.00 USD; raise it, or let the campaign end"
    )


def costs_are_not_known(run: Run) -> str:
    """Nobody has added them up since there is a budget."""
    CampaignFactory.create(slug="scr").tasks.add(run.task)
    limit("max_budget", 1_000, "campaign:scr")
    EquityPointFactory.create()
    return "what the campaign scr has cost is unknown: its costs were not added up yet"


def too_much_of_an_asset(run: Run) -> str:
    """38 % are USDC; what 0.02 ETH buy, at the quote of the market, makes it more than 40 %."""
    prices(run.task.network)
    limit("max_asset_share", 4_000)
    EquityPointFactory.create(parts={"symbols": {"USDC": 38_000}})
    return "USDC would be "


def asset_has_no_price(_run: Run) -> str:
    """Neither what is bought nor what is given."""
    Price.objects.all().delete()
    limit("max_asset_share", 4_000)
    EquityPointFactory.create()
    return "what the native coin is worth is unknown: no token here"


def market_is_wild(run: Run) -> str:
    """ETH went from 2,000 to 1,500 and back."""
    limit("max_volatility", 2_000)
    prices_of_a_day(coin(run.task.network), *(1_900, 2_000, 1_500, 1_900), *(1_900,) * 10)
    prices_of_a_day(Token.objects.get(network=run.task.network, symbol="USDC"), *(1,) * 14)
    return (
        "the price of ETH on devnet-l2 swung by 33.34 % within a day, the limit “Swing of a price "
        "within a day, basis points for everything” is 20.00 %; it goes on once the market is "
        "calmer"
    )


def market_was_read_long_ago(run: Run) -> str:
    """It was calm until three hours ago; then the prices' source fell silent."""
    limit("max_volatility", 2_000)
    prices_of_a_day(coin(run.task.network), *(1_900,) * 25)
    prices_of_a_day(Token.objects.get(network=run.task.network, symbol="USDC"), *(1,) * 25)
    silent = timezone.now() - timedelta(hours=3)
    PricePoint.objects.filter(at__gt=silent).delete()
    return "the price of ETH on devnet-l2 is 1"


def market_is_not_known(run: Run) -> str:
    """Three prices say little of a day."""
    limit("max_volatility", 2_000)
    prices_of_a_day(coin(run.task.network), 2_000, 2_000, 2_000)
    return "how the price of ETH on devnet-l2 moved today is unknown: too few prices stored"


def lift() -> None:
    """Nothing is in the way any more."""
    for model in (RiskResponse, RiskReading, Limit, EquityPoint, PricePoint, Price, Campaign):
        model._default_manager.all().delete()
