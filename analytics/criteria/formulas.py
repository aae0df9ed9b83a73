"""The formulas of rule sets: arithmetic, comparisons and a few functions over named ranges.

They are read with Python's own parser and made of nothing but what stands in this module:
numbers, names, `moment.name`, + − × /, comparisons, and/or/not, `a if condition else b`, and
min, max, floor, between(a, b) for what a source leaves open, step("table", x), given("group") and
met("group").
"""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal, InvalidOperation

from analytics.criteria import ranges
from analytics.criteria.ranges import Range

# What a formula is asked about: values by name; `moment.name` is one of them.
type Values = Mapping[str, Range]
type Compiled = Callable[[Values], Range]
type Table = Sequence[tuple[Decimal, Decimal]]
MOST_DIGITS, MOST_TEXT = 40, 2000

_ARITHMETIC: dict[type[ast.operator], Callable[[Range, Range], Range]] = {
    ast.Add: ranges.add,
    ast.Sub: ranges.subtract,
    ast.Mult: ranges.multiply,
    ast.Div: ranges.divide,
}
_SIGNS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
}


class FormulaError(ValueError):
    """A formula that cannot be used; one sentence about what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A comparison of a name with a number, as it stands in a formula."""

    name: str
    sign: str
    number: Decimal


@dataclass(frozen=True, slots=True)
class Formula:
    """One that can be evaluated, the names it reads, and what it compares."""

    text: str
    value: Compiled
    names: frozenset[str]
    asked: tuple[Asked, ...]
    groups: frozenset[str]


