"""What tasks are made of a rule that asks for several things, and of what cannot help any more."""

from pathlib import Path

import pytest
from pytest_django import Settings

from analytics.criteria.library import CriteriaError
from analytics.criteria.making_tasks import make_tasks
from analytics.criteria.recording import evaluate_campaign
from analytics.models import Campaign
from scheduling.models import Task
from tests import factories
from tests.analytics.criteria.reached import HEAD, a_task, evaluated, ground

pytestmark = [pytest.mark.django_db, pytest.mark.db]

COUNT = 'of = "transactions"\nmeasure = "count"\nnetworks = ["here"]'


def test_a_wallet_that_lacks_another_metric_gets_the_task_that_brings_just_that(
    tmp_path: Path, settings: Settings
) -> None:
    here, _, campaign = ground()
    there = factories.NetworkFactory.create(chain_id=31338, slug="there", name="There")
    a_task(here, "evm", "wrap", campaign, params={"amount": "1"})
    a_task(there, "evm", "wrap", campaign, name="there", params={"amount": "1"})
    neither, here_only = factories.WalletFactory.create(), factories.WalletFactory.create()
    factories.ChainTransactionFactory.create(network=here, wallet=here_only)
    made = made_of(
        "there = 31338\n[metrics.one]\n" + COUNT + "\n[metrics.two]\n"
        'of = "transactions"\nnetworks = ["there"]\n',
        campaign,
        tmp_path,
        settings,
    )
    wallets = {task.network.slug: set(task.wallets.all()) for task in made}
    assert wallets == {"here": {neither}, "there": {here_only}}


def test_weeks_are_not_made_up_by_the_runs_of_an_hour_that_another_metric_asks_for(
    tmp_path: Path, settings: Settings
) -> None:
    here, _, campaign = ground()
    a_task(here, "evm", "wrap", campaign, params={"amount": "1"})
    neither, counted = factories.WalletFactory.create(), factories.WalletFactory.create()
    factories.ChainTransactionFactory.create(
        network=here, wallet=counted, block_at="2020-01-01T00:00:00Z"
    )
    made = made_of(
        f"[metrics.one]\n{COUNT}\n[metrics.two]\n{COUNT.replace('count', 'weeks')}\n"
        "since = 2026-01-01T00:00:00Z\n",
        campaign,
        tmp_path,
        settings,
    )
    wallets = {task.schedule: set(task.wallets.all()) for task in made}
    assert wallets == {"interval": {neither}, "cron": {counted}}


def made_of(metrics: str, campaign: Campaign, folder: Path, settings: Settings) -> list[Task]:
    """Of a rule that asks for one of `one` and one of `two`."""
    (folder / "reached.toml").write_text(
        f'{HEAD}{metrics}[[rules]]\nname = "r"\ntext = "r"\nwhen = "one >= 1 and two >= 1"\n'
        '[totals]\npoints = "given(\\"points\\")"\n'
    )
    settings.CRITERIA_DIR = folder
    campaign.criteria = "reached"
    campaign.save()
    evaluate_campaign(campaign=campaign, actor="ann", assume_complete=True)
    return make_tasks(campaign=campaign, rule="r")


def test_nothing_is_made_of_what_counted_until_a_moment_of_the_past(
    tmp_path: Path, settings: Settings
) -> None:
    here, _, campaign = ground()
    wrap = a_task(here, "evm", "wrap", campaign, params={"amount": "1"})
    factories.WalletFactory.create()
    evaluated(campaign, tmp_path, settings, f"{COUNT}\nuntil = 2026-01-01T00:00:00Z", "3")
    with pytest.raises(CriteriaError, match="no wallet lacks"):
        make_tasks(campaign=campaign, rule="r", template=wrap)


def test_nothing_is_made_to_reach_a_rule_that_disqualifies(
    tmp_path: Path, settings: Settings
) -> None:
    here, _, campaign = ground()
    wrap = a_task(here, "evm", "wrap", campaign, params={"amount": "1"})
    factories.WalletFactory.create()
    evaluated(campaign, tmp_path, settings, COUNT, '3"\nkind = "disqualification')
    with pytest.raises(CriteriaError, match="no wallet lacks"):
        make_tasks(campaign=campaign, rule="r", template=wrap)
