"""Charts of conduct: how visits kept their windows, and whether periods began alike."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.charts.builder import ChartBuilder
from analysis.charts.shapes import Chart, ticks
from analysis.domain.spread import Spread

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
    marks = [tick for tick in ticks(0, max([*exceptions, 4]), 4) if tick == int(tick)]
    builder = ChartBuilder(0, marks[-1])
    builder.y_axis(marks)
    slot = 1 / max(len(visits), 1)
    for place, (label, counts) in enumerate(visits):
        builder.x_tick(builder.x((place + 0.5) * slot), label)
        left, right = builder.x((place + 0.2) * slot), builder.x((place + 0.8) * slot)
        _stack(builder, label, counts, left, right - left)
    for state, name in EXCEPTIONS.items():
        builder.key(str(name), f"part {state}", "square")
    builder.table(
        (_("Visit"), *map(str, STATES.values()), _("due")),
        [
            (label, *(_share(counts.get(state, 0), _due(counts)) for state in STATES), str(_due(counts)))
            for label, counts in visits
        ],
    )
    builder.data(
        ("visit", "state", "visits"),
        [(label, state, str(counts.get(state, 0))) for label, counts in visits for state in STATES],
    )
    due, outside = sum(_due(counts) for _label, counts in visits), sum(exceptions)
    return builder.chart(
        "timeliness",
        _("Visits outside their windows"),
        _(
            "%(outside)s of the visits due until %(day)s were early, late or missed, or are overdue; all periods. Due: its"
            " window ended while the participant was in the study, whether or not they left later, or it took place."
        )
        % {"outside": _share(outside, due), "day": as_of},
        f"n = {due}",
        y_label=_("Visits"),
    )


def _due(counts: Mapping[str, int]) -> int:
    return sum(counts.get(state, 0) for state in STATES)


def _stack(builder: ChartBuilder, label: str, counts: Mapping[str, int], left: float, width: float) -> None:
    """The exceptions of one visit, one on the other."""
    below = 0
    for state, name in EXCEPTIONS.items():
        if not (count := counts.get(state, 0)):
            continue
        tip = f"{label}, {name}: {_share(count, _due(counts))}"
        builder.bar(left, width, (below, below + count), f"part {state}", tip)
        below += count


def _share(count: int, n: int) -> str:
    return f"{count}/{n}, {100 * count / n:.0f} %" if n else _("none due")


def baselines(
    spreads: Sequence[tuple[str, Spread]], *, score: str, description: str, maximum: float
) -> Chart:
    """A box for each period: quartiles, whiskers to the ends, the mean as a diamond. `description`: of the paired
    difference."""
    builder = ChartBuilder(0, maximum)
    builder.y_axis([tick for tick in ticks(0, maximum) if tick <= maximum])
    slot = 1 / max(len(spreads), 1)
    half = min(0.16 * slot, 0.09) * builder.area_width
    for place, (label, spread) in enumerate(spreads):
        _quartiles(builder, label, spread, builder.x((place + 0.5) * slot), half)
    builder.key(_("quartiles and median"), "s1", "square")
    builder.key(_("mean"), "s2", "diamond")
    builder.table(
        (_("Period"), "n", _("Mean"), _("SD"), _("Lowest"), "Q1", _("Median"), "Q3", _("Highest")),
        [
            (
                label,
                str(spread.n),
                f"{spread.mean:.1f}",
                _("not defined") if spread.sd is None else f"{spread.sd:.1f}",
                *(f"{value:g}" for value in _five_numbers(spread)),
            )
            for label, spread in spreads
        ],
    )
    return builder.chart(
        "baselines",
        _("%(score)s at the start of each period") % {"score": score},
        description,
        _("n up to %(n)d") % {"n": max((spread.n for _label, spread in spreads), default=0)},
        y_label=_("%(score)s total at baseline, points") % {"score": score},
    )


def _quartiles(builder: ChartBuilder, label: str, spread: Spread, middle: float, half: float) -> None:
    builder.x_tick(middle, f"{label} (n = {spread.n})")
    quartiles = spread.first_quartile, spread.third_quartile
    builder.bar(middle - half, 2 * half, quartiles, "quartiles s1", _tip(label, spread), least=1)
    builder.whisker(middle, spread.low, spread.first_quartile)
    builder.whisker(middle, spread.third_quartile, spread.high)
    level = builder.y(spread.median)
    builder.segment(middle - half, level, middle + half, level, "whisker")
    tip = _("%(period)s, mean %(mean).1f") % {"period": label, "mean": spread.mean}
    builder.point(middle, builder.y(spread.mean), tip, "s2", "diamond")


def _five_numbers(spread: Spread) -> tuple[float, ...]:
    return spread.low, spread.first_quartile, spread.median, spread.third_quartile, spread.high


def _tip(label: str, spread: Spread) -> str:
    return _(
        "%(period)s: median %(median)g, quartiles %(q1)g and %(q3)g, from %(low)g to %(high)g, n = %(n)d"
    ) % {
        "period": label,
        "median": spread.median,
        "q1": spread.first_quartile,
        "q3": spread.third_quartile,
        "low": spread.low,
        "high": spread.high,
        "n": spread.n,
    }
