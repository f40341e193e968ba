"""Printed pages: A4, the fonts that reportlab ships, the study's ink. The same story gives the same bytes."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape

import reportlab
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph

FOLDER = Path(reportlab.__file__).parent / "fonts"
REGULAR, BOLD = "Vera", "VeraBd"
SIDE, TOP, BOTTOM = 18 * mm, 15 * mm, 19 * mm
# Within the margins; a frame has no padding of its own.
WIDTH = A4[0] - 2 * SIDE
WIDE = A4[1] - 2 * SIDE
INK, INK_2, LINE, WARN = HexColor("#182124"), HexColor("#4a575b"), HexColor("#b9c3c0"), HexColor("#855300")
BODY = ParagraphStyle("body", fontName=REGULAR, fontSize=9, leading=12, textColor=INK)
SMALL = ParagraphStyle("small", parent=BODY, fontSize=7.5, leading=10, textColor=INK_2)
CELL = ParagraphStyle("cell", parent=BODY, fontSize=7.5, leading=9.5)
HEAD = ParagraphStyle("head", parent=CELL, fontName=BOLD)
LABEL = ParagraphStyle("label", parent=BODY, fontName=BOLD)
H1 = ParagraphStyle("h1", parent=BODY, fontName=BOLD, fontSize=15, leading=19, spaceBefore=12, spaceAfter=3)
H2 = ParagraphStyle("h2", parent=BODY, fontName=BOLD, fontSize=11.5, leading=15, spaceBefore=10, spaceAfter=3)
H3 = ParagraphStyle("h3", parent=BODY, fontName=BOLD, fontSize=9.5, leading=13, spaceBefore=7, spaceAfter=2)
NOTICE = ParagraphStyle("notice", parent=BODY, fontName=BOLD, textColor=WARN)


@dataclass(frozen=True, slots=True)
class Imprint:
    """`foot`: at the left of every page; `page`: at its right, with %(n)d and %(of)d."""

    title: str
    subject: str
    foot: str
    page: str
    language: str = "en"


def paragraph(text: str, style: ParagraphStyle = BODY) -> Paragraph:
    """Plain text, its line breaks kept."""
    fonts()
    return Paragraph(escape(legible(text)).replace("\n", "<br/>"), style)


def legible(text: str) -> str:
    """What the font has no glyph for stands as its code point, [U+042F]: nothing that was typed is lost on paper.

    >>> legible("5 °C, \\u042f")
    '5 °C, [U+042F]'
    """
    if text.isascii():
        return text
    glyphs = _glyphs()
    return "".join(
        character if ord(character) in glyphs or character in "\n\r\t" else f"[U+{ord(character):04X}]"
        for character in text
    )


def cell(text: str, width: float, style: ParagraphStyle = CELL) -> str | Flowable:
    """The content of a table's cell: lines, which are drawn many times faster than a paragraph; that where a word is wider
    than the cell."""
    fonts()
    lines = simpleSplit(legible(text), style.fontName, style.fontSize, width)
    if any(stringWidth(line, style.fontName, style.fontSize) > width for line in lines):
        return paragraph(text, style)
    return "\n".join(lines)


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    fonts()
    return frozenset(pdfmetrics.getFont(REGULAR).face.charToGlyph)


@lru_cache(maxsize=1)
def fonts() -> None:
    """Register them, once a process."""
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, FOLDER / f"{name}.ttf"))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


def pdf(story: Sequence[Flowable], imprint: Imprint, *, wide: bool = False) -> bytes:
    """Upright pages, or to begin with `wide` ones; NextPageTemplate("upright") turns. No date of printing."""
    fonts()
    out = io.BytesIO()
    templates = [_page("upright", A4), _page("wide", landscape(A4))]
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        title=legible(imprint.title),
        subject=imprint.subject,
        author="Trialsite",
        lang=imprint.language,
        invariant=1,
        pageTemplates=templates[::-1] if wide else templates,
    )
    document.build(list(story), canvasmaker=_numbered(imprint))
    return out.getvalue()


def _page(name: str, size: tuple[float, float]) -> PageTemplate:
    across, down = size
    frame = Frame(SIDE, BOTTOM, across - 2 * SIDE, down - TOP - BOTTOM, 0, 0, 0, 0, id=name)
    return PageTemplate(name, [frame], pagesize=size)


def _numbered(imprint: Imprint) -> type[Canvas]:
    class NumberedCanvas(Canvas):  # type: ignore[misc]
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options)
            # Each page as the canvas had it: how many there are is known at the end.
            self.states: list[dict[str, object]] = []

        def showPage(self) -> None:
            self.states.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            states = self.states
            for number, state in enumerate(states, 1):
                self.__dict__.update(state)
                _foot(self, imprint, number, len(states))
                super().showPage()
            super().save()

    return NumberedCanvas


def _foot(pen: Canvas, imprint: Imprint, number: int, of: int) -> None:
    pen.setFont(REGULAR, 6.5)
    pen.setFillColor(INK_2)
    pen.drawString(SIDE, 11 * mm, legible(imprint.foot))
    pen.drawRightString(pen._pagesize[0] - SIDE, 11 * mm, imprint.page % {"n": number, "of": of})
