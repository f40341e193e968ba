"""A chart on paper: the same geometry as the SVG, drawn with reportlab in the light colours."""

import re

from reportlab.lib.colors import Color, HexColor
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable

from analysis.charts.shapes import Box, Chart, ChartText, LegendKey, Line, Point, Segment

INK, INK_2, LINE, LINE_STRONG = (
    HexColor("#182124"),
    HexColor("#4a575b"),
    HexColor("#d3dad8"),
    HexColor("#74827f"),
)
SERIES = {
    "s1": HexColor("#0b6170"),
    "s2": HexColor("#b4571a"),
    "s3": HexColor("#6b4fa0"),
    "s4": HexColor("#4a575b"),
}
CROSSED = HexColor("#ad221b")
STEP, STEP_OUT = HexColor("#d8ecef"), HexColor("#ebefee")
WHITE = HexColor("#ffffff")
FONT, BOLD = "Vera", "VeraBd"
SIZE = 10.0
PATH = re.compile(r"([MLHVz])([^MLHVz]*)")


class Drawing(Flowable):  # type: ignore[misc]
    """One chart, `width` points wide, its legend above it."""

    def __init__(self, chart: Chart, width: float) -> None:
        super().__init__()
        self.chart = chart
        self.scale = width / chart.width
        self.width = width
        above = len(_legend_rows(chart)) + bool(chart.y_label)
        self.height = (chart.height + 16 * above + 6) * self.scale

    def wrap(self, *_available: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        pen, chart = self.canv, self.chart
        pen.saveState()
        pen.scale(self.scale, self.scale)
        # The chart counts y downwards from its top, paper upwards from the bottom.
        self._legend(chart.height + 6)
        for segment in chart.segments:
            if segment.kind != "whisker":
                self._segment(segment)
        for box in chart.boxes:
            self._box(box)
        for segment in chart.segments:
            if segment.kind == "whisker":
                self._segment(segment)
        for line in chart.lines:
            self._line(line)
        for point in (*(point for line in chart.lines for point in line.points), *chart.points):
            self._point(point)
        for text in chart.texts:
            self._text(text)
        self._text(ChartText(chart.x_label_x, chart.x_label_y, chart.x_label))
        pen.restoreState()

    def _up(self, y: float | str) -> float:
        return self.chart.height - float(y)

    def _legend(self, y: float) -> None:
        """The axis' unit over the drawing, the legend over that."""
        if self.chart.y_label:
            self._words(4, y, self.chart.y_label, FONT, INK_2, "start")
            y += 16
        for row in reversed(_legend_rows(self.chart)):
            x = 4.0
            for key in row:
                self._mark(x + 5, y + 3.5, key.kind, key.shape)
                self._words(x + 14, y, key.name, FONT, INK, "start")
                x += 28 + stringWidth(key.name, FONT, SIZE)
            y += 16

    def _segment(self, segment: Segment) -> None:
        pen = self.canv
        dark = {"axis": LINE_STRONG, "threshold": INK_2, "whisker": INK, "flow": LINE_STRONG}
        pen.setStrokeColor(dark.get(segment.kind, LINE))
        pen.setLineWidth(1.4 if segment.kind in {"whisker", "flow"} else 0.8)
        pen.setDash([5, 4] if segment.kind == "threshold" else [])
        pen.line(float(segment.x1), self._up(segment.y1), float(segment.x2), self._up(segment.y2))
        pen.setDash([])

    def _box(self, box: Box) -> None:
        pen = self.canv
        kinds = box.kind.split()
        if "bar" in kinds:
            colour = SERIES[kinds[-1]]
            pale = Color(colour.red, colour.green, colour.blue, alpha=0.55)
            fill, stroke = (pale, colour) if kinds[-1] == "s2" else (colour, colour)
        else:
            fill, stroke = (STEP_OUT, LINE_STRONG) if box.kind == "step-out" else (STEP, SERIES["s1"])
        pen.setFillColor(fill)
        pen.setStrokeColor(stroke)
        pen.setLineWidth(0.8)
        height = float(box.height)
        pen.rect(float(box.x), self._up(box.y) - height, float(box.width), height, stroke=1, fill=1)

    def _line(self, line: Line) -> None:
        pen = self.canv
        kinds = line.kind.split()
        colour = next((SERIES[kind] for kind in kinds if kind in SERIES), LINE_STRONG)
        pen.setStrokeColor(colour)
        pen.setFillColor(colour)
        pen.setLineWidth(1.0 if "thin" in kinds else 1.8)
        pen.setDash([6, 4] if "dashed" in kinds else [])
        path, closed = pen.beginPath(), False
        x = y = 0.0
        for command, rest in PATH.findall(line.d):
            numbers = [float(number) for number in rest.split()]
            if command == "z":
                path.close()
                closed = True
                continue
            x = numbers[0] if command in "MLH" else x
            y = numbers[-1] if command in "MLV" else y
            (path.moveTo if command == "M" else path.lineTo)(x, self._up(y))
        pen.drawPath(path, stroke=not closed, fill=closed)
        pen.setDash([])

    def _point(self, point: Point) -> None:
        self._mark(float(point.x), self._up(point.y), point.kind, point.shape)

    def _mark(self, x: float, y: float, kind: str, shape: str) -> None:
        pen = self.canv
        kinds = kind.split()
        colour = CROSSED if "crossed" in kinds else next((SERIES[k] for k in kinds if k in SERIES), INK)
        pen.setFillColor(colour)
        pen.setStrokeColor(colour if shape == "cross" else WHITE)
        pen.setLineWidth(1.6 if shape == "cross" else 0.8)
        if shape == "circle":
            pen.circle(x, y, 3.6, stroke=1, fill=1)
        elif shape == "square":
            pen.rect(x - 3.6, y - 3.6, 7.2, 7.2, stroke=1, fill=1)
        elif shape == "cross":
            pen.line(x - 3.6, y - 3.6, x + 3.6, y + 3.6)
            pen.line(x - 3.6, y + 3.6, x + 3.6, y - 3.6)
        else:
            path = pen.beginPath()
            path.moveTo(x, y + 5)
            for dx, dy in ((5, 0), (0, -5), (-5, 0)):
                path.lineTo(x + dx, y + dy)
            path.close()
            pen.drawPath(path, stroke=1, fill=1)

    def _text(self, text: ChartText) -> None:
        strong = text.kind in {"head", "title"}
        colour = INK if text.kind in {"head", "title", "step-text"} else INK_2
        self._words(float(text.x), self._up(text.y), text.text, BOLD if strong else FONT, colour, text.anchor)

    def _words(self, x: float, y: float, words: str, font: str, colour: Color, anchor: str) -> None:
        pen = self.canv
        pen.setFont(font, SIZE)
        pen.setFillColor(colour)
        draw = {"start": pen.drawString, "middle": pen.drawCentredString, "end": pen.drawRightString}[anchor]
        draw(x, y, words)


def _legend_rows(chart: Chart) -> list[list[LegendKey]]:
    """The legend broken into lines that fit the drawing."""
    rows: list[list[LegendKey]] = []
    left = 0.0
    for key in chart.legend:
        wide = 28 + stringWidth(key.name, FONT, SIZE)
        if wide > left:
            rows.append([])
            left = chart.width - 4.0
        rows[-1].append(key)
        left -= wide
    return rows
