"""From the figures of the board's report to what its charts ask for. Unblinded."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from analysis.charts.looks import LookPoint, boundary, means
from analysis.charts.shapes import Chart
from analysis.monitoring.figures import ChancesLeft, MonitoringFigures, ReportFigures
from analysis.monitoring.flags import NEVER, looks_shown
from analysis.monitoring.tables import BOUNDARIES, boundary_names
from analysis.outcomes.rules import endpoint_instrument
from enrollment.protocol.model import Protocol


def power_marks(z: float, chance: ChancesLeft) -> list[tuple[str, float, float]]:
    """Points of the curve with a name; the effect planned for only where it points as the data do."""
    marks = [(_("no effect"), 0.0, chance.null), (_("the effect seen so far"), *chance.trend)]
    if chance.design and chance.design[0] * z > 0:
        marks.append((_("the effect planned for"), abs(chance.design[0]), chance.design[1]))
    return marks


def boundary_chart(figures: MonitoringFigures) -> Chart:
    """The looks as the test has them: each made with its own boundaries, the others as planned."""
    looks = looks_shown(figures)
    points = [
        LookPoint(
            look.number,
            look.completers,
            limit(look.boundaries[figures.spending]),
            look.z,
            look.crossed,
            look.planned,
        )
        for look in looks
    ]
    others = [
        (str(BOUNDARIES[name]), [limit(look.boundaries[name]) for look in looks])
        for name in boundary_names(figures)[1:]
    ]
    planned = _("%(name)s (planned)") % {"name": BOUNDARIES[figures.spending]}
    return boundary(points, name=planned, sides=figures.sides, others=others)


def limit(z: float) -> float | None:
    """None where no z crosses."""
    return z if z < NEVER else None


def pattern_counts(figures: MonitoringFigures, labels: Mapping[str, str]) -> list[tuple[str, int]]:
    first, second = (labels[code] for code in figures.compare)
    if figures.periods > 1:
        return [
            (_("More often with %(arm)s") % {"arm": first}, figures.only_first),
            (_("More often with %(arm)s") % {"arm": second}, figures.only_second),
            (_("As often with both"), figures.both),
            (_("Response with neither"), figures.neither),
        ]
    return [
        (_("Response only with %(arm)s") % {"arm": first}, figures.only_first),
        (_("Response only with %(arm)s") % {"arm": second}, figures.only_second),
        (_("Response with both"), figures.both),
        (_("Response with neither"), figures.neither),
    ]


def means_chart(protocol: Protocol, results: ReportFigures) -> Chart:
    arms = results.arms
    known = [visit.mean for arm in arms for visit in arm.visits if visit.mean is not None]
    return means(
        [(arm.label, [(visit.mean, visit.n) for visit in arm.visits]) for arm in arms],
        [(visit.label, visit.day) for visit in (arms[0].visits if arms else [])],
        maximum=max(10, -(-max(known, default=0) // 10) * 10),
        score=endpoint_instrument(protocol).short_name,
    )
