"""The board's report of one look as a PDF. The same arguments give the same bytes. Unblinded."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import reportlab
from django.utils.translation import gettext as _
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import KeepTogether, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from analysis.board import Section
from analysis.board_pdf_charts import Drawing
from analysis.board_tables import Table
from analysis.chart_shapes import Chart

FONTS = Path(reportlab.__file__).parent / "fonts"
# The page without its margins and the padding of its frame.
WIDTH = A4[0] - 36 * mm - 12
GAP = 14.0
INK, INK_2, LINE, WARN = HexColor("#182124"), HexColor("#4a575b"), HexColor("#d3dad8"), HexColor("#855300")
BODY = ParagraphStyle("body", fontName="Vera", fontSize=9, leading=13, textColor=INK, spaceAfter=5)
SMALL = ParagraphStyle("small", parent=BODY, fontSize=7.5, leading=10, textColor=INK_2)
CELL = ParagraphStyle("cell", parent=BODY, fontSize=7, leading=9, spaceAfter=0)
HEAD = ParagraphStyle("head", parent=CELL, fontName="VeraBd")
CAPTION = ParagraphStyle("caption", parent=BODY, fontName="VeraBd", fontSize=8.5, spaceBefore=4, spaceAfter=3)
H1 = ParagraphStyle("h1", parent=BODY, fontName="VeraBd", fontSize=15, leading=19, spaceAfter=4)
H2 = ParagraphStyle(
    "h2", parent=BODY, fontName="VeraBd", fontSize=11.5, leading=15, spaceBefore=10, spaceAfter=4
)
NOTICE = ParagraphStyle("notice", parent=BODY, fontName="VeraBd", textColor=WARN)


@dataclass(frozen=True, slots=True)
class Front:
    """What stands above the report and at the foot of every page."""

    study: str
    look: int
    cut_sha256: str


def pdf(front: Front, sections: Sequence[Section]) -> bytes:
    """The report as bytes of a PDF: text that can be selected, fonts embedded, no date of printing in it."""
    _fonts()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=16 * mm, bottomMargin=20 * mm,
        title=_("%(study)s, report of look %(n)d") % {"study": front.study, "n": front.look},
        author="Trialsite", subject=front.cut_sha256, lang="en", invariant=1,
    )  # fmt: skip
    story: list[Any] = [
        Paragraph(escape(_("%(study)s: report to the monitoring board, look %(n)d")
                         % {"study": front.study, "n": front.look}), H1),
        Paragraph(escape(_("Unblinded. For the monitoring board only.")), NOTICE),
    ]  # fmt: skip
    for section in sections:
        story += _section(section)
    document.build(story, onFirstPage=_foot(front), onLaterPages=_foot(front))
    return out.getvalue()


def _fonts() -> None:
    for name in ("Vera", "VeraBd"):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, FONTS / f"{name}.ttf"))
    pdfmetrics.registerFontFamily("Vera", normal="Vera", bold="VeraBd", italic="Vera", boldItalic="VeraBd")


def _section(section: Section) -> list[Any]:
    heading = Paragraph(escape(section.title), H2)
    parts: list[Any] = [Paragraph(escape(sentence), BODY) for sentence in section.sentences]
    for table in section.tables:
        parts += _table(table)
    wide = [chart for chart in section.charts if chart.slug == "flow" or len(section.charts) == 1]
    parts += [KeepTogether(_chart(chart, WIDTH * 0.62)) for chart in wide]
    parts += _two_by_two([chart for chart in section.charts if chart not in wide])
    return [KeepTogether([heading, *parts[:1]]), *parts[1:]]


def _chart(chart: Chart, width: float) -> list[Any]:
    words = f"<b>{escape(chart.title)}.</b> {escape(chart.description)} {escape(chart.n)}."
    return [Paragraph(words, SMALL), Drawing(chart, width), Spacer(1, 8)]


def _two_by_two(charts: Sequence[Chart]) -> list[Any]:
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


def _table(table: Table) -> list[Any]:
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
    found: list[Any] = [Paragraph(escape(table.caption), CAPTION), drawn]
    if table.note:
        found.append(Paragraph(escape(table.note), SMALL))
    return [KeepTogether(found), Spacer(1, 6)]


def _widths(table: Table) -> list[float]:
    """Each column as wide as its longest word at least; what is left goes to those with long cells."""
    columns = list(zip(table.columns, *table.rows, strict=True))
    least = [max(stringWidth(word, "VeraBd", 7) for cell in column for word in cell.split() or [""]) + 7
             for column in columns]  # fmt: skip
    wished = [max(stringWidth(cell, "VeraBd", 7) for cell in column) + 7 for column in columns]
    more = [max(wish - low, 0) for wish, low in zip(wished, least, strict=True)]
    left = max(WIDTH - sum(least), 0)
    factor = min(1.0, left / sum(more)) if sum(more) else 0.0
    return [low + extra * factor for low, extra in zip(least, more, strict=True)]


def _foot(front: Front) -> Any:
    def draw(pen: Any, document: Any) -> None:
        pen.saveState()
        pen.setFont("Vera", 6.5)
        pen.setFillColor(INK_2)
        left = _("%(study)s, look %(n)d, data cut SHA-256 %(sha)s") % {
            "study": front.study, "n": front.look, "sha": front.cut_sha256,
        }  # fmt: skip
        pen.drawString(18 * mm, 11 * mm, left)
        pen.drawRightString(A4[0] - 18 * mm, 11 * mm, _("page %(n)d") % {"n": document.page})
        pen.restoreState()

    return draw
