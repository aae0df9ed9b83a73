"""One line of a preflight, and what guards it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import DatabaseError

from wallets.chain.errors import ChainError
from wallets.signers.interface import SignerError


class State(StrEnum):
    """What was found. UNKNOWN is neither good nor bad: it could not be found out."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Line:
    """What was looked at, what was found, and a sentence that says what to do about it."""

    name: str
    state: State
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {"name": self.name, "state": str(self.state), "sentence": self.sentence}


type Look = Callable[[], Iterable[Line]]


def ok(name: str, sentence: str) -> Line:
    """It is as it should be."""
    return Line(name, State.OK, sentence)


def warning(name: str, sentence: str) -> Line:
    """It runs, and a person should see to it."""
    return Line(name, State.WARNING, sentence)


def failed(name: str, sentence: str) -> Line:
    """Nothing should be started like this."""
    return Line(name, State.FAILED, sentence)


def unknown(name: str, sentence: str) -> Line:
    """It could not be found out."""
    return Line(name, State.UNKNOWN, sentence)


def lines_of(name: str, look: Look) -> list[Line]:
    """What the look found; where it could not look, the line says so and the others go on."""
    try:
        return list(look())
    except DatabaseError as error:
        # The server's own words may repeat its address or a value; its kind is enough.
        kind = type(error).__name__
        return [unknown(name, f"the database does not answer, or lacks a table ({kind})")]
    except (ChainError, SignerError) as error:
        return [unknown(name, str(error))]
    except (OSError, ValueError) as error:
        return [unknown(name, f"it could not be looked at ({type(error).__name__})")]


def exit_code(lines: Iterable[Line]) -> int:
    """0 all ok, 1 something is to be seen to or not known, 2 something failed."""
    states = {line.state for line in lines}
    if State.FAILED in states:
        return 2
    return 1 if states - {State.OK} else 0
