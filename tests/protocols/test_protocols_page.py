"""The page of protocols says of every action what it was tested against."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from protocols.actions import Adapter
from protocols.registry import OWN

KINDS = {"artifact", "source", "stand-in", "anvil itself"}


def rows() -> list[list[str]]:
    """The cells of the page's table."""
    text = Path(settings.BASE_DIR, "docs", "protocols.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def told() -> set[tuple[str, str]]:
    """Every protocol and action the table has."""
    named = [(row[0].strip("`"), re.findall(r"`([a-z0-9-]+)`", row[1])) for row in rows()]
    return {(protocol, action) for protocol, actions in named for action in actions}


@pytest.mark.parametrize("adapter", OWN, ids=lambda one: one.slug)
def test_every_action_is_in_the_table(adapter: Adapter) -> None:
    assert {(adapter.slug, action) for action in adapter.actions} <= told()


def test_no_row_is_of_an_action_that_is_not_there() -> None:
    assert told() <= {(one.slug, action) for one in OWN for action in one.actions}


def test_each_row_is_of_one_of_the_kinds() -> None:
    assert {row[3] for row in rows()} <= KINDS
