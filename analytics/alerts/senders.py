"""How each kind of channel is given a message."""

import logging
from functools import partial

from analytics.alerts import webhook
from analytics.alerts.channels import Channel
from analytics.alerts.messages import NotSent, Outgoing, Sender

SECONDS = 15.0
_TYPES = {"info": "info", "warning": "warning", "critical": "failure"}


def sender_of(channel: Channel) -> Sender:
    """What sends to it."""
    return partial(webhook.send if channel.kind == "webhook" else _send_by_apprise, channel)


def _send_by_apprise(channel: Channel, message: Outgoing) -> None:
    """Mail and chats. Their library says only whether it was taken."""
    # Imported by whoever sends; it is large.
    from apprise import Apprise, AppriseAsset, NotifyFormat

    _silence_apprise()
    asset = AppriseAsset(
        app_id="Airdrops",
        app_desc="Airdrops",
        async_mode=False,
        secure_logging=True,
        service_timeout=SECONDS,
    )
    service = Apprise(asset=asset)
    if not service.add(channel.url):
        raise NotSent("url_not_understood")
    kind = "success" if message.kind == "resolved" else _TYPES[message.severity]
    taken = service.notify(
        body=message.text,
        title=message.title,
        notify_type=kind,
        body_format=NotifyFormat.TEXT,
    )
    if not taken:
        raise NotSent("not_taken")


def _silence_apprise() -> None:
    """Its log lines repeat what servers answer, and addresses that are keys."""
    for name in ("apprise", "urllib3"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
