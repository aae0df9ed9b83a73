"""What was made for a rule is not made a second time while it is to come, or not counted yet."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from analytics.criteria.library import CriteriaError
from analytics.criteria.making_tasks import make_tasks
from analytics.criteria.recording import evaluate_campaign
from analytics.models import Campaign
from scheduling.dispatch import dispatch_due
from scheduling.models import Run, Task
from scheduling.services import save_task
from scheduling.states import RunState
from tests import factories
from tests.analytics.criteria.reached import a_task, evaluated, ground
from tests.processes import PATIENCE

pytestmark = [pytest.mark.django_db, pytest.mark.db]

COUNT = 'of = "transactions"\nmeasure = "count"\nnetworks = ["here"]'


@pytest.fixture
def campaign(tmp_path: Path, settings: Settings) -> Campaign:
    """Two transactions are missing to its one wallet."""
    here, _, campaign = ground()
    a_task(here, "evm", "wrap", campaign, params={"amount": "1"})
    factories.WalletFactory.create()
    evaluated(campaign, tmp_path, settings, COUNT, "2")
    return campaign


def made_and_enabled(campaign: Campaign) -> Task:
    (made,) = make_tasks(campaign=campaign, rule="r")
    made.enabled, made.starts_at = True, timezone.now() - timedelta(hours=2)
    save_task(task=made, person=None)
    return made


def looked_again(campaign: Campaign) -> None:
    evaluate_campaign(campaign=campaign, actor="ann", assume_complete=True)


@pytest.mark.parametrize("is_enabled", [True, False])
def test_nothing_is_made_beside_what_is_to_come(campaign: Campaign, is_enabled: bool) -> None:
    made = made_and_enabled(campaign)
    Task.objects.filter(pk=made.pk).update(enabled=is_enabled)
    looked_again(campaign)
    with pytest.raises(CriteriaError, match="was made for this already and is not done"):
        make_tasks(campaign=campaign, rule="r")


def test_nothing_is_made_beside_a_run_that_is_not_over(campaign: Campaign) -> None:
    made_and_enabled(campaign)
    dispatch_due()
    Task.objects.update(enabled=False)
    looked_again(campaign)
    with pytest.raises(CriteriaError, match="was made for this already and is not done"):
        make_tasks(campaign=campaign, rule="r")


def test_what_has_run_is_counted_before_more_of_it_is_made(campaign: Campaign) -> None:
    made = made_and_enabled(campaign)
    dispatch_due()
    Run.objects.update(state=RunState.SUCCEEDED, state_changed_at=timezone.now())
    with pytest.raises(CriteriaError, match="have ended since the evaluation"):
        make_tasks(campaign=campaign, rule="r")
    looked_again(campaign)
    (again,) = make_tasks(campaign=campaign, rule="r")
    assert again.name == f"{made.name} (2)"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_who_press_the_button_at_once_make_one_lot(campaign: Campaign) -> None:
    together = Barrier(2)

    def press() -> int:
        together.wait(PATIENCE)
        try:
            return len(make_tasks(campaign=campaign, rule="r"))
        except CriteriaError:
            return 0
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as executor:
        pressed = [executor.submit(press) for _ in range(2)]
        assert sorted(one.result(PATIENCE) for one in pressed) == [0, 1]
    assert Task.objects.filter(name__startswith="season: r, wanted: ").count() == 1
