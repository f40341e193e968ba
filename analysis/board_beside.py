"""What the protocol sets beside the primary endpoint, by treatment: in the demo, dissociation. Unblinded."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import mean, stdev
from typing import Any

import pandas as pd
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.board_tables import Table
from analysis.board_words import figure, p_value, span
from analysis.chart_shapes import Chart, Frame, Line, Point, Rule, num, path, ticks
from analysis.domain import crossover
from enrollment.domain.protocol import Comparison, Protocol

WIDTH, HEIGHT = 460, 300


def key(one: Comparison) -> str:
    """Where a period's row keeps the total (`looks.data_of`)."""
    return f"{one.instrument} {one.visit}"


def figures(
    rules: Protocol, completers: Mapping[str, Mapping[str, Mapping[str, Any]]], up_to: int
) -> list[dict[str, Any]]:
    """For each comparison the protocol names, over those of `completers` (participant → arm → period row) whose
    total is known with every arm. `pairs`: the totals of each of them, unless they are more than `up_to`."""
    return [_figures(rules, one, completers, up_to) for one in rules.beside]


def _figures(
    rules: Protocol, one: Comparison, completers: Mapping[str, Mapping[str, Mapping[str, Any]]], up_to: int
) -> dict[str, Any]:
    totals = {
        who: {arm: row.get("beside", {}).get(key(one)) for arm, row in by.items()}
        for who, by in completers.items()
    }
    known = {who: by for who, by in totals.items() if None not in by.values()}
    return {
        "name": one.name,
        "instrument": one.instrument,
        "visit": rules.visit(one.visit).label,
        "n": len(known),
        "of": len(completers),
        "arms": [{"arm": arm.code, **_spread([by[arm.code] for by in known.values()])} for arm in rules.arms],
        "treatment": _contrast(rules, completers, known),
        "pairs": [{"participant": who, "totals": by} for who, by in known.items()]
        if len(known) <= up_to
        else [],
    }


def _spread(values: Sequence[int]) -> dict[str, float | None]:
    return {"mean": mean(values) if values else None, "sd": stdev(values) if len(values) > 1 else None}


def _contrast(
    rules: Protocol,
    completers: Mapping[str, Mapping[str, Mapping[str, Any]]],
    known: Mapping[str, Mapping[str, int]],
) -> dict[str, Any] | None:
    """Second minus first of the arms compared, Hills–Armitage; None for a trial that is no AB/BA one."""
    rule = rules.stopping
    if rule is None or len(rules.periods) != 2 or len(rules.arms) != 2:
        return None
    first, second = rule.compare
    frame = pd.DataFrame(
        [
            (who, completers[who][arm]["period"], arm, float(total))
            for who, by in known.items()
            for arm, total in by.items()
        ],
        columns=["participant", "period", "treatment", "value"],
    )
    both = crossover.pairs(frame, second, first)
    return asdict(crossover.hills_armitage(both.ab, both.ba).treatment)


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
        "%(second)s minus %(first)s: %(estimate)s points (95 %% interval %(span)s; p = %(p)s, Hills–Armitage)."
    ) % {
        "second": labels[compare[1]],
        "first": labels[compare[0]],
        "estimate": figure(contrast["estimate"], 1),
        "span": span(contrast["low"], contrast["high"], 1),
        "p": p_value(contrast["p"]),
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
