"""How what stands beside the primary endpoint is shown to the board: sentence, table and chart. Unblinded."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.charts.builder import WIDTH, ChartBuilder
from analysis.charts.shapes import Chart, mark, path, ticks
from analysis.monitoring.charts import HEIGHT, side_by_side
from analysis.monitoring.figures import ExploratoryFigures
from analysis.monitoring.tables import FigureTable
from analysis.monitoring.text import figure, p_value, span
from assessments.domain.instrument import load


def _score(comparison: ExploratoryFigures) -> str:
    return load(comparison.instrument).short_name


def sentence(comparison: ExploratoryFigures, labels: Mapping[str, str], compare: Sequence[str]) -> str:
    """The figures of one comparison in words, with their denominator."""
    text = _("%(name)s, %(score)s total at %(visit)s, in %(n)d of %(of)d completers: %(means)s.") % {
        "name": comparison.name,
        "score": _score(comparison),
        "visit": comparison.visit,
        "n": comparison.n,
        "of": comparison.of,
        "means": "; ".join(
            _("mean %(mean)s with %(arm)s") % {"mean": figure(arm.mean, 1), "arm": labels[arm.arm]}
            for arm in comparison.arms
        ),
    }
    contrast = comparison.contrast
    if contrast is None or contrast.estimate is None:
        return text
    difference = _(
        "%(second)s minus %(first)s: %(estimate)s points (95 %% interval %(span)s; p = %(p)s, %(method)s)."
    ) % {
        "second": labels[compare[1]],
        "first": labels[compare[0]],
        "estimate": figure(contrast.estimate, 1),
        "span": span(contrast.low, contrast.high, 1),
        "p": p_value(contrast.p),
        "method": _("mixed model") if comparison.method == "mixed" else "Hills–Armitage",
    }
    return f"{text} {difference}"


def table(comparison: ExploratoryFigures, labels: Mapping[str, str]) -> FigureTable:
    rows = tuple(
        (labels[arm.arm], figure(arm.mean, 1), figure(arm.sd, 1), str(comparison.n))
        for arm in comparison.arms
    )
    caption = _("%(score)s total at %(visit)s by treatment, over completers with both") % {
        "score": _score(comparison),
        "visit": comparison.visit,
    }
    return FigureTable(caption, (_("Treatment"), _("Mean"), _("SD"), "n"), rows)


def chart(comparison: ExploratoryFigures, arms: Sequence[tuple[str, str]], number: int) -> Chart:
    """Each completer's total with one and with the other of `arms` (code, label), joined by a line.

    `number`: which of the comparisons, for its address.
    """
    highest = max([1, *(pair.totals[code] for pair in comparison.pairs for code, _label in arms)])
    marks = ticks(0, highest)
    builder = ChartBuilder(marks[0], marks[-1], WIDTH, HEIGHT)
    builder.y_axis(marks)
    places = side_by_side(builder, [label for _code, label in arms])
    for pair in comparison.pairs:
        totals = [(x, pair.totals[code], label) for x, (code, label) in zip(places, arms, strict=True)]
        points = [
            mark(x, builder.y(total), f"{pair.participant}, {label}: {total}", "s3")
            for x, total, label in totals
        ]
        builder.line(
            pair.participant,
            path([(x, builder.y(total)) for x, total, _label in totals]),
            "s3 thin",
            points,
        )
    builder.table(
        (_("Participant"), *(label for _code, label in arms)),
        [(pair.participant, *(str(pair.totals[code]) for code, _label in arms)) for pair in comparison.pairs],
    )
    n = len(comparison.pairs)
    return builder.chart(
        f"exploratory-{number}",
        _("%(name)s: %(score)s total of each completer with both treatments")
        % {"name": comparison.name, "score": _score(comparison)},
        _("One line for each completer; a level line is no difference."),
        ngettext("n = %(n)d completer", "n = %(n)d completers", n) % {"n": n},
        y_label=_("%(score)s total, points") % {"score": _score(comparison)},
    )
