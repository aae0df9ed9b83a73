"""Who is told: steps of channels, of which an escalation takes the next."""

from collections.abc import Sequence

from django.conf import settings

Steps = list[list[str]]


def steps_of(route: str) -> Steps:
    """`mail,ops > phone` as its steps; nothing has none."""
    steps = ([name.strip() for name in step.split(",")] for step in route.split(">"))
    return [kept for step in steps if (kept := [name for name in step if name])]


def targets(route: str, channels: Sequence[str], level: int, *, up_to: bool = False) -> list[str]:
    """The channels of the step that a level has come to, the last one for all beyond.

    `up_to` takes those of the steps before as well. What no longer is a channel is left out; where
    that leaves none, all channels are told: better too many than nobody.
    """
    steps = steps_of(route or settings.ALERT_ROUTE) or [list(channels)]
    at = min(level, len(steps) - 1)
    wanted = [name for step in steps[0 if up_to else at : at + 1] for name in step]
    known = [name for name in dict.fromkeys(wanted) if name in channels]
    return known or list(channels)


def last_level(route: str) -> int:
    """How far an alert can be passed on: to the last step, or the last person to call."""
    return max(len(steps_of(route or settings.ALERT_ROUTE)), len(settings.CONTACTS), 1) - 1


def contact(level: int) -> str:
    """Whom to call at a level; empty where nobody is named."""
    return settings.CONTACTS[min(level, len(settings.CONTACTS) - 1)] if settings.CONTACTS else ""
