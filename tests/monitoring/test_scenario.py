"""A real Prometheus reads a running system of ours and a bad day: every question has an answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from airdrops_site.devnet.ports import free_port
from tests.monitoring import kit, scenario
from tests.monitoring.server import Prometheus, prometheus, remember, write_configuration
from tests.processes import eventually, serve

# With everything else telling of itself nothing is absent; promtool tests that one alone.
_NEEDS_SILENCE = {"MetricsAbsent"}
_TOKEN = "a-token-for-the-scenario"


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Prometheus]:
    """A Prometheus that reads our web with its token, a target that is not there, and the day."""
    day = scenario.Day()
    remember(tmp_path, day.history())
    with serve(tmp_path / "web.log", METRICS_TOKEN=_TOKEN) as web, scenario.told(day) as told:
        targets = [web.removeprefix("http://"), f"127.0.0.1:{free_port()}"]
        write_configuration(tmp_path, scenario=told, targets=targets, token=_TOKEN)
        with prometheus(tmp_path) as running:
            yield running


def _unmet(running: Prometheus) -> set[str]:
    """The rules that are not evaluated, or whose condition does not hold, with the reason."""
    return {
        f"{name}: {rule.get('lastError', '')}"
        for name, rule in running.rules().items()
        if rule["health"] != "ok" or rule.get("state") == "inactive"
        if name not in _NEEDS_SILENCE
    }


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_every_rule_and_every_panel_has_data(watching: Prometheus) -> None:
    assert eventually(lambda: not _unmet(watching)), _unmet(watching)
    assert len(watching.rules()) == len(kit.rule_expressions())
    assert eventually(lambda: len(watching.ask('up{job="airdrops"} == 1')) == 1)
    assert watching.ask('django_http_requests_total_by_method_total{job="airdrops"}')
    silent = {name for name, text in kit.dashboard_expressions() if not watching.ask(text)}
    silent |= {
        rule["record"]
        for rule in kit.rules()
        if "record" in rule and not watching.ask(rule["record"])
    }
    assert not silent
    said = [
        text for row in watching.get("alerts")["alerts"] for text in row["annotations"].values()
    ]
    assert said
    assert not [text for text in said if "error expanding" in text or "{{" in text]
