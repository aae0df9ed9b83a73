"""Charts as drawings: one drawing, as SVG in a page or as it is in a PDF."""

# mypy: disable-error-code="no-untyped-call"

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby

from reportlab.graphics.shapes import Circle, Drawing, Line, PolyLine, Rect, String
from reportlab.lib.colors import Color, HexColor
from reportlab.pdfbase.pdfmetrics import stringWidth

from analytics.reports.document import Chart, ChartKind
from analytics.reports.forms.axes import Axis, axis_of

FONT, BOLD, SIZE = "Helvetica", "Helvetica-Bold", 10
INK, GREY, FAINT = HexColor("#1f2937"), HexColor("#6b7280"), HexColor("#e5e7eb")
BLUE, GAP = HexColor("#4f46e5"), HexColor("#f3f4f6")
LEFT, RIGHT, TOP, BOTTOM = 78, 16, 40, 40
HEIGHT, BAR, NAMES = 220, 22, 150


def drawing(chart: Chart, width: int) -> Drawing:
    """The picture, `width` points wide."""
    values = [None if one is None else Decimal(one) for one in chart.values]
    known = [one for one in values if one is not None]
    if chart.kind == ChartKind.SHARES:
        return _shares(chart, values, width)
    bars = chart.kind == ChartKind.BARS
    axis = axis_of(known, from_zero=bars, whole=all(one == int(one) for one in known) and bars)
    picture = _frame(chart, axis, width)
    if not known:
        picture.add(String(width / 2, HEIGHT / 2, "nothing known", **_text(GREY, "middle")))
    elif bars:
        _bars(picture, values, axis, width)
    else:
        _line(picture, values, axis, width)
    return picture


def _text(colour: Color, anchor: str = "start", font: str = FONT) -> dict[str, object]:
    return {"fontName": font, "fontSize": SIZE, "fillColor": colour, "textAnchor": anchor}


def _frame(chart: Chart, axis: Axis, width: int) -> Drawing:
    """Title, unit, the lines of the axis with their numbers, and the labels below."""
    picture = Drawing(width, HEIGHT)
    picture.add(String(0, HEIGHT - 12, chart.title, **_text(INK, font=BOLD)))
    picture.add(String(LEFT - 6, HEIGHT - 28, chart.unit, **_text(GREY, "end")))
    if chart.kind == ChartKind.LINE and None in chart.values:
        told = "grey: nothing is known"
        picture.add(String(width - RIGHT, HEIGHT - 12, told, **_text(GREY, "end")))
    for tick in axis.ticks:
        y = _y(axis, tick)
        shade = GREY if tick == 0 else FAINT
        picture.add(Line(LEFT, y, width - RIGHT, y, strokeColor=shade, strokeWidth=0.6))
        picture.add(String(LEFT - 6, y - 3, axis.label(tick), **_text(GREY, "end")))
    for place, label in _labels(chart, width):
        picture.add(String(place, BOTTOM - 14, label, **_text(GREY, "middle")))
    return picture


def _y(axis: Axis, value: Decimal) -> float:
    return BOTTOM + axis.share(value) * (HEIGHT - TOP - BOTTOM)


def _x(number: int, of: int, width: int) -> float:
    """The middle of its stretch."""
    return LEFT + (number + 0.5) * (width - LEFT - RIGHT) / of


def _labels(chart: Chart, width: int) -> Iterator[tuple[float, str]]:
    """As many as have room, beginning with the first."""
    if not chart.labels:
        return
    widest = max(stringWidth(one, FONT, SIZE) for one in chart.labels) + 10
    room = (width - LEFT - RIGHT) / len(chart.labels)
    every = max(1, -int(-widest // room))
    for number, label in enumerate(chart.labels):
        if number % every == 0:
            yield _x(number, len(chart.labels), width), label


def _line(picture: Drawing, values: list[Decimal | None], axis: Axis, width: int) -> None:
    """A stretch for each run of known values; where nothing is known the ground is grey."""
    places = [(_x(n, len(values), width), value) for n, value in enumerate(values)]
    room = (width - LEFT - RIGHT) / len(values)
    for known, group in groupby(places, key=lambda place: place[1] is not None):
        run = list(group)
        if not known:
            left, right = run[0][0] - room / 2, run[-1][0] + room / 2
            high = HEIGHT - TOP - BOTTOM
            picture.add(Rect(left, BOTTOM, right - left, high, fillColor=GAP, strokeColor=None))
            continue
        points = [(x, _y(axis, value)) for x, value in run if value is not None]
        if len(points) == 1:
            picture.add(Circle(*points[0], 2, fillColor=BLUE, strokeColor=None))
        flat = [number for point in points for number in point]
        picture.add(PolyLine(flat, strokeColor=BLUE, strokeWidth=1.6))


def _bars(picture: Drawing, values: list[Decimal | None], axis: Axis, width: int) -> None:
    room = (width - LEFT - RIGHT) / len(values)
    thick, zero = min(48.0, room * 0.7), _y(axis, Decimal(0))
    for number, value in enumerate(values):
        x = _x(number, len(values), width)
        if value is None:
            picture.add(String(x, zero + 4, "?", **_text(GREY, "middle", BOLD)))
            continue
        top = _y(axis, value)
        low, high = min(zero, top), abs(top - zero)
        picture.add(Rect(x - thick / 2, low, thick, high, fillColor=BLUE, strokeColor=None))


def _shares(chart: Chart, values: list[Decimal | None], width: int) -> Drawing:
    """A bar with its name and number in a line each."""
    height = TOP + BAR * len(values)
    picture = Drawing(width, height)
    title = f"{chart.title}, {chart.unit}"
    picture.add(String(0, height - 12, title, **_text(INK, font=BOLD)))
    most = max((abs(one) for one in values if one is not None), default=Decimal(0)) or Decimal(1)
    room = width - NAMES - 110
    for number, (label, value) in enumerate(zip(chart.labels, values, strict=True)):
        y = height - TOP - BAR * (number + 1) + 8
        picture.add(String(NAMES - 8, y + 2, _cut(label), **_text(INK, "end")))
        long = 0.0 if value is None else float(abs(value) / most) * room
        picture.add(Rect(NAMES, y - 2, max(long, 0.5), 13, fillColor=BLUE, strokeColor=None))
        told = "unknown" if value is None else f"{value:,f}"
        picture.add(String(NAMES + long + 6, y + 2, told, **_text(GREY)))
    return picture


def _cut(label: str) -> str:
    return label if len(label) <= 26 else f"{label[:24]}…"
