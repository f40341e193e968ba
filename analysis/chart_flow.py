"""The flow of participants, from screening to completion, as CONSORT draws it."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from analysis.chart_shapes import Box, Chart, Line, Rule, Text, num

MAIN, SIDE, BOX_WIDTH, LINE_HEIGHT, PAD, GAP = 12.0, 262.0, 214.0, 16.0, 9.0, 22.0
CHARACTERS = 30


@dataclass(frozen=True, slots=True)
class Step:
    """`out`: these participants leave the main line here."""

    label: str
    n: int
    out: bool = False


def flow(steps: Sequence[Step]) -> Chart:
    """Steps from top to bottom; those who leave stand to the right of where they leave."""
    boxes: list[Box] = []
    texts: list[Text] = []
    lines: list[Line] = []
    rules: list[Rule] = []
    y = 8.0
    before: float | None = None
    for step in steps:
        words = textwrap.wrap(f"{step.label} (n\u00a0=\u00a0{step.n})", CHARACTERS) or [""]
        height = len(words) * LINE_HEIGHT + 2 * PAD
        left = SIDE if step.out else MAIN
        boxes.append(Box(num(left), num(y), num(BOX_WIDTH), num(height), "step-out" if step.out else "step"))
        texts += [
            Text(num(left + BOX_WIDTH / 2), num(y + PAD + 12 + index * LINE_HEIGHT), line, kind="step-text")
            for index, line in enumerate(words)
        ]
        middle = MAIN + BOX_WIDTH / 2
        if step.out:
            level = num(y + height / 2)
            rules.append(Rule(num(middle), level, num(SIDE - 6), level, "flow"))
            lines.append(_arrow(SIDE - 1, y + height / 2, "right"))
        elif before is not None:
            rules.append(Rule(num(middle), num(before), num(middle), num(y - 6), "flow"))
            lines.append(_arrow(middle, y - 1, "down"))
        before = before if step.out else y + height
        y += height + GAP
    main = [step for step in steps if not step.out]
    return Chart(
        slug="flow",
        title=_("From screening to completion"),
        description=_("Each step with the participants who reached it; beside it those who left."),
        n=f"n = {main[0].n}" if main else "n = 0",
        width=round(SIDE + BOX_WIDTH + 12),
        height=round(y - GAP + 10) if steps else 40,
        boxes=tuple(boxes),
        rules=tuple(rules),
        lines=tuple(lines),
        texts=tuple(texts),
        columns=(_("Step"), _("Participants")),
        rows=tuple((step.label, str(step.n)) for step in steps),
    )


def _arrow(x: float, y: float, to: str) -> Line:
    corners = (
        [(x, y), (x - 7, y - 4), (x - 7, y + 4)]
        if to == "right"
        else [(x, y), (x - 4, y - 7), (x + 4, y - 7)]
    )
    return Line("", "M" + "L".join(f"{num(a)} {num(b)}" for a, b in corners) + "z", "arrow")
