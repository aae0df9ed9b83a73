"""The committed dashboards are what the code writes, and show what they say."""

import json
from pathlib import Path

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.monitoring import kit
from tests.monitoring.dashboards import rendered


def test_the_committed_files_are_what_the_code_writes() -> None:
    written = dict(rendered())
    assert sorted(written) == kit.DASHBOARDS
    for path, text in written.items():
        assert path.read_text() == text, "run python -m tests.monitoring.dashboards"


@pytest.mark.parametrize("path", kit.DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_is_one_that_grafanas_models_read(path: Path) -> None:
    text = path.read_text()
    read = Dashboard.from_json(json.loads(text))
    assert json.loads(json.dumps(read, cls=JSONEncoder)) == json.loads(text)


def test_the_runbooks_addresses_lead_to_dashboards() -> None:
    uids = {path.stem for path in kit.DASHBOARDS}
    assert {"system-overview", "capital-allocation", "risk-management"} <= uids
    assert all(json.loads(path.read_text())["uid"] == path.stem for path in kit.DASHBOARDS)


def test_every_panel_has_a_unit_a_description_and_a_source_that_can_be_chosen() -> None:
    for _, panel in kit.panels():
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["targets"]
        names = [target["refId"] for target in panel["targets"]]
        assert all(names)
        assert len(set(names)) == len(names)
        for part in (panel, *panel["targets"]):
            assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_every_dashboard_lets_its_source_be_chosen() -> None:
    for path in kit.DASHBOARDS:
        variables = json.loads(path.read_text())["templating"]["list"]
        assert [(row["name"], row["type"]) for row in variables] == [("datasource", "datasource")]


def test_every_panel_has_a_number_and_lies_beside_the_others() -> None:
    for path in kit.DASHBOARDS:
        found = json.loads(path.read_text())["panels"]
        assert [panel["id"] for panel in found] == list(range(1, len(found) + 1))
        taken: set[tuple[int, int]] = set()
        for at in (panel["gridPos"] for panel in found):
            cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
            assert not cells & taken, path.name
            assert at["x"] + at["w"] <= 24, path.name
            taken |= cells
