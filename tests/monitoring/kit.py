"""What the files of deploy/monitoring say."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

FOLDER = Path(__file__).parents[2] / "deploy" / "monitoring"
SECRETS = "/etc/prometheus/secrets"
PAGES = FOLDER.parents[1] / "docs" / "alerts"
RULES = sorted((FOLDER / "rules").glob("*.yml"))
DASHBOARDS = sorted((FOLDER / "grafana" / "dashboards").glob("*.json"))

_METRIC = re.compile(r"\bairdrops_\w+")
# A recorded name has colons; its last word may look like a metric's.
_RECORDED = re.compile(r"\b\w*:[\w:]+")


class Expression(NamedTuple):
    """PromQL and who asks it."""

    owner: str
    text: str


def load(path: Path) -> Any:
    """The file as data."""
    return yaml.safe_load(path.read_text())


def rules() -> Iterator[dict[str, Any]]:
    """Every rule, recording and alerting."""
    for path in RULES:
        for group in load(path)["groups"]:
            yield from group["rules"]


def alerts() -> dict[str, dict[str, Any]]:
    """The alerting rules by name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every panel that shows something, with its dashboard's uid."""
    for path in DASHBOARDS:
        board = json.loads(path.read_text())
        yield from ((board["uid"], panel) for panel in board["panels"] if panel["type"] != "row")


def dashboard_expressions() -> list[Expression]:
    """What the dashboards ask."""
    return [
        Expression(f"{uid}: {panel['title']}", target["expr"])
        for uid, panel in panels()
        for target in panel["targets"]
    ]


def rule_expressions() -> list[Expression]:
    """What the rules ask."""
    return [Expression(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules()]


def metrics_asked() -> set[str]:
    """The names of our metrics in rules and dashboards, without those that rules record."""
    return {
        name
        for expression in (*rule_expressions(), *dashboard_expressions())
        for name in _METRIC.findall(_RECORDED.sub("", expression.text))
    }


def metrics_listed() -> dict[str, set[str]]:
    """The metrics that /metrics has, with the names of their labels."""
    found = {}
    for line in (FOLDER / "metrics.txt").read_text().split():
        name, _, labels = line.rstrip("}").partition("{")
        found[name] = set(filter(None, labels.split(",")))
    return found
