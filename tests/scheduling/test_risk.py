"""The risk level: what raises it, when it is written down, and what is done about it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from scheduling import risk
from scheduling.gates import figures
from scheduling.gates.registry import Subject
from scheduling.gates.risk_level import RiskGate
from scheduling.models import RiskReading, RiskResponse
from scheduling.risk import assess_risk, set_response
from tests import factories
from wallets.models import EmergencyStop, Limit, Transition
from wallets.services import engage_stop, lift_stop
from wallets.transactions.limits import Limits

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture(autouse=True)
def _known() -> None:
    """A thousand dollars, none of them lost."""
    factories.EquityPointFactory.create()


def respond(level: str, action: str) -> None:
    set_response(level=level, action=action, actor="the test", reason="because")


def a_stop() -> None:
    engage_stop(reason="x", actor="the test", scope_kind="network", scope_value="base")


def a_stop_of_everything() -> None:
    engage_stop(reason="x", actor="the test")


def a_breaker() -> None:
    factories.BreakerFactory.create()


def a_loss_of(cents: int) -> Callable[[], None]:
    def engage() -> None:
        Limit.objects.create(kind="max_day_loss", scope_kind="everything", amount=10_000)
        factories.EquityPointFactory.create(loss_cents=cents)

    return engage


def a_share_of(bps: int) -> Callable[[], None]:
    def engage() -> None:
        Limit.objects.create(kind="max_protocol_share", scope_kind="everything", amount=5_000)
        parts = {"protocols": {"aave": bps * 10}}
        factories.EquityPointFactory.create(parts=parts)

    return engage


def a_health_of(factor: int) -> Callable[[], None]:
    def engage() -> None:
        factories.PositionReadingFactory.create(health_factor=factor)

    return engage


def failed_runs() -> None:
    factories.RunFactory.create_batch(5, state="failed")
    factories.RunFactory.create_batch(5, state="succeeded")


def unknown_equity() -> None:
    factories.EquityPointFactory.create(cents=None, problem="x", loss_cents=None, loss_problem="x")


@pytest.mark.parametrize(
    ("engage", "level"),
    [
        (lambda: None, "low"),
        (a_stop, "high"),
        (a_stop_of_everything, "critical"),
        (a_breaker, "high"),
        (a_loss_of(4_999), "low"),
        (a_loss_of(5_000), "medium"),
        (a_loss_of(7_500), "high"),
        (a_loss_of(10_000), "critical"),
        (a_share_of(4_500), "medium"),
        (a_share_of(5_001), "high"),
        (a_health_of(13_750), "low"),
        (a_health_of(13_749), "medium"),
        (a_health_of(12_099), "high"),
        (a_health_of(10_999), "critical"),
        (failed_runs, "high"),
        (unknown_equity, "medium"),
    ],
)
def test_each_cause_raises_the_level_alone(engage: Callable[[], None], level: str) -> None:
    engage()
    reading = assess_risk()
    assert (reading.level, bool(reading.reasons)) == (level, level != "low")


def test_without_figures_the_risk_is_not_low() -> None:
    figures.provide(None)
    try:
        assert assess_risk().level == "medium"
    finally:
        from analytics.figures import Figures

        figures.provide(Figures())


def test_what_says_nothing_new_is_written_down_every_quarter_of_an_hour() -> None:
    now = timezone.now()
    for minutes in (0, 5, 14, 15, 29):
        assess_risk(now + timedelta(minutes=minutes))
    assert RiskReading.objects.count() == 2
    a_stop()
    assess_risk(now + timedelta(minutes=30))
    assert RiskReading.objects.count() == 3


def test_a_rise_stops_once_and_only_a_person_lifts_it() -> None:
    respond("critical", "stop")
    a_loss_of(10_000)()
    assess_risk()
    stop = EmergencyStop.objects.get(scope_kind="everything")
    assert (stop.engaged, stop.mode) == (True, "all_but_cancels")
    assert stop.reason.startswith("risk level critical: 100.00 USD were lost today")
    Limit.objects.all().delete()
    assess_risk()
    assert EmergencyStop.objects.get(scope_kind="everything").engaged
    a_loss_of(10_000)()
    lift_stop(reason="seen to", actor="a person")
    assess_risk()
    assert not EmergencyStop.objects.get(scope_kind="everything").engaged


def test_a_stricter_stop_stays_as_it_is() -> None:
    respond("critical", "stop")
    a_stop_of_everything()
    assess_risk()
    stop = EmergencyStop.objects.get(scope_kind="everything")
    assert (stop.mode, stop.actor) == ("everything", "the test")


def gate(action: str, protocol: str = "aave") -> str:
    row = factories.TransactionFactory.build(protocol=protocol, action=action)
    (said,) = RiskGate().check([Subject(row, None, Limits(()))])
    return said


def test_reduce_lets_only_what_reduces_begin() -> None:
    respond("high", "reduce")
    factories.RiskReadingFactory.create(level="critical", reasons=["a loss"])
    assert gate("supply") == (
        "the risk is critical, so only what reduces positions begins: a loss "
        "(`manage.py risk show`)"
    )
    assert gate("withdraw") == gate("repay") == ""
    respond("critical", "pause")
    assert gate("withdraw").startswith("the risk is critical, so nothing begins")


@pytest.mark.parametrize("action", ["drain", "drain-token"])
def test_a_transfer_that_is_called_a_drain_reduces_nothing(action: str) -> None:
    """To a listed safe address it passes all gates; to others it is a transfer."""
    respond("high", "reduce")
    factories.RiskReadingFactory.create(level="critical")
    assert "only what reduces positions begins" in gate(action, "evm")


def test_a_level_that_nobody_works_out_any_more_holds() -> None:
    respond("high", "reduce")
    at = timezone.now() - risk.OLDEST - timedelta(seconds=1)
    factories.RiskReadingFactory.create(at=at)
    assert gate("withdraw").startswith("the risk level was not worked out since")


def test_without_a_response_the_gate_asks_one_question(django_assert_num_queries: object) -> None:
    factories.RiskReadingFactory.create(level="critical")
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert gate("supply") == ""


def test_a_response_is_in_the_history_with_who_said_so() -> None:
    respond("high", "pause")
    line = Transition.objects.get(subject="risk_response")
    assert (line.from_state, line.to_state, line.actor) == ("none", "pause", "the test")
    assert RiskResponse.objects.get().action == "pause"
