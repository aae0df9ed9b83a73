"""Lists of who may claim how much, as projects publish them: CSV, JSON, and Merkle files.

A published list has hundreds of thousands of lines; what is kept of it are those of our wallets.
"""

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, TextIO

from analytics.campaigns.json_stream import JsonMistake, JsonStream
from analytics.campaigns.reading import Malformed
from wallets.addresses import parse_address
from wallets.amounts import check_amount, to_base_units

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_NAMES = {"account": "address", "wallet": "address", "recipient": "address"}
_KNOWN = ("address", "amount", "points", "index", "proof")


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list says of a wallet of ours; the amount in base units, None where it has none."""

    line: int
    address: str
    amount: int | None
    points: Decimal | None = None
    index: int | None = None
    proof: tuple[str, ...] = ()


@dataclass(slots=True)
class PublishedList:
    """All it says of our wallets, how many others it has, and the root of its tree, if any."""

    ours: dict[str, Listed] = field(default_factory=dict)
    others: int = 0
    root: str = ""


def read_list(file: TextIO, *, own: Mapping[str, int], decimals: int | None) -> PublishedList:
    """Read to its end; Malformed says in which line what is wrong, and nothing is to be kept then.

    `own` are our wallets by address. Amounts are base units; with `decimals`, whole tokens.
    """
    reader = _Reader({address.lower() for address in own}, decimals)
    try:
        begins = file.read(1)
        file.seek(0)
        reader.read_json(file) if begins in ("[", "{") else reader.read_csv(file)
    except UnicodeDecodeError as error:
        raise Malformed("the file is not UTF-8 text") from error
    except (JsonMistake, csv.Error) as error:
        raise Malformed(str(error)) from error
    if not reader.found.ours and not reader.found.others:
        raise Malformed("the file lists nobody")
    return reader.found


class _Reader:
    def __init__(self, own: set[str], decimals: int | None) -> None:
        self.found, self._own, self._decimals = PublishedList(), own, decimals

    def read_csv(self, file: TextIO) -> None:
        lines = csv.reader(file, strict=True)
        header: list[str] = [_column(one) for one in next(lines, [])]
        if "address" not in header or len(set(header)) != len(header):
            raise Malformed("line 1: the header must name the columns: address,amount")
        before = lines.line_num
        for cells in lines:
            line, before = before + 1, lines.line_num
            if not any(cells):
                continue
            if len(cells) != len(header):
                _refuse(line, f"it has {len(cells)} cells instead of {len(header)}")
            self._take(line, dict(zip(header, cells, strict=True)))

    def read_json(self, file: TextIO) -> None:
        # Amounts must not pass through a float.
        stream = JsonStream(file, parse_float=Decimal)
        if stream.peek() == "[":
            for _ in stream.elements():
                stream.peek()
                self._take_object(stream.line, stream.value())
        else:
            self._read_members(stream)
        stream.end()

    def _read_members(self, stream: JsonStream) -> None:
        """Amounts or places by address; or those of a Merkle file under `claims`."""
        for name in stream.members():
            stream.peek()
            if _ADDRESS.fullmatch(name):
                self._take_place(stream.line, name, stream.value())
            elif name == "claims" and stream.peek() == "{":
                for address in stream.members():
                    stream.peek()
                    self._take_place(stream.line, address, stream.value())
            elif name == "merkleRoot":
                self.found.root = str(stream.value())
            else:
                stream.value()

    def _take_object(self, line: int, said: Any) -> None:
        if not isinstance(said, dict):
            _refuse(line, 'an entry is an object: {"address": "0x…", "amount": "1"}')
        self._take(line, {_column(name): value for name, value in said.items()})

    def _take_place(self, line: int, address: str, said: Any) -> None:
        values = said if isinstance(said, dict) else {"amount": said}
        self._take(line, {**values, "address": address})

    def _take(self, line: int, said: Mapping[str, Any]) -> None:
        address = said.get("address")
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address.strip()):
            _refuse(line, f"{str(address)[:60]!r} is not an address: 0x and 40 hex digits")
        if address.strip().lower() not in self._own:
            self.found.others += 1
            return
        try:
            one = self._listed(line, parse_address(address.strip()), said)
        except (ValueError, InvalidOperation, TypeError) as error:
            _refuse(line, str(error))
        if one.address in self.found.ours:
            _refuse(line, f"{one.address} is listed twice, first in line {self._line_of(one)}")
        self.found.ours[one.address] = one

    def _line_of(self, one: Listed) -> int:
        return self.found.ours[one.address].line

    def _listed(self, line: int, address: str, said: Mapping[str, Any]) -> Listed:
        values = {name: said[name] for name in _KNOWN if said.get(name) not in (None, "")}
        return Listed(
            line,
            address,
            self._amount(values["amount"]) if "amount" in values else None,
            _points(values["points"]) if "points" in values else None,
            _whole("index", values["index"]) if "index" in values else None,
            _proof(values.get("proof", [])),
        )

    def _amount(self, said: Any) -> int:
        if self._decimals is not None and not str(said).startswith("0x"):
            return to_base_units(str(said), self._decimals)
        return check_amount(_whole("amount", said))


def _whole(name: str, said: Any) -> int:
    text = str(said).strip()
    if re.fullmatch(r"0x[0-9a-fA-F]{1,64}", text):
        return int(text, 16)
    if not (text.isascii() and text.isdigit()):
        tokens = "; whole tokens need --tokens" if name == "amount" else ""
        raise ValueError(f"the {name} {text[:60]!r} is no whole number of base units{tokens}")
    return int(text)


def _points(said: Any) -> Decimal:
    number = Decimal(str(said).strip())
    if not number.is_finite() or number.adjusted() >= 14:
        raise ValueError(f"the points {str(said)[:60]!r} are no number")
    return number


def _proof(said: Any) -> tuple[str, ...]:
    hashes = json.loads(said) if isinstance(said, str) else said
    if not isinstance(hashes, list) or not all(_is_hash(one) for one in hashes):
        raise ValueError("the proof must be a list of hashes, each 0x and 64 hex digits")
    return tuple(hashes)


def _is_hash(one: Any) -> bool:
    return isinstance(one, str) and re.fullmatch(r"0x[0-9a-fA-F]{64}", one) is not None


def _column(name: str) -> str:
    plain = name.strip().lower()
    return _NAMES.get(plain, plain)


def _refuse(line: int, reason: str) -> NoReturn:
    raise Malformed(f"line {line}: {reason}")
