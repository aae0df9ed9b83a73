"""A report as a short message of plain text."""

from collections.abc import Iterator
from dataclasses import dataclass

from analytics.reports.document import Document

# What somebody wants to know who is only told a few lines.
TOLD = (
    ("worth", ("value", "change", "result")),
    ("returns", ("realised", "unrealised")),
    ("outcome", ("expected", "received", "sold", "left", "costs")),
    ("fees", ("fees",)),
    ("transactions", ("mined", "success_rate")),
    ("runs", ("succeeded", "failed", "needs_operator")),
    ("gates", ("refusals",)),
    ("risk", ("highest",)),
    ("minimums", ("under",)),
    ("campaigns", ("claimed", "missed", "claimable")),
    ("wallets", ("wallets_eligible", "claims_claimable", "claims_claimed")),
    ("unknown", ("prices",)),
)
PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel sends; nothing in it is markup."""

    title: str
    text: str


def message(document: Document) -> Message:
    """The few lines; what needs a person comes first."""
    return Message(_plain(document.title), "\n".join(_lines(document)))


def render_text(document: Document) -> bytes:
    """Title and lines as a file."""
    found = message(document)
    return f"{found.title}\n\n{found.text}\n".encode()


def _lines(document: Document) -> Iterator[str]:
    yield document.period
    yield from _needed(document)
    for section, keys in TOLD:
        told = [
            f"{_plain(fact.label)} {_plain(fact.text)}"
            for key in keys
            if (fact := document.fact(section, key)) is not None
        ]
        if told:
            title = next(one.title for one in document.sections if one.key == section)
            yield f"{title}: {'; '.join(told)}"


def _needed(document: Document) -> Iterator[str]:
    facts = [fact for section, fact in document.facts() if section.key == PEOPLE]
    if not facts:
        return
    needed = [f"{fact.label} {fact.text}" for fact in facts if fact.value != "0"]
    yield f"Needs a person now: {'; '.join(needed) or 'nothing'}"


def _plain(text: str) -> str:
    """In one line: whoever named a thing cannot add lines to the message."""
    return " ".join(text.split())
