"""Values as a table on paper: each beside what it was before, who changed it, when and why. No row is higher than a page,
however long a text is."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest

from django.utils import timezone
from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, LongTable, TableStyle

from enrollment.casebook.records import Answer
from trialsite.audit.trail import Change
from trialsite.lib.days import day_text
from trialsite.lib.paper import CELL, HEAD, INK, INK_2, LINE, REGULAR, WIDTH, cell, legible, paragraph
from trialsite.review.models import Verification

COLUMNS = (56 * mm, 52 * mm, WIDTH - 108 * mm)
PADDING = 6
# What stands in one row: at most so many characters, and lines.
MOST, LINES = 800, 25
STYLE = TableStyle(
    [
        ("FONT", (0, 0), (-1, -1), REGULAR, CELL.fontSize, CELL.leading),
        ("TEXTCOLOR", (0, 0), (-1, -1), INK),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.6, INK_2),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
)


def answer_table(answers: Sequence[Answer], verifications: Mapping[int, Verification]) -> Flowable:
    """`verifications`: by their ids."""
    rows = [row for answer in answers for row in _rows(answer, verifications)]
    return _table((_("Item"), _("Value"), _("Before, and who changed it")), rows)


def changes_table(changes: Iterable[Change], label: Callable[[str], str]) -> Flowable:
    """Of fields that have no value now. `label`: what people call a field."""
    rows = [
        row
        for change in changes
        for row in _aligned(str(label(change.field)), _text(change.new), [_line(change)])
    ]
    return _table((_("Item"), _("Changed to"), _("Before, and who changed it")), rows)


def moment(at: datetime) -> str:
    """ "9 Mar 2026 14:05 CET", on the clock of the site."""
    local = timezone.localtime(at)
    return f"{day_text(local.date())} {local:%H:%M %Z}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Flowable:
    cells = [[paragraph(text, HEAD) for text in head]]
    cells += [
        [cell(text, across - PADDING) for text, across in zip(row, COLUMNS, strict=True)] for row in rows
    ]
    return LongTable(cells, colWidths=COLUMNS, repeatRows=1, style=STYLE, hAlign="LEFT")


def _rows(answer: Answer, verifications: Mapping[int, Verification]) -> Iterator[list[str]]:
    words = [_text(answer.value), answer.anchor]
    value = ": ".join(word for word in words if word) if answer.value is not None else answer.anchor
    notes = [_line(change) for change in answer.changes]
    if verification := verifications.get(answer.verified or 0):
        notes.insert(
            0,
            _("Verified by %(who)s, %(at)s.")
            % {"who": verification.verified_by.printed_name, "at": moment(verification.verified_at)},
        )
    return _aligned(f"{answer.number} {answer.name}".strip(), value, notes)


def _line(change: Change) -> str:
    """ "was 3 until 9 Mar 2026 10:02 CET (The coordinator): typo"."""
    return _("was %(old)s until %(at)s (%(who)s): %(why)s") % {
        "old": _text(change.old) or _("empty"),
        "at": moment(change.at),
        "who": change.who,
        "why": change.reason or "–",
    }


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _aligned(name: str, value: str, notes: Sequence[str]) -> Iterator[list[str]]:
    """One row, or several where the value or its history is long."""
    history = [part for note in notes for part in _pieces(note)]
    for number, (piece, note) in enumerate(zip_longest(_pieces(value), history, fillvalue="")):
        yield [name if number == 0 else "", piece, note]


def _pieces(text: str) -> list[str]:
    """`text` cut into what fits into a row; one piece of an empty one."""
    pieces, piece, lines = [], "", 0
    for line in legible(text).replace("\r\n", "\n").split("\n"):
        rest = line
        while True:
            room = MOST - len(piece)
            if piece and (lines >= LINES or room < min(len(rest), 80)):
                pieces.append(piece)
                piece, lines = "", 0
                continue
            piece += ("\n" if piece else "") + rest[:room]
            lines += 1
            rest = rest[room:]
            if not rest:
                break
    return [*pieces, piece]
