"""The guide to the alerts, command by command; and what the command and the pages do."""

import json

import pytest
from django.core.management import CommandError
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from analytics.alerts.evaluating import evaluate
from analytics.models import Alert, AlertRule, Notification, Silence
from tests import factories
from tests.airdrops_site.guides import commands, run
from tests.analytics.alerts.receivers import Receiver
from wallets.models import Network, Transition
from wallets.services import engage_stop

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def on_this_database(line: str) -> str:
    """The guide counts rows from 1."""
    alert, silence = Alert.objects.order_by("pk").first(), Silence.objects.order_by("pk").first()
    for verb, row in (("show", alert), ("ack", alert), ("silence", alert), ("unsilence", silence)):
        if row is not None:
            line = line.replace(f"alerts {verb} 1", f"alerts {verb} {row.pk}")
    return line


def test_every_command_of_the_guide_works(settings: Settings) -> None:
    Network.objects.update(enabled=False)
    engage_stop(reason="a drill", actor="ada")
    with Receiver.start() as receiver:
        url = f"ops=hook://127.0.0.1:{receiver.port}/?secret=a-secret-of-the-tests"
        settings.ALERT_CHANNELS = lambda: url
        evaluate()
        for line in commands("alerting.md"):
            code, said = run(on_this_database(line))
            assert code == 0, (line, said)
            assert "secret" not in said
    assert len(receiver.bodies) == 2
    kept = dict(AlertRule.objects.values_list("name", "enabled"))
    assert kept == {"gas_spike": True, "needs_operator": True, "report_ready": False}
    assert Transition.objects.filter(subject="alert_rule").count() == 4


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("show 999999", "there is no alert 999999"),
        ("ack one", "'one' is not"),
        ("silence --for 2h --reason x", "say what to be silent of"),
        ("silence --rule gas --for 2h --reason x", "there is no rule gas"),
        ("silence --rule gas_spike --for 2y --reason x", "no time like 30m"),
        ("silence --rule gas_spike --for 400d --reason x", "within a year"),
        ("silence 1 --rule gas_spike --for 2h --reason x", "not both"),
        ("unsilence 999999", "there is no silence 999999"),
        ("set gas_spike --reason x", "say what to set"),
        ("set paused --threshold 3 --reason x", "the rule paused has no threshold"),
        ("set paused --route nobody --reason x", "there is no channel nobody"),
        ("set nothing --enabled off --reason x", "there is no rule nothing"),
        ("test nobody", "there is no channel nobody"),
        ("test", "there is no channel to try"),
        ("history --rule gas", "there is no rule gas"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(line: str, told: str) -> None:
    with pytest.raises(CommandError, match=told) as refused:
        run(f"manage.py alerts {line}")
    assert refused.value.returncode == 2
    assert not AlertRule.objects.exists()
    assert not Silence.objects.exists()


def test_a_test_that_is_not_taken_is_exit_code_1(settings: Settings) -> None:
    with Receiver.start() as receiver:
        receiver.answers = [500]
        url = f"ops=hook://127.0.0.1:{receiver.port}/?secret=a-secret-of-the-tests"
        settings.ALERT_CHANNELS = lambda: url
        code, said = run("manage.py alerts test ops --json")
    assert (code, json.loads(said)["failure"]) == (1, "http_500")
    assert Notification.objects.get().state == "pending"


def ask(client: Client, verb: str, row: Alert, **said: str) -> int:
    page = reverse("admin:analytics_alert_ask", args=[verb])
    return client.post(f"{page}?id={row.pk}", said).status_code


def test_the_console_acknowledges_and_silences(admin_client: Client) -> None:
    row = factories.AlertFactory.create()
    assert ask(admin_client, "acknowledge", row) == 302
    assert ask(admin_client, "silence", row, reason="a drill", hours="2") == 302
    row.refresh_from_db()
    assert row.acknowledged_by == "user admin"
    assert Silence.objects.get().subject == row.subject


def test_only_who_may_operate_asks(client: Client) -> None:
    row = factories.AlertFactory.create()
    client.force_login(factories.UserFactory.create(is_staff=True))
    assert ask(client, "acknowledge", row) == 403
    row.refresh_from_db()
    assert row.acknowledged_at is None


def test_the_dashboard_counts_what_fires(admin_client: Client) -> None:
    factories.AlertFactory.create_batch(3)
    page = admin_client.get(reverse("admin:index")).content.decode()
    assert "Alerts that fire" in page
    assert "state__exact=firing&amp;severity__exact=critical" in page
