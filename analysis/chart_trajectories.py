"""Each participant's totals through the visits of every period, with the windows in which visits were due."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.chart_shapes import Box, Chart, Frame, Key, Line, Point, Rule, Text, num, path, ticks

WIDTH, HEIGHT, GAP = 430, 330, 36


@dataclass(frozen=True, slots=True)
class VisitPlan:
    """A visit of the protocol: its day, and the first and last day of its window, from the period's day 0."""

    code: str
    label: str
    day: int
    earliest: int
    latest: int


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Totals of one participant in one period, by visit code; None where there is no total.

    `days`: the day on which the visit took place, where it is known. `outside`: visits out of their window.
    """

    participant: str
    period: int
    totals: dict[str, int | None]
    days: dict[str, int] = field(default_factory=dict)
    outside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Axis:
    """Days of each period, side by side."""

    frame: Frame
    periods: Sequence[int]
    first: int
    last: int

    def x(self, period: int, day: float) -> float:
        each = (self.frame.width - self.frame.left - self.frame.right) / len(self.periods)
        start = self.frame.left + self.periods.index(period) * each
        return start + 8 + (day - self.first) / ((self.last - self.first) or 1) * (each - GAP)


def trajectories(
    lines: Sequence[Trajectory],
    visits: Sequence[VisitPlan],
    *,
    maximum: int,
    score: str,
    remission_max: int | None = None,
    lit: str = "",
) -> Chart:
    """One line for each participant through the days of each period, the periods side by side.

    `visits` in order, the baseline among them; `maximum`: the upper end of the axis of totals; `lit`: the
    participant whose lines stand out.
    """
    periods = sorted({line.period for line in lines}) or [1]
    frame = Frame(max(460, WIDTH * len(periods)), HEIGHT, 0, maximum, top=30, right=66)
    frame.draw_y([tick for tick in ticks(0, maximum, 5) if tick <= maximum])
    days = [day for line in lines for day in line.days.values()]
    ends = [day for visit in visits for day in (visit.earliest, visit.latest, visit.day)] + days
    axis = _Axis(frame, periods, min(ends, default=0), max(ends, default=1))
    boxes = [box for period in periods for box in _windows(axis, period, visits)]
    if remission_max is not None:
        y = frame.y(remission_max)
        frame.rules.append(Rule(num(frame.left), num(y), num(frame.width - frame.right), num(y), "threshold"))
        frame.texts.append(Text(num(frame.width - 62), num(y + 4), _("remission"), "start", "note"))
    people = len({line.participant for line in lines})
    return Chart(
        slug="trajectories",
        title=_("%(score)s totals of each participant over the periods") % {"score": score},
        description=_(
            "One line for each participant in each period; a gap is a visit without a total. Bands are the"
            " windows of the visits; a diamond was rated outside its window."
        ),
        n=ngettext("n = %(n)d participant", "n = %(n)d participants", people) % {"n": people},
        width=frame.width,
        height=frame.height,
        x_label=_("Days since the period’s day 0"),
        y_label=_("%(score)s total, points") % {"score": score},
        boxes=tuple(boxes),
        rules=tuple(frame.rules),
        texts=tuple(frame.texts),
        lines=tuple(_line(line, visits, axis, line.participant == lit) for line in lines),
        legend=(Key(_("in its window"), "s1"), Key(_("outside its window"), "s1", "diamond")),
        columns=(_("Participant"), _("Period"), *(visit.label for visit in visits)),
        rows=tuple(
            (line.participant, str(line.period), *(_cell(line, visit) for visit in visits)) for line in lines
        ),
    )


def _windows(axis: _Axis, period: int, visits: Sequence[VisitPlan]) -> list[Box]:
    frame = axis.frame
    middle = (axis.x(period, axis.first) + axis.x(period, axis.last)) / 2
    frame.texts.append(Text(num(middle), "18", _("Period %(number)d") % {"number": period}, kind="head"))
    boxes = []
    for visit in visits:
        # A little to each side: a window of one day has a width, and where two meet both can be seen.
        left, right = axis.x(period, visit.earliest - 0.2), axis.x(period, visit.latest + 0.2)
        height = frame.height - frame.bottom - frame.top
        boxes.append(Box(num(left), num(frame.top), num(right - left), num(height), "window"))
        frame.draw_x(axis.x(period, visit.day), str(visit.day))
    return boxes


def _line(line: Trajectory, visits: Sequence[VisitPlan], axis: _Axis, lit: bool) -> Line:
    places: list[tuple[float, float] | None] = []
    points, values = [], []
    for visit in visits:
        total = line.totals.get(visit.code)
        if total is None:
            places.append(None)
            continue
        x, y = axis.x(line.period, line.days.get(visit.code, visit.day)), axis.frame.y(total)
        places.append((x, y))
        outside = visit.code in line.outside
        tip = _("%(who)s, period %(period)d, %(visit)s: %(total)d") % {
            "who": line.participant,
            "period": line.period,
            "visit": visit.label,
            "total": total,
        }
        if outside:
            tip = _("%(tip)s, outside its window, day %(day)d") % {"tip": tip, "day": line.days[visit.code]}
        points.append(Point(num(x), num(y), tip, "s1", "diamond" if outside else "circle"))
        values.append(Text(num(x), num(y - 9), str(total), kind="value"))
    return Line(line.participant, path(places), "s1 thin", tuple(points), tuple(values), lit)


def _cell(line: Trajectory, visit: VisitPlan) -> str:
    total = line.totals.get(visit.code)
    if total is None:
        return _("not done")
    if visit.code in line.outside:
        return _("%(total)d (day %(day)d, outside its window)") % {
            "total": total,
            "day": line.days[visit.code],
        }
    return str(total)
