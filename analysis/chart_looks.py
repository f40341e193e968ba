"""Charts of the closed report: the monitored statistic against its boundary, and means by treatment.

Unblinded: only pages and workers of the closed side may call these.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from analysis.chart_shapes import Chart, Frame, Key, Line, Point, Rule, Text, num, path, ticks

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
    frame = Frame(460, 280, marks[0], marks[-1])
    frame.draw_y(marks)
    last = max([look.completers for look in looks] + [1])
    points, edge = [], []
    for look in looks:
        x = frame.x(look.completers / last * 0.94)
        label = (
            _("look %(number)d, n = %(n)d") if not look.planned else _("look %(number)d, planned n = %(n)d")
        )
        label = label % {"number": look.number, "n": look.completers}
        frame.rules.append(Rule(num(x), num(frame.top), num(x), num(frame.y(marks[0])), "grid"))
        near_end = look.completers / last > 0.8
        frame.texts.append(Text(num(x), num(280 - 30), label, "end" if near_end else "middle"))
        if look.boundary is not None:
            edge.append((x, frame.y(look.boundary), look))
        if look.z is not None:
            points.append(Point(num(x), num(frame.y(look.z)), _look_tip(look), _look_kind(look), "diamond"))
    lines = [_edge(edge, name, 1)]
    if marks[0] < 0:
        lines.append(_edge([(x, frame.y(-(look.boundary or 0)), look) for x, _y, look in edge], name, -1))
    for place, (other, line) in enumerate(others):
        lines.append(_other(frame, looks, last, other, line, place))
    return Chart(
        slug="boundary",
        title=_("Response by treatment, against the stopping boundary"),
        description=_boundary_sentence(looks),
        n=_("looks: %(n)d") % {"n": len(looks)},
        width=frame.width,
        height=frame.height,
        x_label=_("Completers"),
        y_label="z",
        rules=tuple(frame.rules),
        texts=tuple(frame.texts),
        lines=tuple(lines),
        points=tuple(points),
        legend=(
            Key(name, "s2", "square"),
            Key(_("observed z"), "s1", "diamond"),
            *(Key(other, *OTHER_KINDS[place % 3]) for place, (other, _line) in enumerate(others)),
        ),
        columns=(_("Look"), _("Completers"), _("Boundary z"), _("Observed z"), *(o for o, _line in others)),
        rows=tuple(
            (_look_name(look), str(look.completers), _boundary_figure(look.boundary), _z_figure(look),
             *(_boundary_figure(line[index]) for _other_name, line in others))
            for index, look in enumerate(looks)
        ),
    )  # fmt: skip


def _other(
    frame: Frame, looks: Sequence[LookPoint], last: int, name: str, line: Sequence[float | None], place: int
) -> Line:
    """A boundary to compare with: dashed, above 0 only."""
    kind, shape = OTHER_KINDS[place % 3]
    spots = [
        (frame.x(look.completers / last * 0.94), frame.y(z), look, z)
        for look, z in zip(looks, line, strict=True)
        if z is not None
    ]
    points = tuple(
        Point(
            num(x),
            num(y),
            _("%(name)s, look %(number)d: %(z).3f") % {"name": name, "number": look.number, "z": z},
            kind,
            shape,
        )
        for x, y, look, z in spots
    )
    return Line(name, path([(x, y) for x, y, _look, _z in spots]), f"{kind} thin dashed", points)


def _edge(edge: Sequence[tuple[float, float, LookPoint]], name: str, sign: int) -> Line:
    points = tuple(
        Point(
            num(x),
            num(y),
            _("%(name)s, look %(number)d: %(z).3f")
            % {"name": name, "number": look.number, "z": sign * (look.boundary or 0)},
            "s2",
            "square",
        )
        for x, y, look in edge
    )
    return Line(name, path([(x, y) for x, y, _look in edge]), "s2", points)


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
    return _("Look %(number)d: z = %(z).3f against %(boundary)s, boundary %(said)s.") % {
        "number": last.number,
        "z": last.z,
        "boundary": _boundary_figure(last.boundary),
        "said": _("crossed") if last.crossed else _("not crossed"),
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
    frame = Frame(460, 280, 0, maximum)
    frame.draw_y([tick for tick in ticks(0, maximum) if tick <= maximum])
    count = max(len(visits), 1)
    for index, (_label, day) in enumerate(visits):
        frame.draw_x(frame.x((index + 0.5) / count), str(day))
    lines = []
    for place, (arm, values) in enumerate(arms):
        shape = SHAPES[place % len(SHAPES)]
        spots = [
            None if mean is None else (frame.x((index + 0.5) / count), frame.y(mean))
            for index, (mean, _n) in enumerate(values)
        ]
        points = tuple(
            Point(
                num(spot[0]), num(spot[1]), f"{arm}, {label}: {mean:.1f}, n = {n}", f"s{place % 4 + 1}", shape
            )
            for spot, (mean, n), (label, _day) in zip(spots, values, visits, strict=True)
            if spot and mean is not None
        )
        lines.append(Line(arm, path(spots), f"s{place % 4 + 1}", points))
    people = max((n for _arm, values in arms for _mean, n in values), default=0)
    return Chart(
        slug="means",
        title=_("Mean %(score)s total by treatment") % {"score": score},
        description=_("Means over the completers; a gap is a visit without ratings."),
        n=f"n = {people}",
        width=frame.width,
        height=frame.height,
        x_label=_("Day of the period (not to scale)"),
        y_label=_("Mean %(score)s total") % {"score": score},
        rules=tuple(frame.rules),
        texts=tuple(frame.texts),
        lines=tuple(lines),
        legend=tuple(
            Key(arm, f"s{place % 4 + 1}", SHAPES[place % len(SHAPES)]) for place, (arm, _v) in enumerate(arms)
        ),
        columns=(_("Treatment"), *(label for label, _day in visits)),
        rows=tuple(
            (arm, *(_("not done") if mean is None else f"{mean:.1f} (n = {n})" for mean, n in values))
            for arm, values in arms
        ),
    )
