"""JSON read piece by piece: one value of a long list in memory at a time, with its line."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TextIO

CHUNK = 1 << 16
LONGEST = 1 << 20
_SPACE = " \t\r\n"


class JsonMistake(Exception):
    """What the text is not, and in which line."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line, self.reason = line, reason


class JsonStream:
    """A text whose outermost lists and objects are walked without holding them."""

    def __init__(self, file: TextIO, parse_float: Callable[[str], Any] = float) -> None:
        self._file, self._text, self._at, self._ended = file, "", 0, False
        self._decoder = json.JSONDecoder(parse_float=parse_float, parse_constant=_no_number)
        self.line = 1

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._step(1)
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def value(self) -> Any:
        """The next value, whole; JsonMistake where there is none, or too long a one."""
        self.peek()
        while True:
            try:
                found, end = self._decoder.raw_decode(self._text, self._at)
                length = end - self._at
                # A number may go on in what was not read yet.
                if end < len(self._text) or not self._more():
                    self._step(length)
                    return found
            except (ValueError, RecursionError) as error:
                if isinstance(error, _NoNumber) or not self._more():
                    self.refuse("this is no JSON value")

    def elements(self) -> Iterator[None]:
        """Stop before each element of the list that begins here; the caller reads it."""
        yield from self._walk("[", "]")

    def members(self) -> Iterator[str]:
        """The key of each member of the object that begins here; the caller reads its value."""
        for _ in self._walk("{", "}"):
            key = self.value()
            if not isinstance(key, str):
                self.refuse("a member's name must be a text")
            self._take(":")
            yield key

    def end(self) -> None:
        """JsonMistake if anything follows."""
        if self.peek():
            self.refuse("the text goes on after its end")

    def refuse(self, reason: str) -> NoReturn:
        """Say where the mistake is."""
        raise JsonMistake(self.line, reason)

    def _walk(self, opening: str, closing: str) -> Iterator[None]:
        self._take(opening)
        if self.peek() == closing:
            self._step(1)
            return
        while True:
            yield
            if self.peek() == closing:
                self._step(1)
                return
            self._take(",")

    def _take(self, wanted: str) -> None:
        if self.peek() != wanted:
            self.refuse(f"{wanted} is missing")
        self._step(1)

    def _step(self, count: int) -> None:
        self.line += self._text.count("\n", self._at, self._at + count)
        self._at += count

    def _more(self) -> bool:
        """Read on; what lies behind is let go."""
        if self._ended:
            return False
        self._text, self._at = self._text[self._at :], 0
        if len(self._text) > LONGEST:
            self.refuse("this is no JSON value, or one longer than a million characters")
        read = self._file.read(max(CHUNK, len(self._text)))
        self._ended = not read
        self._text += read
        return bool(read)


class _NoNumber(ValueError):
    pass


def _no_number(name: str) -> NoReturn:
    raise _NoNumber(f"{name} is no number")
