"""The guide to the risk, command by command; and what the command refuses."""

import json

import pytest
from django.core.management import CommandError
from django.test import Client
from django.urls import reverse

from scheduling.models import RiskResponse
from tests.airdrops_site.guides import commands, run
from tests.factories import EquityPointFactory, RiskReadingFactory

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_every_command_of_the_guide_works() -> None:
    EquityPointFactory.create()
    for line in commands("risk.md"):
        code, said = run(line)
        assert code == 0, (line, said)
    kept = dict(RiskResponse.objects.values_list("level", "action"))
    assert kept == {"high": "reduce", "critical": "stop"}


def test_the_level_is_shown_with_its_reasons() -> None:
    RiskReadingFactory.create(level="high", reasons=["a loss"], figures={"equity_cents": "1234"})
    assert "the risk is high" in run("manage.py risk show")[1]
    facts = json.loads(run("manage.py risk show --json")[1])
    assert (facts["level"], facts["reasons"], facts["equity_cents"]) == ("high", ["a loss"], "1234")
    assert facts["configured"] == "none"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("show", "the risk was not worked out yet"),
        ("set-response higher pause --reason x", "invalid choice: 'higher'"),
        ("set-response high panic --reason x", "invalid choice: 'panic'"),
        ("set-response high pause", "--reason"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(line: str, told: str) -> None:
    with pytest.raises(CommandError, match=told) as refused:
        run(f"manage.py risk {line}")
    assert refused.value.returncode == 2
    assert not RiskResponse.objects.exists()


def test_the_dashboard_says_the_level_and_why(admin_client: Client) -> None:
    RiskReadingFactory.create(level="critical", reasons=["a <loss>"])
    page = admin_client.get(reverse("admin:index")).content.decode()
    assert ">Critical<" in page
    assert "a &lt;loss&gt;" in page


def test_a_response_set_in_the_console_is_in_its_history(admin_client: Client) -> None:
    asked = {"level": "high", "action": "pause"}
    admin_client.post(reverse("admin:scheduling_riskresponse_add"), asked)
    row = RiskResponse.objects.get()
    address = reverse("admin:scheduling_riskresponse_change", args=[row.pk])
    assert "the console" in admin_client.get(address).content.decode()
