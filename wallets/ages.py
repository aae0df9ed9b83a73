"""How long ago something was, for a person."""

from datetime import datetime

from django.utils import timezone


def age_of(moment: datetime) -> str:
    """How long ago something was read."""
    seconds = max(0, int((timezone.now() - moment).total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
