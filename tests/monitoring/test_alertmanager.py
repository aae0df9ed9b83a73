"""A real Prometheus finds a bad day and a real Alertmanager tells those whom our routes name."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.monitoring import scenario
from tests.monitoring.alertmanager import Alertmanager, alertmanager
from tests.monitoring.server import prometheus, write_configuration
from tests.processes import eventually

_RISK = "airdrops_risk_level{instance='two'}"
_LIMIT = "airdrops_limit_used_ratio{limit='max_day_fees',scope='everything'}"
_DATABASE = "airdrops_database_up{instance='two'}"


@pytest.fixture
def day() -> scenario.Day:
    """A bad one, but the database answers: without it nothing else would be told."""
    return scenario.Day(otherwise={_DATABASE: 1})


@pytest.fixture
def told(tmp_path: Path, day: scenario.Day) -> Iterator[Alertmanager]:
    """An Alertmanager whom a Prometheus tells of the day."""
    with alertmanager(tmp_path) as running, scenario.told(day) as address:
        where = {"scenario": address, "alertmanager": running.address}
        write_configuration(tmp_path, targets=[], token="unused", **where)
        with prometheus(tmp_path):
            yield running


def test_alerts_reach_whom_they_should_and_so_does_their_end(
    told: Alertmanager, day: scenario.Day
) -> None:
    assert eventually(lambda: "RiskLevelCritical" in told.paged("trigger"))
    assert eventually(lambda: any("LimitNearlyUsed" in text for text in told.said()))
    assert eventually(lambda: any("EmergencyStopEngaged" in text for text in told.mails))
    assert eventually(lambda: any("RiskLevelCritical" in text for text in told.mails))
    assert "LimitNearlyUsed" not in told.paged("trigger")
    assert not any("RiskLevelCritical" in text for text in told.said())
    day.otherwise |= {_RISK: 0, _LIMIT: 0.1}
    assert eventually(lambda: "RiskLevelCritical" in told.paged("resolve"))
    assert eventually(lambda: any("Over: LimitNearlyUsed" in text for text in told.said()))
    _worse_silences_the_same_subject(told)


def _worse_silences_the_same_subject(told: Alertmanager) -> None:
    told.take({"alertname": "Worse", "severity": "critical", "subject": "probe", "network": "one"})
    assert eventually(lambda: "Worse" in told.paged("trigger"))
    warning = {"alertname": "Silenced", "severity": "warning", "subject": "probe", "network": "one"}
    other = warning | {"alertname": "Grouped", "network": "two"}
    told.take(warning, other | {"endpoint": "a"}, other | {"endpoint": "b"})
    assert eventually(lambda: any("Grouped" in text for text in told.said()))
    # Both endpoints of the one network are one message.
    assert len([text for text in told.said() if "Grouped" in text]) == 1
    told.take({"alertname": "AirdropsDown", "severity": "critical", "subject": "availability"})
    assert eventually(lambda: "AirdropsDown" in told.paged("trigger"))
    told.take(
        other | {"alertname": "Repeats"}, other | {"alertname": "Pages", "severity": "critical"}
    )
    assert eventually(lambda: "Pages" in told.paged("trigger"))
    assert not any("Silenced" in text or "Repeats" in text for text in told.said())
