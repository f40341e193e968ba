"""Charts of the board's report that show each completer with both treatments, and the chance still left.

Unblinded: only pages and workers of the closed side may call these.
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.charts.builder import WIDTH, ChartBuilder
from analysis.charts.shapes import Chart, Point, mark, path, ticks
from analysis.monitoring.figures import CompleterPair

HEIGHT = 300


def slopes(
    pairs: Sequence[CompleterPair], arms: Sequence[tuple[str, str]], *, visit: str, score: str
) -> Chart:
    """Each completer's change with the first and with the second of `arms` (code, label), joined by a line."""
    values = [pair.change[code] for pair in pairs for code, _label in arms]
    marks = ticks(min([0, *values]), max([0, *values]))
    builder = ChartBuilder(marks[0], marks[-1], WIDTH, HEIGHT)
    builder.y_axis(marks, _signed)
    places = side_by_side(builder, [label for _code, label in arms])
    for pair in pairs:
        points = [
            _slope_point(builder, pair, code, label, x, visit)
            for x, (code, label) in zip(places, arms, strict=True)
        ]
        spots = [(x, builder.y(pair.change[code])) for x, (code, _label) in zip(places, arms, strict=True)]
        builder.line(pair.participant, path(spots), "s1 thin", points)
    builder.key(_("response"), "s1")
    builder.key(_("no response"), "s2", "cross")
    builder.table(
        (_("Participant"), *(label for _code, label in arms)),
        [
            (
                pair.participant,
                *(f"{pair.change[code]:+d}, {_word(pair.response[code])}" for code, _label in arms),
            )
            for pair in pairs
        ],
    )
    return builder.chart(
        "slopes",
        _("Change of %(score)s at %(visit)s, each completer with both treatments")
        % {"score": score, "visit": visit},
        _("One line for each completer; a filled circle is a response, a cross is none."),
        _completers(len(pairs)),
        y_label=_("Change in points; below 0 is better"),
    )


def side_by_side(builder: ChartBuilder, labels: Sequence[str]) -> list[float]:
    """A line for each of two treatments; where they stand."""
    places = [builder.x(share) for share in (0.22, 0.78)]
    for x, label in zip(places, labels, strict=True):
        builder.segment(x, builder.top, x, builder.y(builder.low), "grid")
        builder.x_tick(x, label)
    return places


def _slope_point(
    builder: ChartBuilder, pair: CompleterPair, code: str, label: str, x: float, visit: str
) -> Point:
    tip = _("%(who)s, %(arm)s, %(visit)s: %(change)+d points, %(word)s") % {
        "who": pair.participant,
        "arm": label,
        "visit": visit,
        "change": pair.change[code],
        "word": _word(pair.response[code]),
    }
    kind, shape = ("s1", "circle") if pair.response[code] else ("s2", "cross")
    return mark(x, builder.y(pair.change[code]), tip, kind, shape)


def waterfall(
    pairs: Sequence[CompleterPair],
    arms: Sequence[tuple[str, str]],
    *,
    visit: str,
    score: str,
    response_percent: int,
) -> Chart:
    """Per cent change of each completer, the smallest gain first, treatments side by side."""
    percents = [pair.percent(code) for pair in pairs for code, _label in arms]
    marks = ticks(min([-100.0, *percents]), max([0.0, *percents]))
    builder = ChartBuilder(marks[0], marks[-1], WIDTH, HEIGHT, top=34)
    builder.y_axis(marks, lambda value: f"{_signed(value)} %")
    share = 1 / len(arms)
    slot = share * 0.92 / max(len(pairs), 1)
    for place, (code, label) in enumerate(arms):
        builder.text(builder.x((place + 0.5) * share), 18, label, kind="head")
        for index, pair in enumerate(sorted(pairs, key=lambda pair: -pair.percent(code))):
            left = builder.x(place * share + 0.04 * share + index * slot)
            _fall(builder, pair, code, label, left, builder.area_width * slot * 0.8)
    builder.threshold(-response_percent)
    builder.key(_("response"), "s1", "square")
    builder.key(_("no response"), "s2", "square")
    builder.table(
        (_("Participant"), *(label for _code, label in arms)),
        [(pair.participant, *(_fall_text(pair, code) for code, _label in arms)) for pair in pairs],
    )
    return builder.chart(
        "waterfall",
        _("%(score)s change at %(visit)s of each completer, by treatment") % {"score": score, "visit": visit},
        _("Per cent of the baseline, the smallest gain first; the line is the response limit, −%(n)d %%.")
        % {"n": response_percent},
        _completers(len(pairs)),
        x_label=_("Completers in the order of their gain"),
        y_label=_("Change in per cent of the baseline"),
    )


