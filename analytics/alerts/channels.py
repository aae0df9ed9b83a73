"""Where alerts go, as the environment says it. The URLs are secrets: only names leave this room."""

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from django.conf import settings

from wallets.chain import masking

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")
_EXAMPLE = "name=URL, like ops=slack://token-a/token-b/token-c"
# apprise knows a hundred more, among them some that would ask any address on our behalf.
SCHEMES = {
    "mailto": "mail",
    "mailtos": "mail",
    "slack": "slack",
    "tgram": "telegram",
    "discord": "discord",
    "pagerduty": "pagerduty",
    "hooks": "webhook",
    "hook": "webhook",
}


class ChannelsUnreadable(Exception):
    """One sentence about AIRDROPS_ALERT_CHANNELS, which never repeats a URL."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One place, by its name; its URL is in no repr."""

    name: str
    url: str = field(repr=False)

    @property
    def kind(self) -> str:
        """What is there, in a word."""
        return SCHEMES[self.url.partition("://")[0].lower()]


def read_channels() -> dict[str, Channel]:
    """All by name, in their order; ChannelsUnreadable."""
    try:
        text = settings.ALERT_CHANNELS()
    except (OSError, ValueError) as error:
        raise _wrong(f"cannot be read ({type(error).__name__})") from None
    return parse_channels(text)


def parse_channels(text: str) -> dict[str, Channel]:
    """`name=URL` separated by white space; ChannelsUnreadable says which one is wrong."""
    found: dict[str, Channel] = {}
    for number, part in enumerate(text.split(), 1):
        channel = _parse(part, number)
        if channel.name in found:
            raise _wrong(f"names the channel {channel.name} twice")
        found[channel.name] = channel
    return found


def _parse(part: str, number: int) -> Channel:
    name, equals, url = part.partition("=")
    if not equals or not _NAME.fullmatch(name):
        # What has no name may be nothing but a URL.
        told = f"has no name of small letters, digits, - and _ in its part {number}"
        raise _wrong(f"{told}; write {_EXAMPLE}")
    scheme = url.partition("://")[0].lower()
    if "://" not in url or scheme not in SCHEMES:
        known = ", ".join(f"{one}://" for one in SCHEMES)
        raise _wrong(f"gives the channel {name} a URL of an unknown kind; known are {known}")
    channel = Channel(name, url)
    try:
        masking.remember(masking.secrets_of(url))
    except ValueError:
        raise _wrong(f"gives the channel {name} a URL that cannot be read") from None
    if channel.kind == "webhook":
        _require_webhook(channel, scheme)
    return channel


def _require_webhook(channel: Channel, scheme: str) -> None:
    try:
        parts = urlsplit(channel.url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise _wrong(f"gives the channel {channel.name} a URL that cannot be read") from None
    if not host:
        raise _wrong(f"gives the channel {channel.name} a URL without a host")
    if len(parse_qs(parts.query).get("secret", [""])[0]) < 16:
        told = f"gives the channel {channel.name} no ?secret=… of 16 characters or more"
        raise _wrong(f"{told}: the receiver could not tell who sends")
    if scheme == "hook" and not _is_loopback(host):
        raise _wrong(f"gives the channel {channel.name} hook:// off this machine; use hooks://")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _wrong(what: str) -> ChannelsUnreadable:
    return ChannelsUnreadable(f"AIRDROPS_ALERT_CHANNELS {what}")
