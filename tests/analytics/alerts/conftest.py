"""Channels that are servers of the tests' own."""

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from tests.analytics.alerts.receivers import Mailbox, Receiver

SECRET = "a-secret-of-the-tests"

Channels = Callable[..., None]


@pytest.fixture
def channels(settings: Settings) -> Channels:
    """Sets where alerts go."""

    def say(**urls: str) -> None:
        text = " ".join(f"{name}={url}" for name, url in urls.items())
        settings.ALERT_CHANNELS = lambda: text

    return say


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An HTTP server that takes webhooks."""
    with Receiver.start() as running:
        yield running


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server."""
    with Mailbox.start() as running:
        yield running
