"""The guide to upkeep, command by command."""

import pytest
from django.test import Client

from airdrops_site.upkeep.works import BY_NAME
from tests import factories
from tests.airdrops_site.guides import commands, run

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_every_command_of_the_guide_works() -> None:
    said = {line: run(line) for line in commands("upkeep.md")}
    assert {code for code, _ in said.values()} == {0}
    assert all(kind in said["manage.py upkeep calendar"][1] for kind in BY_NAME)
    assert "rows would go" in said["manage.py cleanup --dry-run"][1]


def test_a_request_has_the_id_of_the_proxy_or_a_new_one(client: Client) -> None:
    factories.NetworkFactory.create()
    given = client.get("/health/live", headers={"X-Request-ID": "proxy-4711-abc"})
    made = client.get("/health/live", headers={"X-Request-ID": "two\nlines"})
    assert given.headers["X-Request-ID"] == "proxy-4711-abc"
    assert len(made.headers["X-Request-ID"]) == 32
