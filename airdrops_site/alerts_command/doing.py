"""What `manage.py alerts` changes: it parses, and asks one service."""

import argparse
import re
from datetime import timedelta
from typing import Any

from django.utils import timezone

from airdrops_site.alerts_command import showing
from airdrops_site.answers import Answer, BadInput
from airdrops_site.people import shell_actor
from analytics.alerts import services
from analytics.models import Silence

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_OWN = "default"


def acknowledge(options: dict[str, Any]) -> Answer:
    """Somebody looks at it."""
    row = showing.the_alert(options["alert"])
    services.acknowledge(alert=row, actor=shell_actor())
    facts = {"alert": row.pk, "acknowledged_by": shell_actor()}
    return Answer(facts, (f"alert {row.pk} is acknowledged; it is not passed on any more",))


def silence(options: dict[str, Any]) -> Answer:
    """Of an alert, or of what matches."""
    matchers = {name: options[name] for name in ("rule", "subject", "severity")}
    if options["alert"] is not None:
        if any(matchers.values()):
            raise BadInput("give an alert's number, or --rule, --subject and --severity; not both")
        row = showing.the_alert(options["alert"])
        matchers |= {"rule": row.rule, "subject": row.subject}
    made = services.silence(
        until=timezone.now() + options["for"],
        by=shell_actor(),
        reason=options["reason"],
        **matchers,
    )
    told = f"nobody is told of {made}; silence {made.pk}, `alerts unsilence {made.pk}` lifts it"
    return Answer(showing.silence_facts(made), (told,))


def unsilence(options: dict[str, Any]) -> Answer:
    """Lift one."""
    row = Silence.objects.filter(pk=options["silence"]).first()
    if row is None:
        raise BadInput(f"there is no silence {options['silence']}; `alerts silences` shows them")
    services.lift_silence(silence=row, actor=shell_actor())
    told = f"silence {row.pk} is lifted; what it kept quiet is told of at the next look"
    return Answer({"silence": row.pk, "lifted": True}, (told,))


def set_rule(options: dict[str, Any]) -> Answer:
    """Otherwise than the code says, or again as it says."""
    changes = {
        name: None if options[name] == _OWN else options[name]
        for name in ("threshold", "for_seconds", "severity", "route")
        if options[name] is not None
    }
    if options["enabled"] is not None:
        changes["enabled"] = options["enabled"] == "on"
    if not changes:
        raise BadInput("say what to set: --enabled, --threshold, --for, --severity or --route")
    if route := changes.get("route"):
        services.require_route(str(route))
    services.set_rule(
        name=options["rule"], changes=changes, actor=shell_actor(), reason=options["reason"]
    )
    found = showing.show_rules(options).facts
    return Answer(
        next(one for one in found if one["rule"] == options["rule"]),
        (f"the rule {options['rule']} holds so from the next look on",),
    )


def send_test(options: dict[str, Any]) -> tuple[Answer, int]:
    """Really send, to one or to all; exit code 1 where a channel did not take it."""
    one = options["channel"]
    names = [one] if one else [told["channel"] for told in showing.show_channels({}).facts]
    if not names:
        raise BadInput("there is no channel to try; set AIRDROPS_ALERT_CHANNELS")
    rows = [services.send_test(channel=name, by=shell_actor()) for name in names]
    facts = [
        {"channel": row.channel, "sent": row.state == row.State.SENT, "failure": row.last_error}
        for row in rows
    ]
    told = (
        f"{row.channel} has taken the test message"
        if row.state == row.State.SENT
        else f"{row.channel} has not taken the test message ({row.last_error}); workers try again"
        for row in rows
    )
    return Answer(facts[0] if one else facts, tuple(told)), int(not all(f["sent"] for f in facts))


def a_time(text: str) -> timedelta:
    """30m, 2h or 1d."""
    found = re.fullmatch(r"(\d{1,5})([mhd])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no time like 30m, 2h or 1d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def a_number_or_default(text: str) -> int | str:
    """A whole number, or the word that brings back the rule's own."""
    if text == _OWN:
        return text
    if not text.isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number and not '{_OWN}'")
    return int(text)
