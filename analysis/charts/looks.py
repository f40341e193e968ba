"""Charts of the closed report: the monitored statistic against its boundary, and means by treatment.

Unblinded: only pages and workers of the closed side may call these.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from analysis.charts.builder import ChartBuilder
from analysis.charts.shapes import Chart, mark, path, ticks

SHAPES = ("circle", "square", "diamond", "cross")
OTHER_KINDS = (("s3", "circle"), ("s4", "cross"), ("s3", "square"))


@dataclass(frozen=True, slots=True)
class LookPoint:
    """A look at so many completers. `boundary` is None where nothing crosses, `z` where it is not of these figures;
    whether z has `crossed` is for the test to say. `planned`: not made yet."""

    number: int
    completers: int
    boundary: float | None
    z: float | None
    crossed: bool = False
    planned: bool = False


def boundary(
    looks: Sequence[LookPoint],
    *,
    name: str,
    sides: int = 2,
    others: Sequence[tuple[str, Sequence[float | None]]] = (),
) -> Chart:
    """The statistic z at each look, against the boundary that stops the trial; `name`: of the boundary.

    `others`: further boundaries to compare, (name, z at each look); they are not the trial's own.
    """
    values = [value for look in looks for value in (look.boundary, look.z) if value is not None]
    values += [value for _name, line in others for value in line if value is not None]
    high = max([abs(value) for value in values] + [3.0])
    marks = ticks(-high if sides == 2 and any(v < 0 for v in values) else 0, high)
    builder = ChartBuilder(marks[0], marks[-1])
    builder.y_axis(marks)
    last = max([look.completers for look in looks] + [1])
    places = [builder.x(look.completers / last * 0.94) for look in looks]
    for x, look in zip(places, looks, strict=True):
        _look(builder, x, look, near_end=look.completers / last > 0.8)
    own = [look.boundary for look in looks]
    _edge(builder, places, looks, name, own, "s2", "square")
    if marks[0] < 0:
        _edge(builder, places, looks, name, [None if z is None else -z for z in own], "s2", "square")
    builder.key(name, "s2", "square")
    builder.key(_("observed z"), "s1", "diamond")
    for place, (other, line) in enumerate(others):
        kind, shape = OTHER_KINDS[place % 3]
        _edge(builder, places, looks, other, line, kind, shape, look="thin dashed")
        builder.key(other, kind, shape)
    _boundary_table(builder, looks, others)
    return builder.chart(
        "boundary",
        _("Response by treatment, against the stopping boundary"),
        _boundary_sentence(looks),
        _("looks: %(n)d") % {"n": len(looks)},
        x_label=_("Completers"),
        y_label="z",
    )


def _boundary_table(
    builder: ChartBuilder, looks: Sequence[LookPoint], others: Sequence[tuple[str, Sequence[float | None]]]
) -> None:
    builder.table(
        (_("Look"), _("Completers"), _("Boundary z"), _("Observed z"), *(other for other, _line in others)),
        [
            (
                _look_name(look),
                str(look.completers),
                _boundary_figure(look.boundary),
                _z_figure(look),
                *(_boundary_figure(line[index]) for _other, line in others),
            )
            for index, look in enumerate(looks)
        ],
    )


def _look(builder: ChartBuilder, x: float, look: LookPoint, *, near_end: bool) -> None:
    """Its line and label, and its z where there is one."""
    label = _("look %(number)d, n = %(n)d") if not look.planned else _("look %(number)d, planned n = %(n)d")
    label = label % {"number": look.number, "n": look.completers}
    builder.segment(x, builder.top, x, builder.y(builder.low), "grid")
    builder.text(x, builder.height - 30, label, "end" if near_end else "middle")
    if look.z is not None:
        builder.point(x, builder.y(look.z), _look_tip(look), _look_kind(look), "diamond")


def _edge(
    builder: ChartBuilder,
    places: Sequence[float],
    looks: Sequence[LookPoint],
    name: str,
    line: Sequence[float | None],
    kind: str,
    shape: str,
    look: str = "",
) -> None:
    """A boundary: its z at each look, where it has one there. `look`: of the line, besides its kind."""
    spots = [
        (x, builder.y(z), at.number, z) for x, at, z in zip(places, looks, line, strict=True) if z is not None
    ]
    points = [
        mark(
            x,
            y,
            _("%(name)s, look %(number)d: %(z).3f") % {"name": name, "number": number, "z": z},
            kind,
            shape,
        )
        for x, y, number, z in spots
    ]
    builder.line(name, path([(x, y) for x, y, _number, _z in spots]), f"{kind} {look}".strip(), points)


def _look_kind(look: LookPoint) -> str:
    return "s1 crossed" if look.crossed else "s1"


def _look_tip(look: LookPoint) -> str:
    return _("Look %(number)d, %(n)d completers: z = %(z).3f, boundary %(boundary)s") % {
        "number": look.number,
        "n": look.completers,
        "z": look.z,
        "boundary": _boundary_figure(look.boundary),
    }


def _boundary_sentence(looks: Sequence[LookPoint]) -> str:
    done = [look for look in looks if look.z is not None]
    if not done:
        return _("No look has taken place.")
    last = done[-1]
    return _("Look %(number)d: z = %(z).3f against %(boundary)s, boundary %(verdict)s.") % {
        "number": last.number,
        "z": last.z,
        "boundary": _boundary_figure(last.boundary),
        "verdict": _("crossed") if last.crossed else _("not crossed"),
    }


def _look_name(look: LookPoint) -> str:
    return _("%(n)d (planned)") % {"n": look.number} if look.planned else str(look.number)


def _z_figure(look: LookPoint) -> str:
    if look.z is not None:
        return f"{look.z:.3f}"
    return _("not taken yet") if look.planned else _("in its own report")


def _boundary_figure(value: float | None) -> str:
    return _("no error left") if value is None else f"{value:.3f}"


def means(
    arms: Sequence[tuple[str, Sequence[tuple[float | None, int]]]],
    visits: Sequence[tuple[str, int]],
    *,
    maximum: float,
    score: str,
) -> Chart:
    """Mean totals by visit, one line a treatment. `arms`: (label, (mean or None, n) by visit); `visits`:
    (label, day), in order."""
    builder = ChartBuilder(0, maximum)
    builder.y_axis([tick for tick in ticks(0, maximum) if tick <= maximum])
    places = [builder.x((index + 0.5) / max(len(visits), 1)) for index in range(len(visits))]
    for x, (_label, day) in zip(places, visits, strict=True):
        builder.x_tick(x, str(day))
    for place, (arm, values) in enumerate(arms):
        series = f"s{place % 4 + 1}", SHAPES[place % len(SHAPES)]
        _arm_means(builder, places, arm, values, [label for label, _day in visits], series)
    builder.table(
        (_("Treatment"), *(label for label, _day in visits)),
        [
            (arm, *(_("not done") if mean is None else f"{mean:.1f} (n = {n})" for mean, n in values))
            for arm, values in arms
        ],
    )
    most = max((n for _arm, values in arms for _mean, n in values), default=0)
    return builder.chart(
        "means",
        _("Mean %(score)s total by treatment") % {"score": score},
        _("Means over the completers; a gap is a visit without ratings."),
        f"n = {most}",
        x_label=_("Day of the period (not to scale)"),
        y_label=_("Mean %(score)s total") % {"score": score},
    )


def _arm_means(
    builder: ChartBuilder,
    places: Sequence[float],
    arm: str,
    values: Sequence[tuple[float | None, int]],
    visits: Sequence[str],
    series: tuple[str, str],
) -> None:
    """The line of a treatment, its points and its key, in the colour and the shape of `series`."""
    spots = [
        None if mean is None else (x, builder.y(mean)) for x, (mean, _n) in zip(places, values, strict=True)
    ]
    points = [
        mark(*spot, f"{arm}, {label}: {mean:.1f}, n = {n}", *series)
        for spot, (mean, n), label in zip(spots, values, visits, strict=True)
        if spot and mean is not None
    ]
    builder.line(arm, path(spots), series[0], points)
    builder.key(arm, *series)
