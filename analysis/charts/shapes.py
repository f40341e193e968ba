"""What a chart is made of: marks with positions in the drawing's own units, texts, and the table beside it.

A drawing unit is about a pixel. Numbers are kept as text with a full stop, as SVG wants them in every language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10


@dataclass(frozen=True, slots=True)
class ChartText:
    """`anchor` as in SVG: start, middle or end; `kind` chooses the look."""

    x: str
    y: str
    text: str
    anchor: str = "middle"
    kind: str = "tick"


@dataclass(frozen=True, slots=True)
class Segment:
    """A straight line: an axis, a grid line, a threshold, a whisker."""

    x1: str
    y1: str
    x2: str
    y2: str
    kind: str


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: a bar, a band, a step of a flow. With `tip` it answers to pointer and keyboard."""

    x: str
    y: str
    width: str
    height: str
    kind: str
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """`shape` is circle, square, diamond or cross, so that colour never speaks alone."""

    x: str
    y: str
    tip: str
    kind: str
    shape: str = "circle"


@dataclass(frozen=True, slots=True)
class Line:
    """A broken line (`d`: SVG path data) and its points; `name` groups what lights up together. `values` are
    written beside the points while it is lit; `lit` from the beginning."""

    name: str
    d: str
    kind: str
    points: tuple[Point, ...] = ()
    values: tuple[ChartText, ...] = ()
    lit: bool = False


@dataclass(frozen=True, slots=True)
class LegendKey:
    """An entry of the legend."""

    name: str
    kind: str
    shape: str = "circle"


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart, ready to be drawn. `title` names its subject; `description` says in words what it shows;
    `columns` and `rows` are the same as a table, for people; `data_columns` and `data_rows`, when given, the same for
    programs: one figure a cell. The addresses of downloads are the caller's."""

    slug: str
    title: str
    description: str
    n: str
    width: int
    height: int
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    x_label: str = ""
    y_label: str = ""
    boxes: tuple[Box, ...] = ()
    segments: tuple[Segment, ...] = ()
    lines: tuple[Line, ...] = ()
    points: tuple[Point, ...] = ()
    texts: tuple[ChartText, ...] = ()
    legend: tuple[LegendKey, ...] = ()
    csv_url: str = ""
    svg_url: str = ""
    data_columns: tuple[str, ...] = ()
    data_rows: tuple[tuple[str, ...], ...] = ()

    @property
    def has_lit(self) -> bool:
        return any(line.lit for line in self.lines)

    @property
    def x_label_x(self) -> str:
        return num(self.width / 2)

    @property
    def height_alone(self) -> int:
        """Of the file: with room for title and legend above the drawing."""
        return self.height + 56

    @property
    def x_label_y(self) -> str:
        return num(self.height - 6)


def num(value: float) -> str:
    """A number for an SVG attribute, to a tenth of a unit."""
    return f"{value:.1f}".removesuffix(".0")


def path(points: Sequence[tuple[float, float] | None]) -> str:
    """Path data through `points`; None interrupts the line, so that a gap in the data is a gap in the line."""
    parts, pen_down = [], False
    for point in points:
        if point is not None:
            parts.append(f"{'L' if pen_down else 'M'}{num(point[0])} {num(point[1])}")
        pen_down = point is not None
    return "".join(parts)


def steps(points: Sequence[tuple[float, float]]) -> str:
    """Path data of a staircase: the height of a point holds until the next one."""
    if not points:
        return ""
    parts = [f"M{num(points[0][0])} {num(points[0][1])}"]
    parts += [f"H{num(x)}V{num(y)}" for x, y in points[1:]]
    return "".join(parts)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round values (1, 2 or 5 times a power of ten) that enclose `low` to `high`."""
    if high <= low:
        high = low + 1
    rough = (high - low) / about
    power = 10.0 ** floor(log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def mark(x: float, y: float, tip: str, kind: str, shape: str = "circle") -> Point:
    """A point at a position."""
    return Point(num(x), num(y), tip, kind, shape)
