"""The rules parse, fire and stay silent as they should, and each alert has its page."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from airdrops_site.upkeep.calendar import Every
from airdrops_site.upkeep.works import BY_NAME
from tests.monitoring import kit


def run(*command: str, folder: Path = kit.FOLDER) -> str:
    """What the program said; it must have ended well."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_the_configuration_and_the_rules(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("the-token")
    text = (kit.FOLDER / "prometheus.yml").read_text()
    text = text.replace("rules/", f"{kit.FOLDER}/rules/")
    text = text.replace("targets/", f"{kit.FOLDER}/targets/")
    text = text.replace("secrets/metrics_token", str(token))
    (tmp_path / "prometheus.yml").write_text(text)
    said = run("promtool", "check", "config", "prometheus.yml", folder=tmp_path)
    assert said.count("rules found") == len(kit.RULES)


def test_every_rule_fires_and_stays_silent_as_its_tests_say() -> None:
    run("promtool", "test", "rules", *map(str, sorted((kit.FOLDER / "tests").glob("*.yml"))))


def test_every_alert_is_tested_both_ways() -> None:
    files = (kit.FOLDER / "tests").glob("*.yml")
    names = {test["name"] for path in files for test in kit.load(path)["tests"]}
    wanted = {f"{name} {what}" for name in kit.alerts() for what in ("fires", "stays silent")}
    assert names == wanted


def test_every_alert_says_how_bad_it_is_what_it_means_and_where_to_read_on() -> None:
    for name, rule in kit.alerts().items():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["labels"]["subject"]
        said = rule["annotations"]
        assert said["summary"]
        assert said["description"].endswith(".")
        assert said["runbook_url"] == f"docs/alerts/{name}.md"


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    assert {path.stem for path in kit.PAGES.glob("*.md")} == set(kit.alerts())


@pytest.mark.parametrize(
    ("severity", "receiver"), [("critical", "critical"), ("warning", "warning"), ("info", "info")]
)
def test_alerts_go_where_their_severity_sends_them(severity: str, receiver: str) -> None:
    said = run(
        *("amtool", "config", "routes", "test", "--config.file=alertmanager.yml"),
        f"severity={severity}",
    )
    assert said.split() == [receiver]


def test_alertmanager_takes_its_configuration() -> None:
    assert "3 receivers" in run("amtool", "check-config", "alertmanager.yml")


# Prometheus finds relative paths beside its configuration, Alertmanager does not.
@pytest.mark.parametrize(
    ("name", "folder"), [("prometheus", "secrets"), ("alertmanager", kit.SECRETS)]
)
def test_secrets_are_in_files_of_their_own(name: str, folder: str) -> None:
    text = (kit.FOLDER / f"{name}.yml").read_text()
    kept = re.findall(r"(\w*(?:key|token|password|credentials|api_url)\w*): (\S+)", text)
    assert kept
    for setting, value in kept:
        assert setting.endswith("_file"), setting
        assert str(Path(value).parent) == folder, setting


def test_rules_and_dashboards_ask_only_for_metrics_that_exist() -> None:
    assert kit.metrics_asked() <= set(kit.metrics_listed())


def test_a_verification_comes_before_the_alert_that_there_was_none() -> None:
    asked = re.search(r"> (\d+) \* 86400", kit.alerts()["BackupUnverified"]["expr"])
    assert asked
    assert BY_NAME["backup_verification"].every == Every.WEEK
    assert int(asked[1]) > 7


def test_what_rules_record_is_what_others_read() -> None:
    recorded = {rule["record"] for rule in kit.rules() if "record" in rule}
    asked = " ".join(text for _, text in (*kit.rule_expressions(), *kit.dashboard_expressions()))
    assert set(re.findall(r"\b\w+:\w+:\w+", asked)) == recorded


def test_every_question_of_the_dashboards_is_promql(tmp_path: Path) -> None:
    found = [
        {"record": f"dashboards:{number}", "expr": text}
        for number, (_, text) in enumerate(kit.dashboard_expressions())
    ]
    scratch = tmp_path / "scratch.yml"
    scratch.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": found}]}))
    assert f"{len(found)} rules found" in run("promtool", "check", "rules", str(scratch))
