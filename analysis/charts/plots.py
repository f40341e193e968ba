"""The charts of the dashboards: data in, geometry out. Templates draw it; nothing here knows of HTML.

Why not a chart library: docs/decisions/0003-own-svg.md.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.blinded.proportion import Proportion
from analysis.charts.builder import WIDTH, ChartBuilder
from analysis.charts.shapes import Chart, mark, path, steps, ticks

SHAPES = ("circle", "square", "diamond", "cross")
HISTOGRAM_ABOVE = 12


def proportions(
    title: str,
    description: str,
    groups: Sequence[tuple[str, Sequence[Proportion]]],
    series: Sequence[str],
    *,
    slug: str = "pooled",
    x_label: str = "",
    part: str = "",
) -> Chart:
    """A point with its interval for each of `series` in each group (label, proportions)."""
    builder = ChartBuilder(0, 100)
    builder.y_axis([0, 20, 40, 60, 80, 100], "{:g} %".format)
    slot = 1 / max(len(groups), 1)
    apart = min(slot * 0.5 / max(len(series), 1), 0.06)
    for place, (label, values) in enumerate(groups):
        middle = (place + 0.5) * slot
        builder.x_tick(builder.x(middle), label)
        for index, value in enumerate(values):
            x = builder.x(middle + (index - (len(series) - 1) / 2) * apart)
            _interval(builder, value, x, index, f"{label}, {series[index]}")
    for index, name in enumerate(series):
        builder.key(name, f"s{index + 1}", SHAPES[index])
    _proportion_tables(builder, groups, series, part or _("Visit"))
    most = max((value.n for _label, values in groups for value in values), default=0)
    return builder.chart(
        slug,
        title,
        description,
        _("n up to %(n)d") % {"n": most},
        x_label=x_label,
        y_label=_("Per cent, 95 % interval"),
    )


def _proportion_tables(
    builder: ChartBuilder,
    groups: Sequence[tuple[str, Sequence[Proportion]]],
    series: Sequence[str],
    part: str,
) -> None:
    builder.table(
        (part, *series),
        [(label, *(proportion_text(value) for value in values)) for label, values in groups],
    )
    builder.data(
        ("group", "outcome", "count", "n", "percent", "low", "high"),
        [
            (label, name, str(value.count), str(value.n), *_percents(value))
            for label, values in groups
            for name, value in zip(series, values, strict=True)
        ],
    )


def _percents(value: Proportion) -> list[str]:
    return ["" if share is None else f"{share:.4f}" for share in (value.percent, value.low, value.high)]


def _interval(builder: ChartBuilder, value: Proportion, x: float, index: int, name: str) -> None:
    """The point of `value` at `x`, over a line from its lower to its upper limit; a dash where nobody counts."""
    if value.percent is None or value.low is None or value.high is None:
        builder.text(x, builder.y(2), "–", kind="note")
        return
    builder.whisker(x, value.low, value.high, f"interval s{index + 1}", cap=4)
    tip = f"{name}: {proportion_text(value)}"
    builder.point(x, builder.y(value.percent), tip, f"s{index + 1}", SHAPES[index])


def proportion_text(value: Proportion) -> str:
    """ "7/12, 58 % (28–85 %)"; without anybody evaluable it says so."""
    if value.percent is None or value.low is None or value.high is None:
        return _("none evaluable")
    return f"{value.count}/{value.n}, {value.percent:.0f} % ({value.low:.0f}–{value.high:.0f} %)"


def enrolment(
    days: Sequence[tuple[date, int]], planned: int, *, plan: Sequence[tuple[date, int]] = ()
) -> Chart:
    """Participants randomised until each day, as a staircase, against the planned number.

    `days`: (day, cumulative count), ascending. `plan`: the same as planned, when the protocol gives dates.
    """
    known = [day for day, _count in (*days, *plan)]
    start, end = min(known, default=date(2000, 1, 1)), max(known, default=date(2000, 1, 2))
    length = max((end - start).days, 1)
    top = max([planned, *(count for _day, count in (*days, *plan))])
    marks = ticks(0, top)
    builder = ChartBuilder(0, marks[-1])
    builder.y_axis(marks)

    def place(day: date, count: int) -> tuple[float, float]:
        return builder.x((day - start).days / length), builder.y(count)

    for share, anchor in ((0, "start"), (0.5, "middle"), (1, "end")) if known else ():
        day = start + timedelta(days=round(length * share))
        builder.text(place(day, 0)[0], builder.height - 30, date_text(day, "j M Y"), anchor)
    _planned(builder, planned)
    pointed = days if len(days) <= 120 else days[-1:]
    points = [mark(*place(day, count), _on_day(day, count), "s1") for day, count in pointed]
    builder.line(_("randomised"), steps([place(*day) for day in days]), "s1", points)
    if plan:
        builder.line(_("plan"), path([place(*day) for day in plan]), "s4 dashed")
    builder.table(
        (_("Day"), _("Randomised until then")),
        [(date_text(day, "j M Y"), str(count)) for day, count in days],
    )
    reached = days[-1][1] if days else 0
    return builder.chart(
        "enrolment",
        _("Participants randomised, against the plan"),
        _("%(n)d of %(planned)d planned participants are randomised.") % {"n": reached, "planned": planned},
        f"n = {reached}",
        x_label=_("Date of randomisation"),
        y_label=_("Participants"),
    )


def _planned(builder: ChartBuilder, planned: int) -> None:
    builder.threshold(planned)
    words = _("planned: %(n)d") % {"n": planned}
    builder.text(builder.left + 4, builder.y(planned) - 4, words, "start", "note")


def washouts(
    counts: Sequence[tuple[int, int]], *, minimum: int, target: int, maximum: int, title: str = ""
) -> Chart:
    """How long the washouts were: one dot each, or a histogram by week when dots would not fit.

    `counts`: (days, washouts), ascending; the limits are the protocol's, in days.
    """
    dots = max((count for _days, count in counts), default=0) <= HISTOGRAM_ABOVE
    bins = list(counts) if dots else _weeks(counts)
    n = sum(count for _days, count in counts)
    low = min([minimum, *(days for days, _count in counts)]) - 4
    high = max([maximum, *(days for days, _count in counts)]) + 4
    marks = ticks(0, max([count for _days, count in bins] + [3]), 4)
    builder = ChartBuilder(0, marks[-1], WIDTH, 240, top=30)
    builder.y_axis([tick for tick in marks if tick == int(tick)])

    def x(days: float) -> float:
        return builder.x((days - low) / (high - low))

    for days, word in ((minimum, _("earliest")), (target, _("target")), (maximum, _("latest"))):
        builder.segment(x(days), 24, x(days), builder.height - builder.bottom, "threshold")
        builder.text(x(days), 18, f"{word} {days}", kind="note")
    for tick in ticks(low, high, 6):
        if low <= tick <= high:
            builder.x_tick(x(tick), f"{tick:g}")
    for days, count in bins:
        tip = _washout_tip(days, count, dots)
        for height in range(1, count + 1) if dots else ():
            builder.point(x(days), builder.y(height), tip, "s1")
        if not dots:
            builder.bar(x(days), x(days + 7) - 1 - x(days), (0, count), "bar s1", tip)
    builder.table((_("Days"), _("Participants")), [(str(days), str(count)) for days, count in counts])
    return builder.chart(
        "washouts",
        title or _("Days from one infusion to the next"),
        _washout_sentence(counts, n),
        f"n = {n}",
        x_label=_("Days"),
        y_label=_("Participants"),
    )


def _washout_sentence(counts: Sequence[tuple[int, int]], n: int) -> str:
    if not n:
        return _("No washout has ended yet.")
    mean = sum(days * count for days, count in counts) / n
    return _("Mean %(mean).1f days, from %(low)d to %(high)d.") % {
        "mean": mean,
        "low": counts[0][0],
        "high": counts[-1][0],
    }


def _weeks(counts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Counts by week, each under its first day."""
    weeks: dict[int, int] = {}
    for days, count in counts:
        weeks[days // 7 * 7] = weeks.get(days // 7 * 7, 0) + count
    return sorted(weeks.items())


def _washout_tip(days: int, count: int, exact: bool) -> str:
    participants = ngettext("%(n)d participant", "%(n)d participants", count) % {"n": count}
    return _("%(days)s days: %(participants)s") % {
        "days": days if exact else f"{days}–{days + 6}",
        "participants": participants,
    }


def _on_day(day: date, count: int) -> str:
    return _("%(day)s: %(n)d randomised") % {"day": date_text(day, "j M Y"), "n": count}