def _fall_text(pair: CompleterPair, code: str) -> str:
    return f"{pair.percent(code):+.1f} % ({pair.change[code]:+d})"


def _fall(
    builder: ChartBuilder, pair: CompleterPair, code: str, label: str, left: float, width: float
) -> None:
    tip = _("%(who)s, %(arm)s: %(percent)+.1f %%, %(word)s") % {
        "who": pair.participant,
        "arm": label,
        "percent": pair.percent(code),
        "word": _word(pair.response[code]),
    }
    kind = "bar s1" if pair.response[code] else "bar s2"
    builder.bar(left, width, (0, pair.percent(code)), kind, tip, least=1)


def patterns(counts: Sequence[tuple[str, int]], n: int) -> Chart:
    """How many completers show each of the four response patterns, `counts`: (words, completers)."""
    builder = ChartBuilder(width=WIDTH, height=60 * len(counts) + 56)
    most = max([1, *(count for _words, count in counts)])
    for index, (words, count) in enumerate(counts):
        y, width = 28 + 60 * index, (WIDTH - 130) * count / most
        builder.text(12, y, words, "start", "step-text")
        builder.box(12, y + 8, max(width, 1), 22, "bar s1", f"{words}: {count} / {n}")
        builder.text(20 + width, y + 24, _share(count, n), "start", "head")
    builder.segment(12, 14, 12, builder.height - 46, "axis")
    builder.table((_("Pattern"), _("Completers")), [(words, _share(count, n)) for words, count in counts])
    return builder.chart(
        "patterns",
        _("The four response patterns"),
        _("Response by treatment, among completers."),
        _completers(n),
        x_label=_("Completers"),
    )


def power(points: Sequence[Sequence[float]], marks: Sequence[tuple[str, float, float]], n: int) -> Chart:
    """Conditional power over the assumed effect. `points`: (drift, power); `marks`: (words, drift, power)."""
    builder = ChartBuilder(0, 100, WIDTH, HEIGHT)
    builder.y_axis([0, 20, 40, 60, 80, 100], "{:g} %".format)
    last = points[-1][0] or 1.0
    for tick in ticks(0, last):
        if tick <= last:
            builder.x_tick(builder.x(tick / last), f"{tick:g}")
    curve = [(builder.x(drift / last), builder.y(100 * chance)) for drift, chance in points]
    builder.line(_("conditional power"), path(curve), "s1")
    shapes = (("s4", "square"), ("s2", "diamond"), ("s3", "cross"))[: len(marks)]
    for (words, drift, chance), shape in zip(marks, shapes, strict=True):
        builder.point(
            builder.x(drift / last), builder.y(100 * chance), f"{words}: {100 * chance:.1f} %", *shape
        )
        builder.key(words, *shape)
    builder.table(
        (_("Assumed effect (expected z)"), _("Conditional power")),
        [
            (f"{drift:.3f}", f"{100 * chance:.2f} %")
            for drift, chance in (*((drift, chance) for _words, drift, chance in marks), *points)
        ],
    )
    chances = "; ".join(f"{words}: {100 * chance:.1f} %" for words, _drift, chance in marks)
    return builder.chart(
        "power",
        _("Conditional power: the chance to cross the planned boundary at a later look"),
        _("By the effect assumed for the rest of the trial. %(chances)s.") % {"chances": chances},
        _completers(n),
        x_label=_("Assumed effect: expected z at full information"),
        y_label=_("Conditional power, per cent"),
    )


def _share(count: int, n: int) -> str:
    return f"{count} / {n}" + (f" ({100 * count / n:.0f} %)" if n else "")


def _signed(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _word(responded: bool) -> str:
    return _("response") if responded else _("no response")


def _completers(n: int) -> str:
    return ngettext("n = %(n)d completer", "n = %(n)d completers", n) % {"n": n}
