"""Alerts and what was said about them."""

# mypy: disable-error-code="no-untyped-call"

from datetime import timedelta

from factory.declarations import Sequence, SubFactory
from factory.django import DjangoModelFactory

from analytics.models import Alert, AlertRule, JobMark, Notification, Silence
from tests.factories.values import NOON


class AlertRuleFactory(DjangoModelFactory[AlertRule]):
    """One that is set otherwise."""

    class Meta:
        model = AlertRule

    name = Sequence(lambda n: f"rule_{n}")


class AlertFactory(DjangoModelFactory[Alert]):
    """One that fires."""

    class Meta:
        model = Alert

    rule = "network_silent"
    subject = Sequence(lambda n: f"network-{n}")
    severity = "critical"
    state = Alert.State.FIRING
    summary = "no endpoint has answered for 300 s"
    since = NOON
    fired_at = NOON


class JobMarkFactory(DjangoModelFactory[JobMark]):
    """Nothing had ended."""

    class Meta:
        model = JobMark

    at = Sequence(lambda n: NOON + timedelta(minutes=n))
    ended = 0
    failed = 0


class SilenceFactory(DjangoModelFactory[Silence]):
    """Of a network."""

    class Meta:
        model = Silence

    subject = Sequence(lambda n: f"network-{n}")
    until = NOON + timedelta(hours=2)
    by = "ada"
    reason = "a drill"


class NotificationFactory(DjangoModelFactory[Notification]):
    """One to be sent."""

    class Meta:
        model = Notification

    alert = SubFactory(AlertFactory)
    kind = Notification.Kind.FIRING
    severity = "critical"
    channel = "ops"
    title = Sequence(lambda n: f"[critical] A network is silent: network-{n}")
    text = "no endpoint has answered for 300 s"
    created_at = NOON
    due_at = NOON
