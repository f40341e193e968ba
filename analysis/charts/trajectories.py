"""Each participant's totals through the visits of every period, with the windows in which visits were due."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.charts.builder import ChartBuilder
from analysis.charts.shapes import Chart, ChartText, Point, mark, num, path, ticks

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

    builder: ChartBuilder
    periods: Sequence[int]
    first: int
    last: int

    def x(self, period: int, day: float) -> float:
        each = self.builder.area_width / len(self.periods)
        start = self.builder.left + self.periods.index(period) * each
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
    builder = ChartBuilder(0, maximum, max(460, WIDTH * len(periods)), HEIGHT, top=30, right=66)
    builder.y_axis([tick for tick in ticks(0, maximum, 5) if tick <= maximum])
    axis = _axis(builder, periods, lines, visits)
    for period in periods:
        _windows(axis, period, visits)
    if remission_max is not None:
        _remission(builder, remission_max)
    for line in lines:
        _line(axis, line, visits, lit=line.participant == lit)
    builder.key(_("in its window"), "s1")
    builder.key(_("outside its window"), "s1", "diamond")
    builder.table(
        (_("Participant"), _("Period"), *(visit.label for visit in visits)),
        [(line.participant, str(line.period), *(_cell(line, visit) for visit in visits)) for line in lines],
    )
    participants = len({line.participant for line in lines})
    return builder.chart(
        "trajectories",
        _("%(score)s totals of each participant over the periods") % {"score": score},
        _(
            "One line for each participant in each period; a gap is a visit without a total. Bands are the"
            " windows of the visits; a diamond was rated outside its window."
        ),
        ngettext("n = %(n)d participant", "n = %(n)d participants", participants) % {"n": participants},
        x_label=_("Days since the period’s day 0"),
        y_label=_("%(score)s total, points") % {"score": score},
    )


def _axis(
    builder: ChartBuilder, periods: Sequence[int], lines: Sequence[Trajectory], visits: Sequence[VisitPlan]
) -> _Axis:
    days = [day for line in lines for day in line.days.values()]
    ends = [day for visit in visits for day in (visit.earliest, visit.latest, visit.day)] + days
    return _Axis(builder, periods, min(ends, default=0), max(ends, default=1))


def _remission(builder: ChartBuilder, most: int) -> None:
    builder.threshold(most)
    builder.text(builder.width - 62, builder.y(most) + 4, _("remission"), "start", "note")


def _windows(axis: _Axis, period: int, visits: Sequence[VisitPlan]) -> None:
    middle = (axis.x(period, axis.first) + axis.x(period, axis.last)) / 2
    axis.builder.text(middle, 18, _("Period %(number)d") % {"number": period}, kind="head")
    for visit in visits:
        # A little to each side: a window of one day has a width, and where two meet both can be seen.
        axis.builder.band(axis.x(period, visit.earliest - 0.2), axis.x(period, visit.latest + 0.2), "window")
        axis.builder.x_tick(axis.x(period, visit.day), str(visit.day))


def _line(axis: _Axis, line: Trajectory, visits: Sequence[VisitPlan], *, lit: bool) -> None:
    places: list[tuple[float, float] | None] = []
    points: list[Point] = []
    values: list[ChartText] = []
    for visit in visits:
        total = line.totals.get(visit.code)
        if total is None:
            places.append(None)
            continue
        x, y = axis.x(line.period, line.days.get(visit.code, visit.day)), axis.builder.y(total)
        places.append((x, y))
        shape = "diamond" if visit.code in line.outside else "circle"
        points.append(mark(x, y, _tip(line, visit, total), "s1", shape))
        values.append(ChartText(num(x), num(y - 9), str(total), kind="value"))
    axis.builder.line(line.participant, path(places), "s1 thin", points, values=values, lit=lit)


def _tip(line: Trajectory, visit: VisitPlan, total: int) -> str:
    tip = _("%(who)s, period %(period)d, %(visit)s: %(total)d") % {
        "who": line.participant,
        "period": line.period,
        "visit": visit.label,
        "total": total,
    }
    if visit.code in line.outside:
        return _("%(tip)s, outside its window, day %(day)d") % {"tip": tip, "day": line.days[visit.code]}
    return tip


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
