"""Where somebody writes on paper: boxes for digits, lines, choices to tick, the line of a visual analogue scale."""

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable

from trialsite.lib.paper import INK, INK_2, LINE, REGULAR, fonts, legible

SQUARE = 3.2 * mm
SIZE, LEADING = 8.5, 11.5


@dataclass(frozen=True, slots=True)
class BoxField:
    """A box of so many millimetres across, with what stands behind it."""

    across: float
    after: str = ""


class Fields(Flowable):  # type: ignore[misc]
    """Boxes in one line, such as the three of a date."""

    def __init__(self, fields: Sequence[BoxField], down: float = 6.5) -> None:
        super().__init__()
        fonts()
        self.fields, self.height = fields, down * mm
        self.width = sum(self._across(field) for field in fields)

    def _across(self, field: BoxField) -> float:
        after = stringWidth(legible(field.after), REGULAR, SIZE) + 6 if field.after else 3
        return float(field.across * mm + after)

    def draw(self) -> None:
        pen, left = self.canv, 0.0
        pen.setStrokeColor(INK_2)
        pen.setLineWidth(0.6)
        pen.setFillColor(INK_2)
        pen.setFont(REGULAR, SIZE)
        for field in self.fields:
            pen.rect(left, 0, field.across * mm, self.height)
            pen.drawString(left + field.across * mm + 3, 2.2 * mm, legible(field.after))
            left += self._across(field)


class Choices(Flowable):  # type: ignore[misc]
    """Squares to tick, each with its text: side by side as far as they fit, a long text on several lines."""

    def __init__(self, texts: Sequence[str], width: float, *, size: float = SIZE) -> None:
        super().__init__()
        fonts()
        self.size, self.leading = size, LEADING * size / SIZE
        self.width = width
        self.placed: list[tuple[float, int, list[str]]] = []
        left, line = 0.0, 0
        room = width - SQUARE - 4
        for text in texts:
            lines = simpleSplit(legible(text), REGULAR, size, room) or [""]
            across = SQUARE + 4 + max(stringWidth(part, REGULAR, size) for part in lines)
            if left and (left + across > width or len(lines) > 1):
                left, line = 0.0, line + 1
            self.placed.append((left, line, lines))
            left += across + 10
            if len(lines) > 1:
                left, line = 0.0, line + len(lines)
        self.lines = line + (1 if left else 0)
        self.height = self.lines * (self.leading + 1.5)

    def draw(self) -> None:
        pen, step = self.canv, self.leading + 1.5
        pen.setStrokeColor(INK_2)
        pen.setLineWidth(0.6)
        pen.setFillColor(INK)
        pen.setFont(REGULAR, self.size)
        for left, line, lines in self.placed:
            base = self.height - (line + 1) * step + 2.5
            pen.rect(left, base - 1, SQUARE, SQUARE)
            for k, part in enumerate(lines):
                pen.drawString(left + SQUARE + 4, base - k * step, part)


class Scale(Flowable):  # type: ignore[misc]
    """A line of 100 millimetres to mark, as a visual analogue scale is measured."""

    def __init__(self) -> None:
        super().__init__()
        fonts()
        self.width, self.height = 103 * mm, 9 * mm

    def draw(self) -> None:
        pen, left, level = self.canv, 1.5 * mm, 5 * mm
        pen.setStrokeColor(INK)
        pen.setLineWidth(0.8)
        pen.line(left, level, left + 100 * mm, level)
        pen.setFont(REGULAR, 7)
        pen.setFillColor(INK_2)
        for end in (0, 100):
            pen.line(left + end * mm, level - 1.5 * mm, left + end * mm, level + 1.5 * mm)
            pen.drawCentredString(left + end * mm, 0, str(end))


class Space(Flowable):  # type: ignore[misc]
    """An empty box for lines of text, with hairlines to write on."""

    def __init__(self, width: float, lines: int) -> None:
        super().__init__()
        self.width, self.height, self.lines = width, lines * 7 * mm, lines

    def draw(self) -> None:
        pen = self.canv
        pen.setStrokeColor(LINE)
        pen.setLineWidth(0.4)
        for k in range(1, self.lines):
            pen.line(2, k * 7 * mm, self.width - 2, k * 7 * mm)
        pen.setStrokeColor(INK_2)
        pen.setLineWidth(0.6)
        pen.rect(0, 0, self.width, self.height)


def date_fields(day: str, month: str, year: str) -> Flowable:
    """The three boxes of a day."""
    return Fields([BoxField(9, day), BoxField(13, month), BoxField(18, year)])
