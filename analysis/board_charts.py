"""Charts of the board's report that show each completer with both treatments, and the chance still left.

Unblinded: only pages and workers of the closed side may call these.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.chart_shapes import Box, Chart, Frame, Key, Line, Point, Rule, Text, num, path, ticks

WIDTH, HEIGHT = 460, 300


@dataclass(frozen=True, slots=True)
class Pair:
    """One completer: arm code → baseline, change and response at the primary visit."""

    participant: str
    baseline: Mapping[str, int]
    change: Mapping[str, int]
    response: Mapping[str, bool]

    def percent(self, arm: str) -> float:
        """Change in per cent of the baseline; 0 from a baseline of 0."""
        return 100 * self.change[arm] / self.baseline[arm] if self.baseline[arm] else 0.0


def slopes(pairs: Sequence[Pair], arms: Sequence[tuple[str, str]], *, visit: str, score: str) -> Chart:
    """Each completer's change with the first and with the second of `arms` (code, label), joined by a line."""
    values = [pair.change[code] for pair in pairs for code, _label in arms]
    marks = ticks(min([0, *values]), max([0, *values]))
    frame = Frame(WIDTH, HEIGHT, marks[0], marks[-1])
    frame.draw_y(marks, _signed)
    places = [frame.x(share) for share in (0.22, 0.78)]
    for x, (_code, label) in zip(places, arms, strict=True):
        frame.rules.append(Rule(num(x), num(frame.top), num(x), num(frame.y(marks[0])), "grid"))
        frame.draw_x(x, label)
    lines = []
    for pair in pairs:
        points = tuple(_slope_point(frame, pair, code, label, x, visit)
                       for x, (code, label) in zip(places, arms, strict=True))  # fmt: skip
        spots = [(x, frame.y(pair.change[code])) for x, (code, _label) in zip(places, arms, strict=True)]
        lines.append(Line(pair.participant, path(spots), "s1 thin", points))
    return Chart(
        slug="slopes",
        title=_("Change of %(score)s at %(visit)s, each completer with both treatments")
        % {"score": score, "visit": visit},
        description=_("One line for each completer; a filled circle is a response, a cross is none."),
        n=_completers(len(pairs)),
        width=WIDTH,
        height=HEIGHT,
        y_label=_("Change in points; below 0 is better"),
        rules=tuple(frame.rules),
        texts=tuple(frame.texts),
        lines=tuple(lines),
        legend=(Key(_("response"), "s1"), Key(_("no response"), "s2", "cross")),
        columns=(_("Participant"), *(label for _code, label in arms)),
        rows=tuple(
            (
                pair.participant,
                *(f"{pair.change[code]:+d}, {_word(pair.response[code])}" for code, _l in arms),
            )
            for pair in pairs
        ),
    )


def _slope_point(frame: Frame, pair: Pair, code: str, label: str, x: float, visit: str) -> Point:
    tip = _("%(who)s, %(arm)s, %(visit)s: %(change)+d points, %(word)s") % {
        "who": pair.participant, "arm": label, "visit": visit, "change": pair.change[code],
        "word": _word(pair.response[code]),
    }  # fmt: skip
    kind, shape = ("s1", "circle") if pair.response[code] else ("s2", "cross")
    return Point(num(x), num(frame.y(pair.change[code])), tip, kind, shape)


def waterfall(
    pairs: Sequence[Pair], arms: Sequence[tuple[str, str]], *, visit: str, score: str, response_percent: int
) -> Chart:
    """Per cent change of each completer, the smallest gain first, treatments side by side."""
    percents = [pair.percent(code) for pair in pairs for code, _label in arms]
    marks = ticks(min([-100.0, *percents]), max([0.0, *percents]))
    frame = Frame(WIDTH, HEIGHT, marks[0], marks[-1], top=34)
    frame.draw_y(marks, lambda value: f"{_signed(value)} %")
    boxes: list[Box] = []
    share = 1 / len(arms)
    slot = share * 0.92 / max(len(pairs), 1)
    for place, (code, label) in enumerate(arms):
        frame.texts.append(Text(num(frame.x((place + 0.5) * share)), "18", label, kind="head"))
        for index, pair in enumerate(sorted(pairs, key=lambda one: -one.percent(code))):
            left = frame.x(place * share + 0.04 * share + index * slot)
            wide = (frame.width - frame.left - frame.right) * slot * 0.8
            boxes.append(_fall(frame, pair, code, label, (left, wide)))
    limit = num(frame.y(-response_percent))
    frame.rules.append(Rule(num(frame.left), limit, num(frame.width - frame.right), limit, "threshold"))
    return Chart(
        slug="waterfall",
        title=_("%(score)s change at %(visit)s of each completer, by treatment")
        % {"score": score, "visit": visit},
        description=_("Per cent of the baseline, the smallest gain first; the line is the response limit, −%(n)d %%.")
        % {"n": response_percent},
        n=_completers(len(pairs)),
        width=WIDTH,
        height=HEIGHT,
        x_label=_("Completers in the order of their gain"),
        y_label=_("Change in per cent of the baseline"),
        boxes=tuple(boxes),
        rules=tuple(frame.rules),
        texts=tuple(frame.texts),
        legend=(Key(_("response"), "s1", "square"), Key(_("no response"), "s2", "square")),
        columns=(_("Participant"), *(label for _code, label in arms)),
        rows=tuple(
            (pair.participant, *(f"{pair.percent(code):+.1f} % ({pair.change[code]:+d})" for code, _l in arms))
            for pair in pairs
        ),
    )  # fmt: skip


