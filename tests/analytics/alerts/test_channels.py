"""Where alerts go, as the setting says it: what is wrong is named, and never repeated."""

import pytest
from apprise import Apprise

from analytics.alerts.channels import ChannelsUnreadable, parse_channels

SLACK = "slack://TokenA1234/TokenB1234/abcdefghijklmnopqrstuvwx"
KNOWN = {
    "mail": "mailtos://user:password@example.org",
    "ops": SLACK,
    "phone": "tgram://123456789:abcdefg_hijklmnop/12315544/",
    "chat": "discord://12345678901234567/abcdefghijklmnop",
    "duty": "pagerduty://A1BRTD4JTU0WXVWW7K@F0FO0FKFPLQTIMTP3M6HS4OK",
}


@pytest.mark.parametrize(("name", "url"), KNOWN.items())
def test_what_the_library_takes_is_taken(name: str, url: str) -> None:
    # Their hosts are fixed: that a message arrives can only be seen with an account.
    assert Apprise().add(url)
    channel = parse_channels(f"{name}={url}")[name]
    assert channel.kind in ("mail", "slack", "telegram", "discord", "pagerduty")
    assert url not in repr(channel)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SLACK, "no name"),
        (f"Ops={SLACK}", "no name"),
        (f"ops={SLACK} ops={SLACK}", "the channel ops twice"),
        ("ops=json://10.0.0.1/Secret1234", "the channel ops a URL of an unknown kind"),
        ("ops=https://10.0.0.1/Secret1234", "the channel ops a URL of an unknown kind"),
        ("ops=Secret1234", "the channel ops a URL of an unknown kind"),
        ("ops=hooks://example.org/Secret1234", "no ?secret="),
        ("ops=hooks://[Secret1234/x?secret=a", "cannot be read"),
        ("ops=hook://example.org/Secret1234?secret=aaaaaaaaaaaaaaaa", "off this machine"),
    ],
)
def test_what_is_wrong_is_said_without_the_url(text: str, told: str) -> None:
    with pytest.raises(ChannelsUnreadable) as refused:
        parse_channels(text)
    assert told in str(refused.value)
    assert not any(one in str(refused.value) for one in ("Secret1234", "TokenA1234", "10.0.0.1"))
