"""The flow of participants, from screening to analysis, as CONSORT draws it."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from analysis.charts.builder import ChartBuilder
from analysis.charts.shapes import Chart, num

LEFT, TOP, LINE_HEIGHT, PAD, GAP = 12.0, 8.0, 16.0, 9.0, 22.0
LANE_WIDTH, INDENT = 238.0, 34.0
CHARACTER_WIDTH = 6.6


@dataclass(frozen=True, slots=True)
class FlowStep:
    """`out`: these participants leave the main line here, for `reasons` (words, n), which add up to `n`. Of who stays in
    the line they tell apart some."""

    label: str
    n: int
    out: bool = False
    reasons: tuple[tuple[str, int], ...] = ()

    def lines(self, width: float) -> list[str]:
        """What stands in a box of this width."""
        fits = int((width - 2 * PAD) / CHARACTER_WIDTH)
        words = [_count(self.label, self.n), *(f"• {_count(reason, n)}" for reason, n in self.reasons)]
        return [line for text in words for line in textwrap.wrap(text, fits, break_long_words=True)]


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

    builder: ChartBuilder
    y: float = TOP
    ends: dict[Lane, float] = field(default_factory=dict)

    def row(self, lanes: Sequence[Lane], steps: Sequence[FlowStep]) -> None:
        """One step of every lane; one without anybody who leaves is not drawn."""
        drawn = [(lane, step) for lane, step in zip(lanes, steps, strict=True) if step.n or not step.out]
        bottoms = [self._box(lane, step) for lane, step in drawn]
        if bottoms:
            self.y = max(bottoms) + GAP

    def branch(self, lanes: Sequence[Lane]) -> None:
        """The line from the end of the trunk to the head of each lane."""
        end, level = self.ends[WIDE], self.y
        self.builder.segment(WIDE.middle, end, WIDE.middle, level, "flow")
        self.builder.segment(lanes[0].spine, level, lanes[-1].spine, level, "flow")
        self.ends |= dict.fromkeys(lanes, level)
        self.y += GAP

    def _box(self, lane: Lane, step: FlowStep) -> float:
        left, width = (lane.side, lane.side_width) if step.out else (lane.left, lane.width)
        lines = step.lines(width)
        height = len(lines) * LINE_HEIGHT + 2 * PAD
        self.builder.box(left, self.y, width, height, "step-out" if step.out else "step")
        for index, line in enumerate(lines):
            baseline = self.y + PAD + 12 + index * LINE_HEIGHT
            self.builder.text(left + PAD, baseline, line, "start", "step-text")
        if step.out:
            level = self.y + height / 2
            self.builder.segment(lane.spine, level, left - 6, level, "flow")
            self._arrow([(left - 1, level), (left - 8, level - 4), (left - 8, level + 4)])
            return self.y + height
        if lane in self.ends:
            x, y = lane.spine, self.y
            self.builder.segment(x, self.ends[lane], x, y - 6, "flow")
            self._arrow([(x, y - 1), (x - 4, y - 8), (x + 4, y - 8)])
        self.ends[lane] = self.y + height
        return self.y + height

    def _arrow(self, corners: Sequence[tuple[float, float]]) -> None:
        self.builder.line("", "M" + "L".join(f"{num(x)} {num(y)}" for x, y in corners) + "z", "arrow")


def flow(trunk: Sequence[FlowStep], lanes: Sequence[tuple[str, Sequence[FlowStep]]]) -> Chart:
    """Steps from top to bottom: the `trunk`, then each of `lanes` (heading, steps), side by side where there are many.

    Every lane has the same steps in the same order, whether or not anybody leaves there.
    """
    builder = ChartBuilder()
    drawing = _Drawing(builder)
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
    builder.width, builder.height = round(right + LEFT), round(drawing.y - GAP + 10)
    builder.table(
        (_("Step"), *_headings(lanes)), _table([*([step] for step in trunk), *map(list, rows)], len(lanes))
    )
    return builder.chart(
        "flow",
        _("From screening to completion"),
        _("Participants who reached each step, with those who left and why."),
        f"n = {trunk[0].n}",
    )


def _headings(lanes: Sequence[tuple[str, Sequence[FlowStep]]]) -> list[str]:
    return [_("Participants"), *(heading for heading, _steps in lanes if len(lanes) > 1)]


def _table(rows: Sequence[Sequence[FlowStep]], lanes: int) -> list[tuple[str, ...]]:
    """A line a step and a line a reason: everybody, then, where there are several lanes, those of each."""
    table = []
    for steps in rows:
        if not any(step.n or not step.out for step in steps):
            continue
        label = " / ".join(dict.fromkeys(step.label for step in steps))
        table.append(_line(label, [step.n for step in steps], lanes))
        reasons = [dict(step.reasons) for step in steps]
        for reason in dict.fromkeys(name for by in reasons for name in by):
            table.append(_line(f"{label}: {reason}", [by.get(reason, 0) for by in reasons], lanes))
    return table


def _line(words: str, counts: Sequence[int], lanes: int) -> tuple[str, ...]:
    """The trunk's steps are before any lane: their cells stay empty."""
    apart = [""] * lanes if len(counts) < lanes else list(map(str, counts))
    return (words, str(sum(counts)), *(apart if lanes > 1 else []))


def _count(words: str, n: int) -> str:
    return f"{words} (n\u00a0=\u00a0{n})"
