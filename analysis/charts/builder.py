"""A chart while it is drawn: axes, bands, bars, whiskers, points, lines, legend and table go in, a Chart comes out.

How to add one: docs/recipes/chart.md.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from analysis.charts.shapes import Box, Chart, ChartText, LegendKey, Line, Point, Segment, mark, num

WIDTH, HEIGHT = 460, 280


@dataclass(slots=True)
class ChartBuilder:
    """Positions are in drawing units from the upper left corner. `x` gives one from a share of the plotting area, `y` from
    a value on an axis that goes from `low` to `high`; `left`, `right`, `top` and `bottom` are the margins around the area.
    """

    low: float = 0
    high: float = 1
    width: int = WIDTH
    height: int = HEIGHT
    left: float = 46
    right: float = 14
    top: float = 16
    bottom: float = 46
    boxes: list[Box] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    texts: list[ChartText] = field(default_factory=list)
    legend: list[LegendKey] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    data_columns: tuple[str, ...] = ()
    data_rows: tuple[tuple[str, ...], ...] = ()

    @property
    def area_width(self) -> float:
        return self.width - self.left - self.right

    def x(self, share: float) -> float:
        """Position of a share, 0 to 1, of the plotting area's width."""
        return self.left + share * self.area_width

    def y(self, value: float) -> float:
        span = (self.high - self.low) or 1
        return self.height - self.bottom - (value - self.low) / span * (self.height - self.top - self.bottom)

    def y_axis(self, ticks: Sequence[float], text: Callable[[float], str] = "{:g}".format) -> None:
        """A line and a figure for each of `ticks`; the lowest value's line is the axis."""
        for tick in ticks:
            y = self.y(tick)
            self.across(y, "axis" if tick == self.low else "grid")
            self.text(self.left - 6, y + 4, text(tick), "end")

    def x_tick(self, x: float, text: str) -> None:
        self.text(x, self.height - self.bottom + 16, text)

    def across(self, y: float, kind: str) -> None:
        """A line over the whole width of the plotting area."""
        self.segment(self.left, y, self.width - self.right, y, kind)

    def threshold(self, value: float) -> None:
        self.across(self.y(value), "threshold")

    def segment(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        self.segments.append(Segment(num(x1), num(y1), num(x2), num(y2), kind))

    def whisker(self, x: float, low: float, high: float, kind: str = "whisker", *, cap: float = 0) -> None:
        """From value `low` to value `high`, with a line of `cap` to each side at both ends."""
        ends = self.y(low), self.y(high)
        self.segment(x, ends[0], x, ends[1], kind)
        for y in ends if cap else ():
            self.segment(x - cap, y, x + cap, y, kind)

    def box(self, left: float, top: float, width: float, height: float, kind: str, tip: str = "") -> None:
        self.boxes.append(Box(num(left), num(top), num(width), num(height), kind, tip))

    def bar(
        self,
        left: float,
        width: float,
        span: tuple[float, float],
        kind: str,
        tip: str = "",
        *,
        least: float = 0,
    ) -> None:
        """Between two values, however they lie; at least `least` units high, so that a bar of nothing can be seen."""
        top, bottom = sorted(self.y(value) for value in span)
        self.box(left, top, width, max(bottom - top, least), kind, tip)

    def band(self, left: float, right: float, kind: str) -> None:
        """From the top of the plotting area to its bottom."""
        self.box(left, self.top, right - left, self.height - self.bottom - self.top, kind)

    def text(self, x: float, y: float, text: str, anchor: str = "middle", kind: str = "tick") -> None:
        self.texts.append(ChartText(num(x), num(y), text, anchor, kind))

    def point(self, x: float, y: float, tip: str, kind: str, shape: str = "circle") -> None:
        self.points.append(mark(x, y, tip, kind, shape))

    def line(
        self,
        name: str,
        d: str,
        kind: str,
        points: Iterable[Point] = (),
        *,
        values: Iterable[ChartText] = (),
        lit: bool = False,
    ) -> None:
        """`d`: path data (`shapes.path`, `shapes.steps`)."""
        self.lines.append(Line(name, d, kind, tuple(points), tuple(values), lit))

    def key(self, name: str, kind: str, shape: str = "circle") -> None:
        """An entry of the legend."""
        self.legend.append(LegendKey(name, kind, shape))

    def table(self, columns: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
        """The same for people who read tables."""
        self.columns, self.rows = tuple(columns), tuple(map(tuple, rows))

    def data(self, columns: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
        """The same for programs: one figure a cell."""
        self.data_columns, self.data_rows = tuple(columns), tuple(map(tuple, rows))

    def chart(
        self, slug: str, title: str, description: str, n: str, *, x_label: str = "", y_label: str = ""
    ) -> Chart:
        """What was drawn. `n`: of whom or what it is, in words."""
        return Chart(
            slug=slug,
            title=title,
            description=description,
            n=n,
            width=self.width,
            height=self.height,
            columns=self.columns,
            rows=self.rows,
            x_label=x_label,
            y_label=y_label,
            boxes=tuple(self.boxes),
            segments=tuple(self.segments),
            lines=tuple(self.lines),
            points=tuple(self.points),
            texts=tuple(self.texts),
            legend=tuple(self.legend),
            data_columns=self.data_columns,
            data_rows=self.data_rows,
        )
