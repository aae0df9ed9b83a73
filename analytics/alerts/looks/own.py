"""How telling people goes itself."""

from collections.abc import Collection, Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Count, Max, Q

from analytics.alerts.channels import ChannelsUnreadable, read_channels
from analytics.alerts.facts import Fact, Look
from analytics.alerts.routes import steps_of
from analytics.models import AlertRule, Notification

# What failed longer ago was seen.
_LATELY = timedelta(hours=24)


def failing_channels(look: Look) -> Iterator[Fact]:
    """Channels that did not take so many tries of a message; none after one that was sent since."""
    rows = Notification.objects.filter(
        Q(state="failed") | Q(state="pending", tries__gte=look.threshold),
        created_at__gt=look.now - _LATELY,
    )
    found = rows.order_by().values("channel").annotate(count=Count("pk"), newest=Max("created_at"))
    sent = Notification.objects.filter(state="sent", sent_at__gt=look.now - _LATELY).order_by()
    last = dict(sent.values_list("channel").annotate(last=Max("sent_at")))
    known = _channels()
    for row in found:
        # One that was taken out of the setting is nobody's trouble any more.
        if known is not None and row["channel"] not in known:
            continue
        if row["channel"] not in last or last[row["channel"]] < row["newest"]:
            told = f"{row['count']} messages could not be sent to {row['channel']}"
            yield Fact(row["channel"], told)


def _channels() -> Collection[str] | None:
    """Those there are; None where the setting cannot be read, which has an alert of its own."""
    try:
        return read_channels()
    except ChannelsUnreadable:
        return None


def unreadable_channels(_look: Look) -> Iterator[Fact]:
    """The setting that says where alerts go cannot be used: nobody is told of anything."""
    try:
        names = set(read_channels())
    except ChannelsUnreadable as error:
        yield Fact("channels", str(error))
        return
    routes = {row.name: row.route for row in AlertRule.objects.exclude(route="") if row.enabled} | {
        "AIRDROPS_ALERT_ROUTE": settings.ALERT_ROUTE
    }
    for whose, route in routes.items():
        if missing := sorted({one for step in steps_of(route) for one in step} - names):
            told = f"the route of {whose} names {', '.join(missing)}, which is no channel"
            yield Fact(whose, told)
