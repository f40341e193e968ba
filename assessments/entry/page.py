"""The page of a form: groups of items with their fields, what is wrong, what is asked, and a conflict side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from assessments.domain.evaluate import Evaluation
from assessments.domain.form import Form, Item
from assessments.domain.value_text import shown_text
from assessments.entry.codec import comment_field, item_field, missing_field, saved_text, unit_field
from assessments.entry.layouts import LAYOUTS
from assessments.entry.selectors import FormPlace
from assessments.language import COMMON, form_language
from assessments.models import Record, RecordDraft

HEAD_LABELS = {
    "performed_on": _("Date"),
    "not_done_reason": _("Why it was not done"),
    "reason": _("Reason for the change"),
}
# Up to so many choices stand side by side as buttons; more are a list.
BUTTONS = 7


@dataclass(frozen=True, slots=True)
class Option:
    """`key`: the digit that chooses it, if any."""

    code: str
    label: str
    chosen: bool
    key: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What a soft check asks at an item; `field`: where the answer is typed."""

    field: str
    text: str
    answer: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item with its fields. `widget`: the template fragment that draws it; `kept`: it has a value though it is no longer
    asked; `calculated`: the computed value in words."""

    code: str
    widget: str
    label: str
    help: str
    text: str
    unit: str
    units: tuple[Option, ...]
    options: tuple[Option, ...]
    reasons: tuple[Option, ...]
    shown: bool
    kept: bool
    required: bool
    error: str
    questions: tuple[Question, ...]
    calculated: str
    longest: int

    @property
    def field(self) -> str:
        return item_field(self.code)

    @property
    def reason_field(self) -> str:
        return missing_field(self.code)

    @property
    def unit_field(self) -> str:
        return unit_field(self.code)

    @property
    def has_reason(self) -> bool:
        return any(reason.chosen for reason in self.reasons)

    @property
    def answered(self) -> bool:
        return bool(self.text) or self.has_reason


@dataclass(frozen=True, slots=True)
class Section:
    """Items under one heading; the first may have none."""

    code: str
    label: str
    help: str
    rows: tuple[ItemRow, ...]

    @property
    def shown(self) -> bool:
        return any(row.shown or row.kept for row in self.rows)


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """A line of the summary on top; `anchor`: where its field is, empty for the form as a whole."""

    anchor: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """A field whose two values differ, as they would be typed."""

    field: str
    label: str
    mine: str
    theirs: str


@dataclass(frozen=True, slots=True)
class RecordPage:
    """`saved`: what it changes, None for a new record; `asked`: whether anything was asked before it is saved."""

    place: FormPlace
    saved: Record | None
    text: Mapping[str, str]
    sections: tuple[Section, ...]
    errors: Mapping[str, str]
    error_lines: tuple[ErrorLine, ...]
    token: str
    draft: RecordDraft | None = None
    conflict: tuple[ConflictRow, ...] = ()
    asked: bool = False

    @property
    def title(self) -> str:
        return self.place.form.title.text(form_language())

    @property
    def language(self) -> str:
        """Of its labels, for whoever reads them aloud."""
        return self.place.form.title.language(form_language()) or COMMON

    @property
    def row_label(self) -> str:
        """What one row is called: Measurement 2."""
        if not self.place.form.repeats:
            return ""
        label = self.place.form.repeat_label
        name = label.text(form_language()) if label else _("Row")
        key = self.saved.repeat_key if self.saved else None
        return f"{name} {key}" if key else _("New: %(name)s") % {"name": name}

    @property
    def layout(self) -> str:
        return LAYOUTS[self.place.form.layout]

    @property
    def asked_rows(self) -> int:
        return sum(row.shown and row.widget not in ("heading", "calculated") for row in self._rows())

    @property
    def answered_rows(self) -> int:
        return sum(
            row.shown and row.widget not in ("heading", "calculated") and row.answered for row in self._rows()
        )

    def _rows(self) -> list[ItemRow]:
        return [row for section in self.sections for row in section.rows]


def record_page(
    place: FormPlace,
    text: Mapping[str, str],
    evaluation: Evaluation,
    *,
    saved: Record | None,
    token: str,
    draft: RecordDraft | None = None,
    errors: Mapping[str, str] | None = None,
    asked: bool = False,
    conflict: Sequence[ConflictRow] = (),
) -> RecordPage:
    """`errors`: by field, of a page that was sent; `asked`: show what the soft checks ask."""
    errors = errors or {}
    language = form_language()
    reasons = {reason.code: reason.label for reason in place.participant.protocol.definition.missing_reasons}
    rows = {
        item.code: _row(place.form, item, text, evaluation, errors, reasons, language)
        for item in place.form.items
    }
    return RecordPage(
        place=place,
        saved=saved,
        text=text,
        sections=tuple(_sections(place.form, rows, language)),
        errors=errors,
        error_lines=tuple(
            _error_line(place.form, name, message, language) for name, message in errors.items()
        ),
        token=token,
        draft=draft,
        conflict=tuple(conflict),
        asked=asked,
    )


def conflict_rows(place: FormPlace, mine: Mapping[str, str], current: Record) -> list[ConflictRow]:
    """Each field whose value differs from what is saved now."""
    theirs = saved_text(current)
    language = form_language()
    return [
        ConflictRow(name, field_label(place.form, name, language), mine.get(name, ""), theirs.get(name, ""))
        for name in sorted({*mine, *theirs})
        if name != "reason" and mine.get(name, "") != theirs.get(name, "")
    ]


def field_label(form: Form, name: str, language: str) -> str:
    """What people call a field of the page."""
    kind, _separator, rest = name.partition("_")
    item = form.by_code.get(rest.partition("__")[0])
    if item is None:
        return str(HEAD_LABELS.get(name, _("The form")))
    label = item.label.text(language)
    return {
        "unit": _("%(item)s, unit"),
        "missing": _("%(item)s, why there is no value"),
        "comment": _("%(item)s, why it is kept"),
    }.get(kind, "%(item)s") % {"item": label}


def _error_line(form: Form, name: str, message: str, language: str) -> ErrorLine:
    anchor = "" if name == "__all__" else f"id_{name}"
    return ErrorLine(anchor, field_label(form, name, language), message)


def _sections(form: Form, rows: Mapping[str, ItemRow], language: str) -> list[Section]:
    """In the order of the items; items of one group stand together where its first stands."""
    groups: dict[str, list[ItemRow]] = {}
    for item in form.items:
        groups.setdefault(item.group or "", []).append(rows[item.code])
    sections = []
    for code, members in groups.items():
        group = form.groups_by_code.get(code)
        label = group.label.text(language) if group else ""
        help_text = group.help.text(language) if group and group.help else ""
        sections.append(Section(code, label, help_text, tuple(members)))
    return sections


def _row(
    form: Form,
    item: Item,
    text: Mapping[str, str],
    evaluation: Evaluation,
    errors: Mapping[str, str],
    reasons: Mapping[str, str],
    language: str,
) -> ItemRow:
    typed, reason = text.get(item_field(item.code), ""), text.get(missing_field(item.code), "")
    unit = text.get(unit_field(item.code), item.units[0].code if item.units else "")
    chosen = set(typed.split(",")) if item.type == "choices" else {typed}
    calculated = evaluation.calculated.get(item.code)
    return ItemRow(
        code=item.code,
        widget=_widget(form, item),
        label=item.label.text(language),
        help=item.help.text(language) if item.help else "",
        text=typed,
        unit=item.units[0].text(language) if len(item.units) == 1 else "",
        units=tuple(
            Option(own.code, own.text(language), own.code == unit) for own in item.units[1:] and item.units
        ),
        options=tuple(
            Option(choice.code, choice.label.text(language), choice.code in chosen, choice.key)
            for choice in form.choices(item)
        ),
        reasons=tuple(Option(code, reasons.get(code, code), code == reason) for code in form.reasons(item)),
        shown=item.code in evaluation.shown,
        kept=item.code in evaluation.not_shown,
        required=item.code in evaluation.required,
        error=errors.get(item_field(item.code), ""),
        questions=tuple(_questions(item, text, evaluation)),
        calculated="" if calculated is None else shown_text(form, item, calculated, language),
        longest=item.longest or (4000 if item.type == "long_text" else 200),
    )


def _questions(item: Item, text: Mapping[str, str], evaluation: Evaluation) -> list[Question]:
    questions = []
    for finding in evaluation.findings:
        if finding.item == item.code:
            name = comment_field(item.code, finding.check)
            message = _(finding.message) % finding.params if finding.params else _(finding.message)
            questions.append(Question(name, message, text.get(name, "")))
    return questions


def _widget(form: Form, item: Item) -> str:
    if item.type in ("choice", "yes_no"):
        return "buttons" if len(form.choices(item)) <= BUTTONS else "list"
    return {
        "long_text": "long_text",
        "choices": "choices",
        "vas": "vas",
        "calculated": "calculated",
        "heading": "heading",
    }.get(item.type, "line")


def saved_message(saved: Record) -> str:
    if saved.status == Record.Status.NOT_DONE:
        return _("Saved: not done.")
    if saved.status == Record.Status.INCOMPLETE:
        return _("Saved. Some answers are missing, with their reasons.")
    return _("Saved.")
