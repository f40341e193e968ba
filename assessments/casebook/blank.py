"""A form to fill in by hand: what its file asks, with room for each answer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    LongTable,
    NextPageTemplate,
    PageBreak,
    Spacer,
    TableStyle,
)

from assessments.casebook.boxes import BoxField, Choices, Fields, Scale, Space, date_fields
from assessments.casebook.conditions import condition_text
from assessments.domain.form import CodeListItem, Form, Item
from trialsite.lib.paper import (
    BODY,
    H1,
    H2,
    H3,
    HEAD,
    LABEL,
    LINE,
    SMALL,
    WIDE,
    WIDTH,
    Imprint,
    paragraph,
    pdf,
)

# The column of the questions, and of the answers: a scale of 100 mm fits into it.
ASKED = WIDTH - 108 * mm
ANSWERED = 108 * mm - 6
# So many characters of choices stand in one row of the page: a row is never split.
TOGETHER = 1200
COLUMNS, ROWS = 8, 12
PLAIN = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 6),
        ("TOPPADDING", (0, 0), (-1, -1), 4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
)
RULED = TableStyle([*PLAIN.getCommands(), ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE)])
GRID = TableStyle(
    [("GRID", (0, 0), (-1, -1), 0.5, LINE), ("VALIGN", (0, 0), (-1, -1), "TOP"),
     ("LEFTPADDING", (0, 0), (-1, -1), 3), ("RIGHTPADDING", (0, 0), (-1, -1), 3)]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """`forms`: those that its conditions may name, by code. `reasons`: code of a reason why there is no value → words."""

    study: str
    form: Form
    sha256: str
    forms: Mapping[str, Form]
    reasons: Mapping[str, str]
    language: str = "en"

    @property
    def title(self) -> str:
        return self.form.title.text(self.language)


def blank_form(sheet: Sheet) -> bytes:
    """As a PDF. Of a form with rows the table of rows first, and a sheet for one row where the table does not hold all."""
    form = sheet.form
    if not form.repeats:
        return pdf([*_heading(sheet, WIDTH), *_items(sheet)], imprint(sheet))
    columns = _columns(form)
    story = [*_heading(sheet, WIDE), _rows_table(sheet, columns)]
    if len(columns) < sum(item.entered for item in form.items):
        story += [NextPageTemplate("upright"), PageBreak(), *_heading(sheet, WIDTH, row=True), *_items(sheet)]
    return pdf(story, imprint(sheet), wide=True)


def imprint(sheet: Sheet) -> Imprint:
    form = sheet.form
    foot = _("%(study)s, form %(code)s, version %(version)s, SHA-256 %(sha)s") % {
        "study": sheet.study,
        "code": form.code,
        "version": form.version,
        "sha": sheet.sha256,
    }
    title = f"{sheet.study} {form.code} {form.version}"
    return Imprint(title, sheet.sha256, foot, _("page %(n)d of %(of)d"), sheet.language)


def _heading(sheet: Sheet, width: float, *, row: bool = False) -> list[Flowable]:
    form = sheet.form
    line = _("Study %(study)s · form %(code)s · version %(version)s") % {
        "study": sheet.study,
        "code": form.code,
        "version": form.version,
    }
    captions = [_("Site"), _("Participant")]
    if form.at_visit:
        captions += [_("Period and visit"), _("Date (such as 9 Mar 2026)")]
    if row:
        captions.append(_row_label(sheet))
    return heading(sheet.title, line, [*captions, _("Filled in by, signature, date")], width)


def heading(title: str, line: str, captions: Sequence[str], width: float) -> list[Flowable]:
    """The head of a sheet, with boxes for whose it is, and of which visit and day."""
    cells = [[paragraph(caption, SMALL) for caption in captions]]
    across = [width / len(captions)] * len(captions)
    boxes = LongTable(cells, colWidths=across, rowHeights=[15 * mm], style=GRID)
    return [paragraph(title, H1), paragraph(line, SMALL), Spacer(1, 5), boxes, Spacer(1, 8)]


def _row_label(sheet: Sheet) -> str:
    label = sheet.form.repeat_label
    return _("%(row)s, number") % {"row": label.text(sheet.language) if label else _("Row")}


def _columns(form: Form) -> list[Item]:
    """Of the table of rows: those that name a row, then the first others that fit into a cell."""
    named = [form.by_code[code] for code in form.row_title]
    others = [item for item in form.items if item.entered and item.type != "long_text" and item not in named]
    return [*named, *others][:COLUMNS]


def _rows_table(sheet: Sheet, columns: Sequence[Item]) -> Flowable:
    head = [
        [paragraph(_("No."), HEAD)],
        *([paragraph(item.label.text(sheet.language), HEAD), *_hint(sheet, item)] for item in columns),
    ]
    across = (WIDE - 12 * mm) / len(columns)
    rows = [head, *([str(n), *([""] * len(columns))] for n in range(1, ROWS + 1))]
    return LongTable(
        rows,
        colWidths=[12 * mm, *([across] * len(columns))],
        rowHeights=[None, *([8.5 * mm] * ROWS)],
        style=GRID,
        repeatRows=1,
    )


def _hint(sheet: Sheet, item: Item) -> Iterator[Flowable]:
    """What stands in the head of a column besides its label: the unit, or the choices by their digits."""
    units = " / ".join(unit.text(sheet.language) for unit in item.units)
    choices = [_choice(choice, sheet.language) for choice in sheet.form.choices(item)]
    moments = {"date": _("day month year"), "partial_date": _("day month year"), "time": _("24-hour clock")}
    text = units or ", ".join(choices) or moments.get(item.type, "")
    if text:
        yield paragraph(text if len(text) <= TOGETHER else text[: TOGETHER - 1] + "…", SMALL)


def _items(sheet: Sheet) -> Iterator[Flowable]:
    """In the order of the items; those of one group stand together where its first stands."""
    groups: dict[str, list[Item]] = {}
    for item in sheet.form.items:
        groups.setdefault(item.group or "", []).append(item)
    for code, members in groups.items():
        group = sheet.form.groups_by_code.get(code)
        if group:
            yield CondPageBreak(45 * mm)
            yield paragraph(group.label.text(sheet.language), H2)
            if group.show_when:
                yield paragraph(_condition(sheet, group.show_when), LABEL)
            if group.help:
                yield paragraph(group.help.text(sheet.language), SMALL)
        rows = [row for item in members for row in _item_rows(sheet, item)]
        yield LongTable(rows, colWidths=[ASKED, WIDTH - ASKED], style=RULED)
    if any(item.required or item.require_when for item in sheet.form.items):
        yield Spacer(1, 6)
        yield paragraph(_("* Asked for: give a value, or say why there is none."), SMALL)


def _item_rows(sheet: Sheet, item: Item) -> list[Sequence[object]]:
    question = [paragraph(line, style) for line, style in _question(sheet, item)]
    if item.type == "heading":
        return [[question, ""]]
    answers = list(_answer(sheet, item))
    reasons = [sheet.reasons.get(code, code) for code in sheet.form.reasons(item)]
    if reasons:
        why = Choices(
            [_("No value: %(reason)s") % {"reason": reason} for reason in reasons], ANSWERED, size=6.5
        )
        answers[-1] = [*answers[-1], Spacer(1, 3), why]
    return [[question, answers[0]], *(["", more] for more in answers[1:])]


def _question(sheet: Sheet, item: Item) -> Iterator[tuple[str, ParagraphStyle]]:
    mark = " *" if item.required or item.require_when else ""
    yield item.label.text(sheet.language) + mark, H3 if item.type == "heading" else BODY
    if item.show_when:
        yield _condition(sheet, item.show_when), LABEL.clone("condition", fontSize=7.5, leading=10)
    if item.help:
        yield item.help.text(sheet.language), SMALL


def _condition(sheet: Sheet, source: str) -> str:
    words = condition_text(sheet.form, source, sheet.forms, sheet.language)
    return _("only if %(condition)s") % {"condition": words} if words else _("if asked for")


def _answer(sheet: Sheet, item: Item) -> Iterator[list[Flowable]]:
    """The contents of one row of the page or, of many choices, of several."""
    choices = [_choice(choice, sheet.language) for choice in sheet.form.choices(item)]
    if choices:
        for part in _parts(choices):
            yield [Choices(part, ANSWERED)]
        return
    match item.type:
        case "vas":
            yield [Scale()]
        case "long_text":
            yield [Space(ANSWERED, 4)]
        case "date" | "partial_date" | "datetime" | "time":
            yield list(_moment(item))
        case "calculated":
            yield [paragraph(_("Calculated when it is entered."), SMALL)]
        case "integer" | "decimal":
            yield _number(sheet, item)
        case _:
            yield [Space(ANSWERED, 1)]


def _number(sheet: Sheet, item: Item) -> list[Flowable]:
    units = [unit.text(sheet.language) for unit in item.units]
    if len(units) > 1:
        return [Fields([BoxField(36)]), Spacer(1, 3), Choices(units, ANSWERED)]
    return [Fields([BoxField(36, *units)])]


def _moment(item: Item) -> Iterator[Flowable]:
    if item.type != "time":
        yield date_fields(_("day"), _("month"), _("year"))
    if item.type == "partial_date":
        yield paragraph(_("Leave out what is not known."), SMALL)
    if item.type in ("time", "datetime"):
        yield Spacer(1, 3)
        yield Fields([BoxField(9, ":"), BoxField(9, _("24-hour clock"))])


def _choice(choice: CodeListItem, language: str) -> str:
    label = choice.label.text(language)
    return label if choice.key is None else f"{choice.key} {label}"


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    """Cut where a part would grow too high for a row."""
    part: list[str] = []
    for text in texts:
        if part and sum(map(len, part)) + len(text) > TOGETHER:
            yield part
            part = []
        part.append(text)
    yield part
