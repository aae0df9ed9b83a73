"""Receivers and names that would keep a worker, or say what nobody wrote."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from django.utils import timezone

from analytics.alerts import sending, webhook
from analytics.alerts.channels import Channel
from analytics.alerts.messages import NotSent, Outgoing
from analytics.alerts.notices import _title
from analytics.alerts.rules import RULES
from analytics.alerts.standing import standing_rules
from analytics.models import Alert, Notification
from tests import factories
from tests.analytics.alerts.conftest import SECRET, Channels
from tests.analytics.alerts.receivers import Receiver

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def dripping() -> Iterator[int]:
    """A server that takes a connection and gives a letter of its answer now and then; its port."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            taken, _ = server.accept()
            with taken:
                while not ended.wait(0.1):
                    taken.send(b"H")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        ended.set()


def test_a_receiver_that_drips_its_answer_keeps_no_worker(dripping: int) -> None:
    channel = Channel("ops", f"hook://127.0.0.1:{dripping}/?secret={SECRET}")
    message = Outgoing("1", "test", "info", "title", "text", timezone.now())
    began = time.monotonic()
    with pytest.raises(NotSent):
        webhook.send(channel, message, seconds=0.5)
    assert time.monotonic() - began < 2


def test_a_message_that_kills_whoever_sends_it_is_given_up(
    receiver: Receiver, channels: Channels
) -> None:
    channels(ops=f"hook://127.0.0.1:{receiver.port}/alerts?secret={SECRET}")
    row = factories.NotificationFactory.create(tries=sending.MOST_TRIES)
    assert sending.send_channel("ops") == 0
    row.refresh_from_db()
    assert (row.state, row.last_error, receiver.bodies) == ("failed", "never_ended", [])


def test_whoever_names_a_thing_adds_no_line_to_a_title() -> None:
    name = next(iter(RULES))
    row = Alert(rule=name, subject="first\r\nBcc: me@example.com", severity="warning")
    told = _title(row, Notification.Kind.FIRING, standing_rules()[name])
    assert told.splitlines() == [told]
