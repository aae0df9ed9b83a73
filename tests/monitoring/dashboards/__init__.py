"""The Grafana dashboards of deploy/monitoring, as code.

`python -m tests.monitoring.dashboards` writes their JSON anew.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from tests.monitoring.dashboards import airdrops, capital, overview, risk, rpc, scheduler

FOLDER = Path(__file__).parents[3] / "deploy" / "monitoring" / "grafana" / "dashboards"


def rendered() -> Iterator[tuple[Path, str]]:
    """The file of each dashboard, and what should be in it."""
    for module in (overview, capital, risk, scheduler, rpc, airdrops):
        built = module.dashboard().build()
        for number, panel in enumerate(built.panels or [], 1):
            panel.id_val = number
        text = json.dumps(built, cls=JSONEncoder, indent=2, sort_keys=True)
        yield FOLDER / f"{built.uid}.json", text + "\n"
