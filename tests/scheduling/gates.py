"""Reasons for gates to hold what runs do on the market, and how each is lifted."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from scheduling.models import AllowedHours, Breaker
from tests.factories import AllowedHoursFactory, BreakerFactory, GasReadingFactory, ProtocolFactory
from wallets.gas import hour_of
from wallets.models import GasReading, Limit, Network

GWEI = 10**9
# Engages a gate, and says what the operator then reads.
Engage = Callable[[Network], str]


def limit(kind: str, amount: int, scope: str = "everything:") -> Limit:
    """A limit that is in force."""
    scope_kind, _, value = scope.partition(":")
    return Limit.objects.create(kind=kind, scope_kind=scope_kind, scope_value=value, amount=amount)


def gas_history(network: Network, *, now: int, hours: int = 30) -> None:
    """So many hours at one gwei, the newest at `now` gwei."""
    this = hour_of(timezone.now())
    for hour in range(hours):
        price = GWEI if hour else now * GWEI
        GasReadingFactory.create(network=network, hour=this - timedelta(hours=hour), price=price)


def breaker_is_open(_network: Network) -> str:
    """Three runs of the protocol have failed in a row."""
    BreakerFactory.create(protocol=ProtocolFactory.create(slug="evm"), reason="3 runs failed")
    return (
        "the circuit breaker of Generic EVM is open: 3 runs failed; nothing of it begins until a "
        "person lets it try again (manage.py breaker try evm)"
    )


def outside_the_hours(_network: Network) -> str:
    """The hours of the wallet begin in two hours."""
    begins = (timezone.now() + timedelta(hours=2)).replace(second=0, microsecond=0)
    ends = begins + timedelta(hours=1)
    row = AllowedHoursFactory.create(
        scope_value="trader",
        weekdays="mon,tue,wed,thu,fri,sat,sun",
        begins=begins.time(),
        ends=ends.time(),
        timezone="UTC",
    )
    return (
        f"outside the allowed hours of trader ({row}); they begin again at "
        f"{begins:%Y-%m-%d %H:%M} UTC"
    )


def too_much_slippage(_network: Network) -> str:
    """Less is allowed than swaps accept by default."""
    limit("max_slippage", 20, "protocol:evm")
    return "it accepts 0.5 % of slippage, the limit for evm is 0.2 %"


def gas_is_dear(network: Network) -> str:
    """Five times of what it cost in the week."""
    limit("max_gas_spike", 300)
    gas_history(network, now=5)
    return (
        "gas on Devnet L2 costs 5 gwei, more than 300 % of the usual 1 gwei; it waits until it is "
        "cheaper"
    )


def gas_is_not_known(_network: Network) -> str:
    """Nobody has read what it costs."""
    limit("max_gas_spike", 300)
    return "the gas price of Devnet L2 is not known"


def too_little_is_known_of_gas(network: Network) -> str:
    """Five hours of a week say little of what is usual."""
    limit("max_gas_spike", 300)
    gas_history(network, now=1, hours=5)
    return "what gas usually costs on Devnet L2 is known for 5 hours, 24 are needed"


def lift() -> None:
    """Nothing is in the way any more."""
    for model in (Breaker, AllowedHours, Limit, GasReading):
        model._default_manager.all().delete()