def _fall(frame: Frame, pair: Pair, code: str, label: str, span: tuple[float, float]) -> Box:
    left, wide = span
    ends = sorted((frame.y(0), frame.y(pair.percent(code))))
    tip = _("%(who)s, %(arm)s: %(percent)+.1f %%, %(word)s") % {
        "who": pair.participant, "arm": label, "percent": pair.percent(code), "word": _word(pair.response[code]),
    }  # fmt: skip
    kind = "bar s1" if pair.response[code] else "bar s2"
    return Box(num(left), num(ends[0]), num(wide), num(max(ends[1] - ends[0], 1)), kind, tip)


def patterns(counts: Sequence[tuple[str, int]], n: int) -> Chart:
    """How many completers show each of the four response patterns, `counts`: (words, completers)."""
    height, bar = 60 * len(counts) + 56, 22
    most = max([1, *(count for _words, count in counts)])
    boxes, texts, rules = [], [], []
    for index, (words, count) in enumerate(counts):
        y = 28 + 60 * index
        texts.append(Text("12", num(y), words, "start", "step-text"))
        wide = (WIDTH - 130) * count / most
        tip = f"{words}: {count} / {n}"
        boxes.append(Box("12", num(y + 8), num(max(wide, 1)), num(bar), "bar s1", tip))
        texts.append(Text(num(20 + wide), num(y + 24), _share(count, n), "start", "head"))
    rules.append(Rule("12", "14", "12", num(height - 46), "axis"))
    return Chart(
        slug="patterns",
        title=_("The four response patterns"),
        description=_("Who responded with which treatment, over the completers."),
        n=_completers(n),
        width=WIDTH,
        height=height,
        x_label=_("Completers"),
        boxes=tuple(boxes),
        rules=tuple(rules),
        texts=tuple(texts),
        columns=(_("Pattern"), _("Completers")),
        rows=tuple((words, _share(count, n)) for words, count in counts),
    )


def power(points: Sequence[Sequence[float]], marks: Sequence[tuple[str, float, float]], n: int) -> Chart:
    """Conditional power over the assumed effect. `points`: (drift, power); `marks`: (words, drift, power)."""
    frame = Frame(WIDTH, HEIGHT, 0, 100)
    frame.draw_y([0, 20, 40, 60, 80, 100], "{:g} %".format)
    last = points[-1][0] or 1.0
    for tick in ticks(0, last):
        if tick <= last:
            frame.draw_x(frame.x(tick / last), f"{tick:g}")
    line = Line(
        _("conditional power"), path([(frame.x(x / last), frame.y(100 * y)) for x, y in points]), "s1"
    )
    shapes = (("s4", "square"), ("s2", "diamond"), ("s3", "cross"))[: len(marks)]
    seen = tuple(
        Point(num(frame.x(x / last)), num(frame.y(100 * y)), f"{words}: {100 * y:.1f} %", *shape)
        for (words, x, y), shape in zip(marks, shapes, strict=True)
    )
    said = "; ".join(f"{words}: {100 * y:.1f} %" for words, _x, y in marks)
    return Chart(
        slug="power",
        title=_("Conditional power: the chance to cross the planned boundary at a later look"),
        description=_("By the effect assumed for the rest of the trial. %(said)s.") % {"said": said},
        n=_completers(n),
        width=WIDTH,
        height=HEIGHT,
        x_label=_("Assumed effect: expected z at full information"),
        y_label=_("Conditional power, per cent"),
        rules=tuple(frame.rules),
        texts=tuple(frame.texts),
        lines=(line,),
        points=seen,
        legend=tuple(Key(words, *shape) for (words, _x, _y), shape in zip(marks, shapes, strict=True)),
        columns=(_("Assumed effect (expected z)"), _("Conditional power")),
        rows=tuple((f"{x:.3f}", f"{100 * y:.2f} %") for x, y in (*[(m[1], m[2]) for m in marks], *points)),
    )


def _share(count: int, n: int) -> str:
    return f"{count} / {n}" + (f" ({100 * count / n:.0f} %)" if n else "")


def _signed(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _word(responded: bool) -> str:
    return _("response") if responded else _("no response")


def _completers(n: int) -> str:
    return ngettext("n = %(n)d completer", "n = %(n)d completers", n) % {"n": n}