@dataclass(slots=True)
class _Reader:
    text: str
    tables: Mapping[str, Table]
    names: set[str] = field(default_factory=set)
    asked: list[Asked] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)

    def refuse(self, said: str) -> FormulaError:
        return FormulaError(f"the formula {self.text!r} {said}")

    def read(self, node: ast.expr) -> Compiled:
        match node:
            case ast.Constant(value=bool()):
                raise self.refuse("has True or False; write 1 or 0")
            case ast.Constant(value=int() | float()):
                return _constant(ranges.exactly(self.number(node)))
            case ast.Name() | ast.Attribute():
                return _named(self.name(node))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return _joined(_ARITHMETIC[type(op)], self.read(left), self.read(right))
            case ast.BoolOp(op=op, values=values):
                parts = [self.read(one) for one in values]
                return _all_of(parts) if isinstance(op, ast.And) else _any_of(parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return _opposite(self.read(operand))
            case _:
                return self.read_rest(node)

    def read_rest(self, node: ast.expr) -> Compiled:
        match node:
            case ast.Compare(left=left, ops=[sign], comparators=[right]):
                return self.comparison(left, sign, right)
            case ast.IfExp(test=test, body=body, orelse=other):
                return _chosen(self.read(test), self.read(body), self.read(other))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self.call(name, arguments)
            case _:
                raise self.refuse(f"has {ast.unparse(node)!r}, which no formula may have")

    def number(self, node: ast.Constant) -> Decimal:
        # Its text, not the float that Python made of it.
        told = ast.get_source_segment(self.text, node) or str(node.value)
        try:
            number = Decimal(told)
        except InvalidOperation:
            raise self.refuse(f"has the number {told}; write it like 0.5") from None
        # Beyond what any amount has, arithmetic would run out of digits.
        if number and not -MOST_DIGITS < number.adjusted() < MOST_DIGITS:
            raise self.refuse(f"has the number {told}, of more than {MOST_DIGITS} digits")
        return number

    def name(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name):
                found = name
            case ast.Attribute(value=ast.Name(id=moment), attr=name):
                found = f"{moment}.{name}"
            case _:
                raise self.refuse(f"has {ast.unparse(node)!r}; a name is `x` or `moment.x`")
        self.names.add(found)
        return found

    def comparison(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Compiled:
        if type(sign) not in _SIGNS:
            raise self.refuse("compares with something else than <, <=, >, >= or ==")
        told = _SIGNS[type(sign)]
        first, second = self.read(left), self.read(right)
        if isinstance(left, ast.Name | ast.Attribute) and isinstance(right, ast.Constant):
            self.asked.append(Asked(self.name(left), told, self.number(right)))
        return _compared(told, first, second)

    def call(self, name: str, arguments: Sequence[ast.expr]) -> Compiled:
        match name, arguments:
            case (("min" | "max"), [_, *_]):
                parts = [self.read(one) for one in arguments]
                return _extreme(ranges.least if name == "min" else ranges.most, parts)
            case "between", [one, other]:
                return _joined(ranges.hull, self.read(one), self.read(other))
            case "floor", [one]:
                return _floored(self.read(one))
            case "step", [ast.Constant(value=str(table)), one]:
                if table not in self.tables:
                    raise self.refuse(f"asks for the table {table!r}, which the rule set lacks")
                return _looked_up(self.tables[table], self.read(one))
            case (("given" | "met"), [ast.Constant(value=str(group))]):
                self.groups.add(group)
                return _named(f"{name}:{group}")
        raise self.refuse(
            f"calls {name} wrongly; there are min(…), max(…), floor(x), between(a, b), "
            'step("table", x), given("group") and met("group")'
        )


def compile_formula(text: str, tables: Mapping[str, Table]) -> Formula:
    """Ready to be evaluated; FormulaError says what is wrong with it."""
    if len(text) > MOST_TEXT:
        raise FormulaError(f"the formula {text[:40]!r}… is longer than {MOST_TEXT} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise FormulaError(f"the formula {text!r} cannot be read: {error}") from None
    reader = _Reader(text.strip(), tables)
    try:
        value = reader.read(tree.body)
    except RecursionError:
        raise FormulaError(f"the formula {text[:40]!r}… is nested too deeply") from None
    asked = tuple(dict.fromkeys(reader.asked))
    return Formula(reader.text, value, frozenset(reader.names), asked, frozenset(reader.groups))


def is_met(found: Range) -> bool | None:
    """Yes, no, or nobody knows."""
    if found[0] > 0:
        return True
    return False if found[1] <= 0 else None


def compare(sign: str, a: Range, b: Range) -> Range:
    """Whether it holds for certain, and whether it can."""
    match sign:
        case "<":
            return ranges.truth(a[1] < b[0], a[0] < b[1])
        case "<=":
            return ranges.truth(a[1] <= b[0], a[0] <= b[1])
        case ">":
            return ranges.truth(a[0] > b[1], a[1] > b[0])
        case ">=":
            return ranges.truth(a[0] >= b[1], a[1] >= b[0])
    same = ranges.is_known(a) and a == b
    return ranges.truth(same, a[0] <= b[1] and b[0] <= a[1])


def _constant(value: Range) -> Compiled:
    return lambda _values: value


def _named(name: str) -> Compiled:
    return operator.itemgetter(name)


def _joined(how: Callable[[Range, Range], Range], a: Compiled, b: Compiled) -> Compiled:
    return lambda values: how(a(values), b(values))


def _compared(sign: str, a: Compiled, b: Compiled) -> Compiled:
    return lambda values: compare(sign, a(values), b(values))


def _truths(parts: Sequence[Compiled], values: Values) -> Iterator[bool | None]:
    return (is_met(part(values)) for part in parts)


def _all_of(parts: Sequence[Compiled]) -> Compiled:
    def value(values: Values) -> Range:
        found = list(_truths(parts, values))
        return ranges.truth(all(found), False not in found)

    return value


def _any_of(parts: Sequence[Compiled]) -> Compiled:
    def value(values: Values) -> Range:
        found = list(_truths(parts, values))
        return ranges.truth(any(found), any(one is not False for one in found))

    return value


def _opposite(part: Compiled) -> Compiled:
    def value(values: Values) -> Range:
        met = is_met(part(values))
        return ranges.truth(met is False, met is not True)

    return value


def _chosen(test: Compiled, body: Compiled, other: Compiled) -> Compiled:
    def value(values: Values) -> Range:
        met = is_met(test(values))
        if met is None:
            return ranges.hull(body(values), other(values))
        return body(values) if met else other(values)

    return value


def _extreme(how: Callable[[list[Range]], Range], parts: Sequence[Compiled]) -> Compiled:
    return lambda values: how([part(values) for part in parts])


def _floored(part: Compiled) -> Compiled:
    def value(values: Values) -> Range:
        low, high = part(values)
        return _floor(low), _floor(high)

    return value


def _floor(number: Decimal) -> Decimal:
    return number.to_integral_value(ROUND_FLOOR) if number.is_finite() else number


def _looked_up(table: Table, part: Compiled) -> Compiled:
    def value(values: Values) -> Range:
        low, high = part(values)
        return look_up(table, low), look_up(table, high)

    return value


def look_up(table: Table, number: Decimal) -> Decimal:
    """What the last line not above the number gives; 0 below the first. Tables only rise."""
    found = ranges.ZERO
    for threshold, given in table:
        if number < threshold:
            break
        found = given
    return found
