"""`manage.py runs list` says of each run why it does not go on."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.airdrops_site.guides import run

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def a_run_held(reason: str) -> None:
    """It runs, and its transaction is held before its signature."""
    row = factories.TransactionFactory.create(state="held", hold_reason="stop", detail=reason)
    step = factories.StepFactory.create(transaction=row)
    step.run.state = "running"
    step.run.save()


def test_a_run_says_what_holds_its_transaction() -> None:
    a_run_held("emergency stop of everything: drill")
    (listed,) = json.loads(run("manage.py runs list --json")[1])
    assert (listed["state"], listed["detail"]) == ("running", "emergency stop of everything: drill")


def test_more_runs_cost_no_more_queries() -> None:
    counts = []
    for _ in range(2):
        a_run_held("a drill")
        with CaptureQueriesContext(connection) as asked:
            run("manage.py runs list --json")
        counts.append(len(asked))
    assert counts[0] == counts[1]
