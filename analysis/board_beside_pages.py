"""How what stands beside the primary endpoint is shown to the board: sentence, table and chart. Unblinded."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.board_tables import Table
from analysis.board_words import figure, p_value, span
from analysis.chart_shapes import Chart, Frame, Line, Point, Rule, num, path, ticks

WIDTH, HEIGHT = 460, 300


def sentence(found: Mapping[str, Any], labels: Mapping[str, str], compare: Sequence[str]) -> str:
    """The figures of one comparison in words, with their denominator."""
    said = _("%(name)s, %(score)s total at %(visit)s, in %(n)d of %(of)d completers: %(means)s.") % {
        "name": found["name"],
        "score": found["instrument"],
        "visit": found["visit"],
        "n": found["n"],
        "of": found["of"],
        "means": "; ".join(
            _("mean %(mean)s with %(arm)s") % {"mean": figure(arm["mean"], 1), "arm": labels[arm["arm"]]}
            for arm in found["arms"]
        ),
    }
    contrast = found["treatment"]
    if contrast is None or contrast["estimate"] is None:
        return said
    difference = _(
        "%(second)s minus %(first)s: %(estimate)s points (95 %% interval %(span)s; p = %(p)s, %(method)s)."
    ) % {
        "second": labels[compare[1]],
        "first": labels[compare[0]],
        "estimate": figure(contrast["estimate"], 1),
        "span": span(contrast["low"], contrast["high"], 1),
        "p": p_value(contrast["p"]),
        "method": _("mixed model") if contrast.get("method") == "mixed" else "Hills–Armitage",
    }
    return f"{said} {difference}"


def table(found: Mapping[str, Any], labels: Mapping[str, str]) -> Table:
    rows = tuple(
        (labels[arm["arm"]], figure(arm["mean"], 1), figure(arm["sd"], 1), str(found["n"]))
        for arm in found["arms"]
    )
    caption = _("%(score)s total at %(visit)s by treatment, over completers with both") % {
        "score": found["instrument"], "visit": found["visit"],
    }  # fmt: skip
    return Table(caption, (_("Treatment"), _("Mean"), _("SD"), "n"), rows)


def chart(found: Mapping[str, Any], arms: Sequence[tuple[str, str]], number: int) -> Chart:
    """Each completer's total with one and with the other of `arms` (code, label), joined by a line.

    `number`: which of the comparisons, for its address.
    """
    highest = max([1, *(pair["totals"][code] for pair in found["pairs"] for code, _label in arms)])
    marks = ticks(0, highest)
    frame = Frame(WIDTH, HEIGHT, marks[0], marks[-1])
    frame.draw_y(marks, "{:g}".format)
    places = [frame.x(share) for share in (0.22, 0.78)]
    for x, (_code, label) in zip(places, arms, strict=True):
        frame.rules.append(Rule(num(x), num(frame.top), num(x), num(frame.y(marks[0])), "grid"))
        frame.draw_x(x, label)
    lines = []
    for pair in found["pairs"]:
        spots = [(x, frame.y(pair["totals"][code])) for x, (code, _label) in zip(places, arms, strict=True)]
        points = tuple(
            Point(num(x), num(y), f"{pair['participant']}, {label}: {pair['totals'][code]}", "s3", "circle")
            for (x, y), (code, label) in zip(spots, arms, strict=True)
        )
        lines.append(Line(pair["participant"], path(spots), "s3 thin", points))
    n = len(found["pairs"])
    return Chart(
        slug=f"beside-{number}",
        title=_("%(name)s: %(score)s total of each completer with both treatments")
        % {"name": found["name"], "score": found["instrument"]},
        description=_("One line for each completer; a level line is no difference."),
        n=ngettext("n = %(n)d completer", "n = %(n)d completers", n) % {"n": n},
        width=WIDTH,
        height=HEIGHT,
        y_label=_("%(score)s total, points") % {"score": found["instrument"]},
        rules=tuple(frame.rules),
        texts=tuple(frame.texts),
        lines=tuple(lines),
        columns=(_("Participant"), *(label for _code, label in arms)),
        rows=tuple(
            (pair["participant"], *(str(pair["totals"][code]) for code, _label in arms))
            for pair in found["pairs"]
        ),
    )
