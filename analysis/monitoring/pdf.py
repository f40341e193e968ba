"""The board's report of one look as a PDF. The same arguments give the same bytes. Unblinded."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    KeepTogether,
    LongTable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)

from analysis.charts.shapes import Chart
from analysis.monitoring.pdf_charts import Drawing
from analysis.monitoring.sections import ReportSection
from analysis.monitoring.tables import FigureTable
from trialsite.lib.paper import BOLD, INK, INK_2, REGULAR, SIDE, WARN, fonts

# The page without its margins and the padding of its frame.
WIDTH = A4[0] - 2 * SIDE - 12
GAP = 14.0
LINE = HexColor("#d3dad8")
BODY = ParagraphStyle("body", fontName=REGULAR, fontSize=9, leading=13, textColor=INK, spaceAfter=5)
SMALL = ParagraphStyle("small", parent=BODY, fontSize=7.5, leading=10, textColor=INK_2)
CELL = ParagraphStyle("cell", parent=BODY, fontSize=7, leading=9, spaceAfter=0)
HEAD = ParagraphStyle("head", parent=CELL, fontName=BOLD)
CAPTION = ParagraphStyle("caption", parent=BODY, fontName=BOLD, fontSize=8.5, spaceBefore=4, spaceAfter=3)
H1 = ParagraphStyle("h1", parent=BODY, fontName=BOLD, fontSize=15, leading=19, spaceAfter=4)
H2 = ParagraphStyle("h2", parent=BODY, fontName=BOLD, fontSize=11.5, leading=15, spaceBefore=10, spaceAfter=4)
NOTICE = ParagraphStyle("notice", parent=BODY, fontName=BOLD, textColor=WARN)


@dataclass(frozen=True, slots=True)
class ReportCover:
    """What stands above the report and at the foot of every page."""

    study: str
    look: int
    cut_sha256: str


def pdf(front: ReportCover, sections: Sequence[ReportSection]) -> bytes:
    """The report as bytes of a PDF: text that can be selected, fonts embedded, no date of printing in it."""
    fonts()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=SIDE,
        rightMargin=SIDE,
        topMargin=16 * mm,
        bottomMargin=20 * mm,
        title=_("%(study)s, report of look %(n)d") % {"study": front.study, "n": front.look},
        author="Trialsite",
        subject=front.cut_sha256,
        lang="en",
        invariant=1,
    )
    story: list[Flowable] = [
        Paragraph(
            escape(
                _("%(study)s: report to the data monitoring committee, look %(n)d")
                % {"study": front.study, "n": front.look}
            ),
            H1,
        ),
        Paragraph(escape(_("Unblinded. For the data monitoring committee only.")), NOTICE),
    ]
    for section in sections:
        story += _section(section)
    document.build(story, onFirstPage=_foot(front), onLaterPages=_foot(front))
    return out.getvalue()


def _section(section: ReportSection) -> list[Flowable]:
    heading = Paragraph(escape(section.title), H2)
    parts: list[Flowable] = [Paragraph(escape(sentence), BODY) for sentence in section.sentences]
    for table in section.tables:
        parts += _table(table)
    wide = [chart for chart in section.charts if chart.slug == "flow" or len(section.charts) == 1]
    parts += [KeepTogether(_chart(chart, WIDTH * 0.62)) for chart in wide]
    parts += _two_by_two([chart for chart in section.charts if chart not in wide])
    return [KeepTogether([heading, *parts[:1]]), *parts[1:]]


def _chart(chart: Chart, width: float) -> list[Flowable]:
    words = f"<b>{escape(chart.title)}.</b> {escape(chart.description)} {escape(chart.n)}."
    return [Paragraph(words, SMALL), Drawing(chart, width), Spacer(1, 8)]


def _two_by_two(charts: Sequence[Chart]) -> list[Flowable]:
    """Charts side by side, two in a row."""
    half = (WIDTH - GAP) / 2
    rows = [[_chart(chart, half) for chart in charts[k : k + 2]] for k in range(0, len(charts), 2)]
    style = TableStyle(
        [
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )
    return [
        LongTable([row + [""] * (2 - len(row))], colWidths=[half + GAP, half], style=style, hAlign="LEFT")
        for row in rows
    ]


def _table(table: FigureTable) -> list[Flowable]:
    rows = [[Paragraph(escape(cell), HEAD) for cell in table.columns]]
    rows += [
        [Paragraph(escape(cell), HEAD if column == 0 else CELL) for column, cell in enumerate(row)]
        for row in table.rows
    ]
    style = TableStyle(
        [
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK_2),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 2),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
    )
    drawn = LongTable(rows, colWidths=_widths(table), repeatRows=1, style=style, hAlign="LEFT")
    cells: list[Flowable] = [Paragraph(escape(table.caption), CAPTION), drawn]
    if table.note:
        cells.append(Paragraph(escape(table.note), SMALL))
    return [KeepTogether(cells), Spacer(1, 6)]


def _widths(table: FigureTable) -> list[float]:
    """Each column as wide as its longest word at least; what is left goes to those with long cells."""
    columns = list(zip(table.columns, *table.rows, strict=True))
    least = [
        max(stringWidth(word, BOLD, 7) for cell in column for word in cell.split() or [""]) + 7
        for column in columns
    ]
    wished = [max(stringWidth(cell, BOLD, 7) for cell in column) + 7 for column in columns]
    more = [max(wish - low, 0) for wish, low in zip(wished, least, strict=True)]
    left = max(WIDTH - sum(least), 0)
    factor = min(1.0, left / sum(more)) if sum(more) else 0.0
    return [low + extra * factor for low, extra in zip(least, more, strict=True)]


def _foot(front: ReportCover) -> Callable[[Canvas, BaseDocTemplate], None]:
    def draw(pen: Canvas, document: BaseDocTemplate) -> None:
        pen.saveState()
        pen.setFont(REGULAR, 6.5)
        pen.setFillColor(INK_2)
        left = _("%(study)s, look %(n)d, data cut SHA-256 %(sha)s") % {
            "study": front.study,
            "n": front.look,
            "sha": front.cut_sha256,
        }
        pen.drawString(SIDE, 11 * mm, left)
        pen.drawRightString(A4[0] - SIDE, 11 * mm, _("page %(n)d") % {"n": document.page})
        pen.restoreState()

    return draw
