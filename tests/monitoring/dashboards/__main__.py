"""Writes the JSON of every dashboard."""

from tests.monitoring.dashboards import rendered

for path, text in rendered():
    path.write_text(text)
