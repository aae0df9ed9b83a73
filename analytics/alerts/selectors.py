"""What the console, the command and the metrics ask about alerts."""

from collections.abc import Mapping

from django.db.models import Count, QuerySet

from analytics.models import Alert, Notification, Severity


def firing_alerts() -> QuerySet[Alert]:
    """What is wrong now, and has been for as long as its rule wants."""
    return Alert.objects.filter(state=Alert.State.FIRING)


def unseen_alerts() -> QuerySet[Alert]:
    """Of these, what nobody has acknowledged."""
    return firing_alerts().filter(acknowledged_at=None)


def firing_by_severity() -> Mapping[str, int]:
    """How many fire, of every severity; nought is said."""
    rows = firing_alerts().order_by().values_list("severity")
    return dict.fromkeys(Severity.values, 0) | dict(rows.annotate(count=Count("pk")))


def notification_totals() -> Mapping[tuple[str, str], int]:
    """How many were sent and how many given up, by channel and outcome; of rows that are kept."""
    ended = Notification.objects.exclude(state=Notification.State.PENDING).order_by()
    rows = ended.values_list("channel", "state").annotate(count=Count("pk"))
    return {(channel, state): count for channel, state, count in rows}
