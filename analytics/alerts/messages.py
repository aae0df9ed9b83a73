"""What a channel is given, and how it says that it was not taken."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message; plain text. `delivery` is the same at every try, `alert` is empty for many."""

    delivery: str
    kind: str
    severity: str
    title: str
    text: str
    written_at: datetime
    rule: str = ""
    subject: str = ""
    alert: int | None = None


class NotSent(Exception):
    """It may not have arrived; the text is the kind of failure in a word, never what was said."""


# Whatever takes a message to a channel; NotSent.
Sender = Callable[[Outgoing], None]
