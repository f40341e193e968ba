"""The flow of participants, from screening to analysis, as CONSORT draws it."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from analysis.chart_shapes import Box, Chart, Line, Rule, Text, num

LEFT, TOP, LINE_HEIGHT, PAD, GAP = 12.0, 8.0, 16.0, 9.0, 22.0
LANE_WIDTH, INDENT = 238.0, 34.0
CHARACTER_WIDTH = 6.6


@dataclass(frozen=True, slots=True)
class Step:
    """`out`: these participants leave the main line here, for `reasons` (words, n), which add up to `n`."""

    label: str
    n: int
    out: bool = False
    reasons: tuple[tuple[str, int], ...] = ()

    def lines(self, width: float) -> list[str]:
        """What stands in a box of this width."""
        fits = int((width - 2 * PAD) / CHARACTER_WIDTH)
        words = [_count(self.label, self.n), *(f"• {_count(reason, n)}" for reason, n in self.reasons)]
        return [line for one in words for line in textwrap.wrap(one, fits, break_long_words=True)]


@dataclass(frozen=True, slots=True)
class Lane:
    """A main line of boxes from `left`, `width` wide; beside it or further in, from `side`, those who leave it."""

    left: float
    width: float
    side: float
    side_width: float

    @property
    def middle(self) -> float:
        return self.left + self.width / 2

    @property
    def spine(self) -> float:
        """Where the main line passes those who leave."""
        return min(self.middle, (self.left + self.side) / 2)


WIDE = Lane(LEFT, 214, 262, 226)


@dataclass(slots=True)
class _Drawing:
    """Boxes, words and arrows, from top to bottom; `y`: where the next box begins."""

    y: float = TOP
    boxes: list[Box] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    ends: dict[Lane, float] = field(default_factory=dict)

    def row(self, lanes: Sequence[Lane], steps: Sequence[Step]) -> None:
        """One step of every lane; one without anybody who leaves is not drawn."""
        drawn = [(lane, step) for lane, step in zip(lanes, steps, strict=True) if step.n or not step.out]
        bottoms = [self._box(lane, step) for lane, step in drawn]
        if bottoms:
            self.y = max(bottoms) + GAP

    def branch(self, lanes: Sequence[Lane]) -> None:
        """The line from the end of the trunk to the head of each lane."""
        end, level = self.ends[WIDE], self.y
        self.rules.append(Rule(num(WIDE.middle), num(end), num(WIDE.middle), num(level), "flow"))
        self.rules.append(Rule(num(lanes[0].spine), num(level), num(lanes[-1].spine), num(level), "flow"))
        self.ends |= dict.fromkeys(lanes, level)
        self.y += GAP

    def _box(self, lane: Lane, step: Step) -> float:
        left, width = (lane.side, lane.side_width) if step.out else (lane.left, lane.width)
        lines = step.lines(width)
        height = len(lines) * LINE_HEIGHT + 2 * PAD
        self.boxes.append(
            Box(num(left), num(self.y), num(width), num(height), "step-out" if step.out else "step")
        )
        self.texts += [
            Text(num(left + PAD), num(self.y + PAD + 12 + index * LINE_HEIGHT), line, "start", "step-text")
            for index, line in enumerate(lines)
        ]
        if step.out:
            level = self.y + height / 2
            self.rules.append(Rule(num(lane.spine), num(level), num(left - 6), num(level), "flow"))
            self._arrow([(left - 1, level), (left - 8, level - 4), (left - 8, level + 4)])
            return self.y + height
        if lane in self.ends:
            x, y = lane.spine, self.y
            self.rules.append(Rule(num(x), num(self.ends[lane]), num(x), num(y - 6), "flow"))
            self._arrow([(x, y - 1), (x - 4, y - 8), (x + 4, y - 8)])
        self.ends[lane] = self.y + height
        return self.y + height

    def _arrow(self, corners: Sequence[tuple[float, float]]) -> None:
        self.lines.append(Line("", "M" + "L".join(f"{num(x)} {num(y)}" for x, y in corners) + "z", "arrow"))


def flow(trunk: Sequence[Step], lanes: Sequence[tuple[str, Sequence[Step]]]) -> Chart:
    """Steps from top to bottom: the `trunk`, then each of `lanes` (heading, steps), side by side where there are many.

    Every lane has the same steps in the same order, whether or not anybody leaves there.
    """
    drawing = _Drawing()
    for step in trunk:
        drawing.row([WIDE], [step])
    where = [WIDE]
    if len(lanes) > 1:
        lefts = [LEFT + place * (LANE_WIDTH + LEFT) for place in range(len(lanes))]
        where = [Lane(left, LANE_WIDTH, left + INDENT, LANE_WIDTH - INDENT) for left in lefts]
        drawing.branch(where)
    rows = list(zip(*(steps for _heading, steps in lanes), strict=True))
    for row in rows:
        drawing.row(where, row)
    right = max(lane.side + lane.side_width for lane in (WIDE, *where))
    return Chart(
        slug="flow",
        title=_("From screening to completion"),
        description=_("Each step with the participants who reached it; beside it those who left, and why."),
        n=f"n = {trunk[0].n}",
        width=round(right + LEFT),
        height=round(drawing.y - GAP + 10),
        boxes=tuple(drawing.boxes),
        rules=tuple(drawing.rules),
        lines=tuple(drawing.lines),
        texts=tuple(drawing.texts),
        columns=(_("Step"), *_headings(lanes)),
        rows=tuple(_table([*([step] for step in trunk), *map(list, rows)], len(lanes))),
    )


def _headings(lanes: Sequence[tuple[str, Sequence[Step]]]) -> list[str]:
    return [_("Participants"), *(heading for heading, _steps in lanes if len(lanes) > 1)]


def _table(rows: Sequence[Sequence[Step]], lanes: int) -> list[tuple[str, ...]]:
    """A line a step and a line a reason: everybody, then, where there are several lanes, those of each."""
    found = []
    for steps in rows:
        if not any(step.n or not step.out for step in steps):
            continue
        label = " / ".join(dict.fromkeys(step.label for step in steps))
        found.append(_line(label, [step.n for step in steps], lanes))
        reasons = [dict(step.reasons) for step in steps]
        for reason in dict.fromkeys(name for by in reasons for name in by):
            found.append(_line(f"{label}: {reason}", [by.get(reason, 0) for by in reasons], lanes))
    return found


def _line(words: str, counts: Sequence[int], lanes: int) -> tuple[str, ...]:
    """The trunk's steps are before any lane: their cells stay empty."""
    apart = [""] * lanes if len(counts) < lanes else list(map(str, counts))
    return (words, str(sum(counts)), *(apart if lanes > 1 else []))


def _count(words: str, n: int) -> str:
    return f"{words} (n\u00a0=\u00a0{n})"
