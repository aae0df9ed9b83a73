"""The guide to runs that wait, command by command; and what the commands refuse."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from scheduling.models import Run, Step
from tests.airdrops_site.guides import commands, execute, run
from tests.chains import Chain
from tests.factories import RunFactory
from tests.market import Market
from tests.protocols.operators import ETHER
from tests.scheduling.ferry import cross, rounds
from tests.scheduling.plans import new_wallet
from wallets.models import Network, Transition

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def late(
    ferry: None,
    registered: Network,
    market: Market,
    network: Network,
    chain: Chain,
    keystores: Path,
) -> Run:
    """A run whose wait took too long."""
    trader, other = (new_wallet(label, market, ETHER) for label in ("trader", "other"))
    found = cross(registered, trader, other)
    rounds(registered, market, network, chain, 4)
    Step.objects.filter(state="waiting").update(overdue_at=timezone.now())
    rounds(registered, market, network, chain, 2)
    return found


def ended_late(late: Run, line: str) -> None:
    """Giving up is for a run that needs a person once more."""
    if " give-up " in line:
        Run.objects.filter(pk=late.pk).update(state="needs_operator", wake_at=None)


def test_every_command_of_the_guide_works(late: Run) -> None:
    for line in commands("waiting.md"):
        ended_late(late, line)
        code, said = execute(line, {"RUN": str(late.pk)}, Path("/dev/null"))
        assert code == 0, (line, said)
    late.refresh_from_db()
    assert late.state == "cancelled"
    reasons = Transition.objects.filter(subject="run", subject_id=late.pk)
    assert {"the bridge works again", "relayed by hand"} <= set(
        reasons.values_list("reason", flat=True)
    )


def test_what_it_waits_for_and_why_it_stopped_is_shown(late: Run) -> None:
    facts = json.loads(run(f"manage.py runs show {late.pk} --json")[1])
    assert facts["state"] == "needs_operator"
    assert facts["detail"].startswith("landing is not over after")
    landing = facts["steps"][1]
    assert (landing["kind"], landing["state"], landing["looks_next"]) == ("wait", "waiting", None)
    (listed,) = json.loads(run("manage.py runs list --waiting --json")[1])
    assert listed["run"] == late.pk


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("show 999", "there is no run 999; `runs list` shows them"),
        ("restart 999 --reason x", "there is no run 999"),
        ("list --wallet nobody", "nobody"),
    ],
)
def test_what_is_not_there_is_refused_in_a_sentence(db: None, line: str, told: str) -> None:
    with pytest.raises(CommandError, match=told) as refused:
        run(f"manage.py runs {line}")
    assert refused.value.returncode == 2


def test_only_a_run_that_needs_an_operator_is_restarted(db: None) -> None:
    row = RunFactory.create(state="running")
    with pytest.raises(CommandError, match=f"run {row.pk} is running, it does not need"):
        run(f'manage.py runs restart {row.pk} --reason "why not"')


def test_the_console_offers_both_where_a_person_is_needed(admin_client: Client, late: Run) -> None:
    page = admin_client.get(reverse("admin:scheduling_run_change", args=[late.pk]))
    assert ">Restart<" in page.content.decode()
    asked = reverse("admin:scheduling_run_ask", args=["restart"])
    admin_client.post(f"{asked}?id={late.pk}", {"reason": "seen the other side"})
    late.refresh_from_db()
    assert late.state == "running"
