"""What a page of /metrics has of ours."""

import re

_SAMPLE = re.compile(r"^(airdrops_\w+)(?:\{(.*)\})? ", re.MULTILINE)
_TYPE = re.compile(r"^# TYPE (airdrops_\w+) (\w+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)=~?"')
_PARTS = {"histogram": ("_bucket", "_count", "_sum")}


def shown(page: str) -> dict[str, set[str]]:
    """The labels of each metric that has a sample on the page."""
    return {name: set(LABEL.findall(labels)) for name, labels in _SAMPLE.findall(page)}


def told_of(page: str) -> set[str]:
    """Every metric of ours that the page has, also those without a sample."""
    found = _TYPE.findall(page)
    return {name + part for name, kind in found for part in _PARTS.get(kind, ("",))}
