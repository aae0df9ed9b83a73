"""Real servers get what was written, once; and what they did not take comes again."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from analytics.alerts import sending
from analytics.alerts.channels import Channel
from analytics.alerts.messages import NotSent, Outgoing, Sender
from analytics.alerts.senders import sender_of
from analytics.alerts.services import send_test
from analytics.models import Notification
from tests import factories
from tests.analytics.alerts.conftest import SECRET, Channels
from tests.analytics.alerts.receivers import Mailbox, Receiver

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def hooked(receiver: Receiver, channels: Channels) -> Receiver:
    """The channel `ops` leads to it."""
    channels(ops=f"hook://127.0.0.1:{receiver.port}/alerts?team=a&secret={SECRET}")
    return receiver


def due_again() -> None:
    Notification.objects.update(due_at=timezone.now())


def test_a_webhook_is_signed_and_says_all(hooked: Receiver) -> None:
    row = factories.NotificationFactory.create()
    assert sending.send_channel("ops") == 1
    (body,), (headers,) = hooked.bodies, hooked.headers
    content = headers["X-Airdrops-Timestamp"].encode() + b"." + body
    digest = hmac.new(SECRET.encode(), content, hashlib.sha256).hexdigest()
    assert headers["X-Airdrops-Signature"] == f"sha256={digest}"
    assert hooked.paths == ["/alerts?team=a"]
    assert row.alert is not None
    assert json.loads(body)["subject"] == row.alert.subject
    row.refresh_from_db()
    assert (row.state, row.tries) == ("sent", 1)


def test_what_was_not_taken_comes_again_and_what_was_taken_does_not(hooked: Receiver) -> None:
    row = factories.NotificationFactory.create()
    hooked.answers = [500]
    assert sending.send_channel("ops") == 0
    row.refresh_from_db()
    assert (row.state, row.last_error) == ("pending", "http_500")
    assert sending.send_channel("ops") == 0, "not before its time"
    due_again()
    assert sending.send_channel("ops") == 1
    due_again()
    assert sending.send_channel("ops") == 0
    assert [one["X-Airdrops-Delivery"] for one in hooked.headers] == [str(row.pk)] * 2


def test_what_is_never_taken_is_given_up_and_says_why(hooked: Receiver) -> None:
    row = factories.NotificationFactory.create(tries=sending.MOST_TRIES - 1)
    hooked.answers = [302]
    sending.send_channel("ops")
    row.refresh_from_db()
    assert (row.state, row.last_error, hooked.paths) == ("failed", "http_302", ["/alerts?team=a"])


def test_one_who_was_killed_while_sending_loses_nothing(hooked: Receiver) -> None:
    row = factories.NotificationFactory.create()

    def killed(_message: Outgoing) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sending.send_channel("ops", sender_for=lambda _channel: killed)
    assert sending.send_channel("ops") == 0, "it may be sending still"
    Notification.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert sending.send_channel("ops") == 1
    row.refresh_from_db()
    assert row.tries == 2


def test_two_workers_send_one_message_once(hooked: Receiver) -> None:
    factories.NotificationFactory.create()

    def while_another_looks(channel: Channel) -> Sender:
        def send(message: Outgoing) -> None:
            assert sending.send_channel("ops") == 0
            sender_of(channel)(message)

        return send

    assert sending.send_channel("ops", sender_for=while_another_looks) == 1
    assert len(hooked.bodies) == 1


def test_more_than_the_rate_becomes_one_message(hooked: Receiver, settings: Settings) -> None:
    settings.ALERT_RATE = 2
    factories.NotificationFactory.create_batch(30)
    while sending.due_channels(timezone.now()):
        sending.send_channel("ops")
    titles = [json.loads(body)["title"] for body in hooked.bodies]
    assert titles[2:] == ["[28 messages] Airdrops"]
    assert not Notification.objects.exclude(state="sent").exists()


def test_mail_arrives(mailbox: Mailbox, channels: Channels) -> None:
    address = "from=alerts@example.org&to=ada@example.org&mode=insecure"
    channels(mail=f"mailto://127.0.0.1:{mailbox.port}?{address}")
    row = factories.NotificationFactory.create(channel="mail")
    assert sending.send_channel("mail") == 1
    (mail,) = mailbox.mails
    assert row.title in mail.replace("\r\n ", " ")
    assert "ada@example.org" in mail


def test_a_test_is_sent_at_once(hooked: Receiver) -> None:
    row = send_test(channel="ops", by="ada")
    assert (row.state, len(hooked.bodies)) == ("sent", 1)


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "[::1]", "127.0.0.1", "0.0.0.0"])
def test_no_webhook_leads_into_our_own_network(settings: Settings, host: str) -> None:
    settings.DEBUG, settings.CHAIN_ACCESS = False, "mainnet"
    row = factories.NotificationFactory.build(pk=1, alert=None, created_at=timezone.now())
    url = f"hooks://{host}/?secret={SECRET}"
    with pytest.raises(NotSent, match="private_address"):
        sender_of(Channel("ops", url))(sending._message(row))


def test_a_channel_that_is_gone_is_tried_no_more(channels: Channels) -> None:
    row = factories.NotificationFactory.create()
    channels()
    sending.send_channel("ops")
    row.refresh_from_db()
    assert (row.state, row.last_error) == ("failed", "channel_removed")


def test_no_url_is_kept_anywhere(hooked: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    hooked.answers = [500]
    row = factories.NotificationFactory.create()
    sending.send_channel("ops")
    row.refresh_from_db()
    kept = caplog.text + repr([vars(one) for one in (row, row.alert)])
    assert SECRET not in kept
    assert f":{hooked.port}" not in kept
