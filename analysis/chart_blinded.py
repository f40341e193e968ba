"""Charts of conduct: how visits kept their windows, and whether periods began alike."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.chart_shapes import Box, Chart, Frame, Key, Point, Rule, num, ticks
from analysis.domain.spread import Spread

WIDTH, HEIGHT = 460, 280
# What a visit that was due can be besides in its window, from the least to the most in need of attention.
EXCEPTIONS = {
    "early": gettext_lazy("early"),
    "late": gettext_lazy("late"),
    "missed": gettext_lazy("missed"),
    "overdue": gettext_lazy("overdue"),
}
STATES = {"in_window": gettext_lazy("in the window"), **EXCEPTIONS}


def timeliness(visits: Sequence[tuple[str, Mapping[str, int]]], *, as_of: str) -> Chart:
    """One bar a visit: how many of those due were not in their window, and how. `visits`: (label, state → count)."""
    exceptions = [sum(counts.get(state, 0) for state in EXCEPTIONS) for _label, counts in visits]
    marks = [mark for mark in ticks(0, max([*exceptions, 4]), 4) if mark == int(mark)]
    frame = Frame(WIDTH, HEIGHT, 0, marks[-1])
    frame.draw_y(marks)
    boxes: list[Box] = []
    slot = 1 / max(len(visits), 1)
    for place, (label, counts) in enumerate(visits):
        frame.draw_x(frame.x((place + 0.5) * slot), label)
        boxes += _stack(frame, label, counts, (frame.x((place + 0.2) * slot), frame.x((place + 0.8) * slot)))
    due, outside = sum(_due(counts) for _label, counts in visits), sum(exceptions)
    return Chart(
        slug="timeliness",
        title=_("Visits outside their windows"),
        description=_(
            "%(outside)s of the visits due until %(day)s were early, late or missed, or are overdue; all periods."
        )
        % {"outside": _share(outside, due), "day": as_of},
        n=f"n = {due}",
        width=WIDTH,
        height=HEIGHT,
        y_label=_("Visits"),
        boxes=tuple(boxes),
        rules=tuple(frame.rules),
        texts=tuple(frame.texts),
        legend=tuple(Key(str(name), f"part {state}", "square") for state, name in EXCEPTIONS.items()),
        columns=(_("Visit"), *map(str, STATES.values()), _("due")),
        rows=tuple(
            (
                label,
                *(_share(counts.get(state, 0), _due(counts)) for state in STATES),
                str(_due(counts)),
            )
            for label, counts in visits
        ),
        data_columns=("visit", "state", "visits"),
        data_rows=tuple(
            (label, state, str(counts.get(state, 0))) for label, counts in visits for state in STATES
        ),
    )


def _due(counts: Mapping[str, int]) -> int:
    return sum(counts.get(state, 0) for state in STATES)


def _stack(frame: Frame, label: str, counts: Mapping[str, int], edges: tuple[float, float]) -> list[Box]:
    """The exceptions of one visit, one on the other."""
    (left, right), below, boxes = edges, 0, []
    for state, name in EXCEPTIONS.items():
        if not (count := counts.get(state, 0)):
            continue
        top, bottom = frame.y(below + count), frame.y(below)
        tip = f"{label}, {name}: {_share(count, _due(counts))}"
        boxes.append(Box(num(left), num(top), num(right - left), num(bottom - top), f"part {state}", tip))
        below += count
    return boxes


def _share(count: int, n: int) -> str:
    return f"{count}/{n}, {100 * count / n:.0f} %" if n else _("none due")


def baselines(spreads: Sequence[tuple[str, Spread]], *, score: str, said: str, maximum: float) -> Chart:
    """A box for each period: quartiles, whiskers to the ends, the mean as a diamond. `said`: the paired difference."""
    frame = Frame(WIDTH, HEIGHT, 0, maximum)
    frame.draw_y([tick for tick in ticks(0, maximum) if tick <= maximum])
    boxes, points = [], []
    slot = 1 / max(len(spreads), 1)
    for place, (label, one) in enumerate(spreads):
        middle, half = (
            frame.x((place + 0.5) * slot),
            min(0.16 * slot, 0.09) * (WIDTH - frame.left - frame.right),
        )
        frame.draw_x(middle, f"{label} (n = {one.n})")
        top, bottom = frame.y(one.third_quartile), frame.y(one.first_quartile)
        boxes.append(
            Box(
                num(middle - half),
                num(top),
                num(2 * half),
                num(max(bottom - top, 1)),
                "quartiles s1",
                _tip(label, one),
            )
        )
        for a, b in ((one.low, one.first_quartile), (one.third_quartile, one.high)):
            frame.rules.append(Rule(num(middle), num(frame.y(a)), num(middle), num(frame.y(b)), "whisker"))
        level = num(frame.y(one.median))
        frame.rules.append(Rule(num(middle - half), level, num(middle + half), level, "whisker"))
        tip = _("%(period)s, mean %(mean).1f") % {"period": label, "mean": one.mean}
        points.append(Point(num(middle), num(frame.y(one.mean)), tip, "s2", "diamond"))
    n = max((one.n for _label, one in spreads), default=0)
    return Chart(
        slug="baselines",
        title=_("%(score)s at the start of each period") % {"score": score},
        description=said,
        n=_("n up to %(n)d") % {"n": n},
        width=WIDTH,
        height=HEIGHT,
        y_label=_("%(score)s total at baseline, points") % {"score": score},
        boxes=tuple(boxes),
        rules=tuple(frame.rules),
        points=tuple(points),
        texts=tuple(frame.texts),
        legend=(Key(_("quartiles and median"), "s1", "square"), Key(_("mean"), "s2", "diamond")),
        columns=(_("Period"), "n", _("Mean"), _("SD"), _("Lowest"), "Q1", _("Median"), "Q3", _("Highest")),
        rows=tuple(
            (
                label,
                str(one.n),
                f"{one.mean:.1f}",
                _("not defined") if one.sd is None else f"{one.sd:.1f}",
                *(
                    f"{value:g}"
                    for value in (one.low, one.first_quartile, one.median, one.third_quartile, one.high)
                ),
            )
            for label, one in spreads
        ),
    )


def _tip(label: str, one: Spread) -> str:
    return _(
        "%(period)s: median %(median)g, quartiles %(q1)g and %(q3)g, from %(low)g to %(high)g, n = %(n)d"
    ) % {
        "period": label,
        "median": one.median,
        "q1": one.first_quartile,
        "q3": one.third_quartile,
        "low": one.low,
        "high": one.high,
        "n": one.n,
    }
