"""A CSV of wallets, read line by line: label, address, signer, tags and, if wanted, group."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from eth_typing import ChecksumAddress

from wallets.addresses import AddressError, parse_address
from wallets.labels import refuse_label, refuse_word
from wallets.signers.interface import SignerError
from wallets.signers.references import SignerReference, parse_reference

NEEDED, OPTIONAL = ("label", "address", "signer"), ("tags", "group")
MOST_ROWS = 10_000
MOST_TAGS = 20
_LONGEST_LINE = 4096


@dataclass(frozen=True, slots=True)
class NewWallet:
    """A wallet to be; its signer is a reference, never a key. `line` is 0 without a file."""

    label: str
    address: ChecksumAddress
    signer: SignerReference
    tags: tuple[str, ...] = ()
    group: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a line is not taken."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}" if self.line else self.reason


class Malformed(Exception):
    """The file cannot be read further; carries the refusal."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.refusal = Refusal(line, reason)


def read_rows(file: TextIO) -> Iterator[NewWallet | Refusal]:
    """Each line as a wallet or as the reason why it is none; one line in memory at a time."""
    try:
        yield from _rows(file)
    except Malformed as error:
        yield error.refusal


def new_wallet(
    *, label: str, address: str, signer: str, tags: str = "", group: str = "", line: int = 0
) -> NewWallet | Refusal:
    """What was written, checked; nothing is asked of the database."""
    words = tuple(dict.fromkeys(tags.replace(";", " ").split()))
    try:
        checked = parse_address(address.strip())
        reference = parse_reference(signer, checked)
    except AddressError as error:
        return Refusal(line, _without_key(address, str(error)))
    except SignerError as error:
        return Refusal(line, str(error))
    reasons = [refuse_label(label), *map(refuse_word, words)]
    reasons += [refuse_word(group) if group else ""]
    reasons += [f"it has more than {MOST_TAGS} tags" if len(words) > MOST_TAGS else ""]
    if reason := next(filter(None, reasons), ""):
        return Refusal(line, reason)
    return NewWallet(label, checked, reference, words, group, line)


def _without_key(address: str, sentence: str) -> str:
    # Long enough for a key that slipped into this column.
    return sentence if len(address.strip()) <= 42 else "the address is none: 0x and 40 hex digits"


def _rows(file: TextIO) -> Iterator[NewWallet | Refusal]:
    reader = csv.reader(_lines(file), strict=True)
    names = _header(reader)
    count, before = 0, reader.line_num
    for values in _values(reader):
        line, before = before + 1, reader.line_num
        if not any(value.strip() for value in values):
            continue
        count += 1
        if count > MOST_ROWS:
            raise Malformed(line, f"a file has at most {MOST_ROWS:,} wallets; split it")
        yield _row(names, values, line)
    if not count:
        raise Malformed(before, "the file has no wallets")


def _row(names: list[str], values: list[str], line: int) -> NewWallet | Refusal:
    if len(values) != len(names):
        return Refusal(line, f"it has {len(values)} values, not {len(names)}")
    found = {name: value.strip() for name, value in zip(names, values, strict=True)}
    return new_wallet(**found, line=line)


def _header(reader: Iterator[list[str]]) -> list[str]:
    names = [name.strip().lower() for name in next(_values(reader), [])]
    missing = [name for name in NEEDED if name not in names]
    unknown = [name for name in names if name not in NEEDED + OPTIONAL]
    if missing or unknown or len(set(names)) != len(names):
        raise Malformed(1, f"the first line names the columns: {','.join(NEEDED + OPTIONAL[:1])}")
    return names


def _values(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Malformed(_line(reader), f"it is no CSV: {error}") from None
        except UnicodeDecodeError:
            raise Malformed(_line(reader) + 1, "it is not UTF-8 text") from None
        yield values


def _line(reader: Iterator[list[str]]) -> int:
    number: int = getattr(reader, "line_num", 0)
    return number


def _lines(file: TextIO) -> Iterator[str]:
    number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE and not line.endswith("\n"):
            raise Malformed(number, f"it is longer than {_LONGEST_LINE} characters")
        yield line
