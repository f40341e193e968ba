"""From the figures of the board's report to what its charts ask for. Unblinded."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.board_flags import NEVER, looks_shown
from analysis.board_tables import BOUNDARIES, boundary_names
from analysis.chart_looks import LookPoint, boundary, means
from analysis.chart_shapes import Chart
from enrollment.domain.protocol import Protocol


def power_marks(z: float, chance: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """Points of the curve with a name; the effect planned for only where it points as the data do."""
    marks = [(_("no effect"), 0.0, chance["null"]), (_("the effect seen so far"), *chance["trend"])]
    if chance["design"] and chance["design"][0] * z > 0:
        marks.append((_("the effect planned for"), abs(chance["design"][0]), chance["design"][1]))
    return marks


def boundary_chart(shown: Mapping[str, Any]) -> Chart:
    """The looks as the test has them: each made with its own boundaries, the others as planned."""
    looks = looks_shown(shown)
    points = [
        LookPoint(
            look.number,
            look.completers,
            limit(look.boundaries[shown["spending"]]),
            look.z,
            look.crossed,
            look.planned,
        )
        for look in looks
    ]
    others = [
        (str(BOUNDARIES[name]), [limit(look.boundaries[name]) for look in looks])
        for name in boundary_names(shown)[1:]
    ]
    planned = _("%(name)s (planned)") % {"name": BOUNDARIES[shown["spending"]]}
    return boundary(points, name=planned, sides=shown["sides"], others=others)


def limit(z: float) -> float | None:
    """None where no z crosses."""
    return z if z < NEVER else None


def pattern_counts(shown: Mapping[str, Any], labels: Mapping[str, str]) -> list[tuple[str, int]]:
    first, second = (labels[code] for code in shown["compare"])
    if shown.get("periods", 1) > 1:
        return [
            (_("More often with %(arm)s") % {"arm": first}, shown["only_first"]),
            (_("More often with %(arm)s") % {"arm": second}, shown["only_second"]),
            (_("As often with both"), shown["both"]),
            (_("Response with neither"), shown["neither"]),
        ]
    return [
        (_("Response only with %(arm)s") % {"arm": first}, shown["only_first"]),
        (_("Response only with %(arm)s") % {"arm": second}, shown["only_second"]),
        (_("Response with both"), shown["both"]),
        (_("Response with neither"), shown["neither"]),
    ]


def means_chart(rules: Protocol, results: Mapping[str, Any]) -> Chart:
    arms = results["arms"]
    known = [visit["mean"] for arm in arms for visit in arm["visits"] if visit["mean"] is not None]
    return means(
        [(arm["label"], [(visit["mean"], visit["n"]) for visit in arm["visits"]]) for arm in arms],
        [(visit["label"], visit["day"]) for visit in (arms[0]["visits"] if arms else [])],
        maximum=max(10, -(-max(known, default=0) // 10) * 10),
        score=rules.endpoints.instrument,
    )
