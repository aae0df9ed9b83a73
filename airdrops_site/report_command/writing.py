"""Where a report goes: to a file, whole or not at all, or to the standard output."""

import os
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from airdrops_site.answers import Answer, BadInput

STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Printed(Answer):
    """Text as it is: no line of a file is folded to the width of a terminal."""

    text: str = ""

    def print(self, stdout: Any, console: Console, *, as_json: bool) -> None:
        """The text; JSON is a form of the text here."""
        stdout.write(self.text, ending="")


def to_stdout(content: bytes, *, is_text: bool) -> Answer:
    """Print it; bytes of a PDF go past whatever takes text."""
    if is_text:
        return Printed(None, (), content.decode())
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    return Printed(None, ())


def to_file(path: Path, content: bytes) -> None:
    """Beside its place first, then at once; readable by its owner only. BadInput says why not."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _refused(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        with suppress(OSError):
            Path(name).unlink()
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> BadInput:
    why = error.strerror or type(error).__name__
    return BadInput(f"{path} cannot be written: {why}; name a file in a folder you may write to")
