"""The vital signs of the day as a drawing: pressures and pulse over the minutes since the start, with their limits."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from assessments.domain.form import Form
from assessments.domain.infusion_day import DayCourse
from assessments.domain.values import Value

WIDTH, HEIGHT = 760, 300
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 16, 34
SERIES = ("SYSBP", "DIABP", "PULSE")
# Of the marks: no two series by colour alone.
SHAPES = {"SYSBP": "circle", "DIABP": "square", "PULSE": "diamond"}
LOWEST, HIGHEST = 40, 180
Scale = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One row. `values`: item → number; `outside`: items beyond their limits."""

    at: datetime
    values: dict[str, int]
    outside: frozenset[str]


@dataclass(frozen=True, slots=True)
class PlotPoint:
    x: str
    y: str
    text: str
    outside: bool


@dataclass(frozen=True, slots=True)
class PlotSeries:
    code: str
    label: str
    shape: str
    line: str
    points: tuple[PlotPoint, ...]


@dataclass(frozen=True, slots=True)
class PlotLine:
    """A line across: an event at `x`, or a limit or a tick at `y`."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    title: str
    series: tuple[PlotSeries, ...]
    events: tuple[PlotLine, ...]
    limits: tuple[PlotLine, ...]
    levels: tuple[PlotLine, ...]
    minutes: tuple[PlotLine, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def measurement(form: Form, at: datetime, values: dict[str, Value]) -> Measurement:
    """A row of vital signs, with what of it is outside the form's usual limits."""
    numbers = {code: value for code, value in values.items() if type(value) is int}
    outside = frozenset(
        code
        for code, number in numbers.items()
        for item in [form.by_code[code]]
        if (item.usual_minimum is not None and number < item.usual_minimum)
        or (item.usual_maximum is not None and number > item.usual_maximum)
    )
    return Measurement(at, numbers, outside)


def plot_of(
    form: Form, rows: Sequence[Measurement], course: DayCourse, until: int, language: str
) -> Plot | None:
    """None while nothing is measured."""
    if not rows:
        return None
    origin = course.start or rows[0].at
    minutes = [_minutes(origin, row.at) for row in rows]
    first = min(_minutes(origin, course.capsule) - 5 if course.capsule else -10, *minutes)
    last = max(until, *minutes)
    top = max([HIGHEST, *(value for row in rows for code in SERIES if (value := row.values.get(code)))])

    def x(minute: float) -> str:
        return f"{LEFT + (minute - first) / (last - first) * (WIDTH - LEFT - RIGHT):.1f}"

    def y(value: float) -> str:
        return f"{HEIGHT - BOTTOM - (value - LOWEST) / (top - LOWEST) * (HEIGHT - TOP - BOTTOM):.1f}"

    series = []
    for code in SERIES:
        label = form.by_code[code].label.text(language)
        points = tuple(
            PlotPoint(x(minute), y(row.values[code]), f"{label} {row.values[code]}", code in row.outside)
            for minute, row in zip(minutes, rows, strict=True)
            if code in row.values
        )
        line = " ".join(f"{point.x},{point.y}" for point in points)
        series.append(PlotSeries(code, label, SHAPES[code], line, points))
    return Plot(
        title=_("Vital signs by minutes since the start")
        if course.start
        else _("Vital signs by minutes since the first measurement"),
        series=tuple(series),
        events=tuple(_events(course, origin, x)),
        limits=tuple(_limits(form, y)),
        levels=tuple(PlotLine(y(level), str(level)) for level in range(LOWEST, int(top) + 1, 20)),
        minutes=tuple(
            PlotLine(x(minute), str(minute)) for minute in range(-60, last + 1, 30) if minute >= first
        ),
    )


def _events(course: DayCourse, origin: datetime, x: Scale) -> Iterable[PlotLine]:
    for moment, text in (
        (course.capsule, _("Capsule")), (course.start, _("Start")), (course.stop, _("Stop")),
    ):  # fmt: skip
        if moment:
            yield PlotLine(x(_minutes(origin, moment)), text)


def _limits(form: Form, y: Scale) -> Iterable[PlotLine]:
    for code, text in (("SYSBP", _("systolic limit")), ("DIABP", _("diastolic limit"))):
        maximum = form.by_code[code].usual_maximum
        if maximum is not None:
            yield PlotLine(y(float(maximum)), f"{text} {float(maximum):g}")


def _minutes(origin: datetime, moment: datetime) -> int:
    return round((moment - origin) / timedelta(minutes=1))
