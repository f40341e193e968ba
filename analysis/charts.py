"""The charts of the dashboards: data in, geometry out. Templates draw it; nothing here knows of HTML.

Why not a chart library: docs/decisions/0003-own-svg.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.dateformat import format as date_text
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.chart_shapes import Box, Chart, Frame, Key, Line, Point, Rule, Text, num, path, steps, ticks

SHAPES = ("circle", "square", "diamond", "cross")
WIDTH, HEIGHT = 460, 280
HISTOGRAM_ABOVE = 12


@dataclass(frozen=True, slots=True)
class Proportion:
    """`count` of `n` with an interval, both in percent; None when `n` is 0."""

    count: int
    n: int
    percent: float | None
    low: float | None
    high: float | None


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
    frame = Frame(WIDTH, HEIGHT, 0, 100)
    frame.draw_y([0, 20, 40, 60, 80, 100], "{:g} %".format)
    points: list[Point] = []
    slot = 1 / max(len(groups), 1)
    apart = min(slot * 0.5 / max(len(series), 1), 0.06)
    for place, (label, values) in enumerate(groups):
        middle = (place + 0.5) * slot
        frame.draw_x(frame.x(middle), label)
        for index, value in enumerate(values):
            x = frame.x(middle + (index - (len(series) - 1) / 2) * apart)
            points += _interval(frame, value, x, index, f"{label}, {series[index]}")
    total = max((value.n for _label, values in groups for value in values), default=0)
    return Chart(
        slug=slug,
        title=title,
        description=description,
        n=_("n up to %(n)d") % {"n": total},
        width=frame.width,
        height=frame.height,
        x_label=x_label,
        y_label=_("Per cent, 95 % interval"),
        rules=tuple(frame.rules),
        points=tuple(points),
        texts=tuple(frame.texts),
        legend=tuple(Key(name, f"s{index + 1}", SHAPES[index]) for index, name in enumerate(series)),
        columns=(part or _("Visit"), *series),
        rows=tuple((label, *(proportion_text(value) for value in values)) for label, values in groups),
        data_columns=("group", "outcome", "count", "n", "percent", "low", "high"),
        data_rows=tuple(
            (label, name, str(value.count), str(value.n), *_percents(value))
            for label, values in groups
            for name, value in zip(series, values, strict=True)
        ),
    )


def _percents(value: Proportion) -> list[str]:
    return ["" if share is None else f"{share:.4f}" for share in (value.percent, value.low, value.high)]


def _interval(frame: Frame, value: Proportion, x: float, index: int, name: str) -> list[Point]:
    """The point of `value` at `x`, over a line from its lower to its upper limit; a dash where nobody counts."""
    if value.percent is None or value.low is None or value.high is None:
        frame.texts.append(Text(num(x), num(frame.y(2)), "–", kind="note"))
        return []
    low, high, kind = frame.y(value.low), frame.y(value.high), f"interval s{index + 1}"
    frame.rules.append(Rule(num(x), num(low), num(x), num(high), kind))
    frame.rules += [Rule(num(x - 4), num(y), num(x + 4), num(y), kind) for y in (low, high)]
    tip = f"{name}: {proportion_text(value)}"
    return [Point(num(x), num(frame.y(value.percent)), tip, f"s{index + 1}", SHAPES[index])]


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
    frame = Frame(WIDTH, HEIGHT, 0, marks[-1])
    frame.draw_y(marks)

    def x(day: date) -> float:
        return frame.x((day - start).days / length)

    for share in (0, 0.5, 1) if known else ():
        day = start + timedelta(days=round(length * share))
        anchor = {0: "start", 0.5: "middle", 1: "end"}[share]
        frame.texts.append(Text(num(x(day)), num(HEIGHT - 30), date_text(day, "j M Y"), anchor))
    frame.rules.append(_threshold(frame, planned))
    frame.texts.append(
        Text(
            num(frame.x(0) + 4),
            num(frame.y(planned) - 4),
            _("planned: %(n)d") % {"n": planned},
            "start",
            "note",
        )
    )
    points = tuple(
        Point(num(x(day)), num(frame.y(count)), _on_day(day, count), "s1")
        for day, count in (days if len(days) <= 120 else days[-1:])
    )
    lines = [Line(_("randomised"), steps([(x(d), frame.y(c)) for d, c in days]), "s1", points)]
    if plan:
        lines.append(Line(_("plan"), path([(x(d), frame.y(c)) for d, c in plan]), "s4 dashed"))
    reached = days[-1][1] if days else 0
    return Chart(
        slug="enrolment",
        title=_("Participants randomised, against the plan"),
        description=_("%(n)d of %(planned)d planned participants are randomised.")
        % {"n": reached, "planned": planned},
        n=f"n = {reached}",
        width=frame.width,
        height=frame.height,
        x_label=_("Date of randomisation"),
        y_label=_("Participants"),
        rules=tuple(frame.rules),
        texts=tuple(frame.texts),
        lines=tuple(lines),
        columns=(_("Day"), _("Randomised until then")),
        rows=tuple((date_text(day, "j M Y"), str(count)) for day, count in days),
    )


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
    frame = Frame(WIDTH, 240, 0, marks[-1], top=30)
    frame.draw_y([mark for mark in marks if mark == int(mark)])

    def x(days: float) -> float:
        return frame.x((days - low) / (high - low))

    for days, word in ((minimum, _("earliest")), (target, _("best")), (maximum, _("latest"))):
        frame.rules.append(Rule(num(x(days)), "24", num(x(days)), num(240 - frame.bottom), "threshold"))
        frame.texts.append(Text(num(x(days)), "18", f"{word} {days}", kind="note"))
    for tick in ticks(low, high, 6):
        if low <= tick <= high:
            frame.draw_x(x(tick), f"{tick:g}")
    points, boxes = [], []
    for days, count in bins:
        tip = _washout_tip(days, count, dots)
        if dots:
            points += [Point(num(x(days)), num(frame.y(i)), tip, "s1") for i in range(1, count + 1)]
        else:
            left, right, y = x(days), x(days + 7) - 1, frame.y(count)
            boxes.append(Box(num(left), num(y), num(right - left), num(frame.y(0) - y), "bar s1", tip))
    mean = sum(days * count for days, count in counts) / n if n else None
    return Chart(
        slug="washouts",
        title=title or _("Days from one infusion to the next"),
        description=_("No washout has ended yet.")
        if mean is None
        else _("Mean %(mean).1f days, from %(low)d to %(high)d.")
        % {"mean": mean, "low": counts[0][0], "high": counts[-1][0]},
        n=f"n = {n}",
        width=frame.width,
        height=240,
        x_label=_("Days"),
        y_label=_("Participants"),
        boxes=tuple(boxes),
        rules=tuple(frame.rules),
        points=tuple(points),
        texts=tuple(frame.texts),
        columns=(_("Days"), _("Participants")),
        rows=tuple((str(days), str(count)) for days, count in counts),
    )


def _weeks(counts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Counts by week, each under its first day."""
    weeks: dict[int, int] = {}
    for days, count in counts:
        weeks[days // 7 * 7] = weeks.get(days // 7 * 7, 0) + count
    return sorted(weeks.items())


def _washout_tip(days: int, count: int, exact: bool) -> str:
    people = ngettext("%(n)d participant", "%(n)d participants", count) % {"n": count}
    return _("%(days)s days: %(people)s") % {
        "days": days if exact else f"{days}–{days + 6}",
        "people": people,
    }


def _threshold(frame: Frame, value: float) -> Rule:
    y = num(frame.y(value))
    return Rule(num(frame.left), y, num(frame.width - frame.right), y, "threshold")


def _on_day(day: date, count: int) -> str:
    return _("%(day)s: %(n)d randomised") % {"day": date_text(day, "j M Y"), "n": count}
