"""Records as a table or a list to read: one line a row, its values in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from assessments.domain.form import Form, Item
from assessments.domain.value_text import read_text
from assessments.entry.selectors import form_of, is_readable, values_of
from assessments.language import form_language
from assessments.models import Record
from trialsite.accounts.models import User

# A table shows so many items besides those that name a row; the row's page has all.
COLUMNS = 6


@dataclass(frozen=True, slots=True)
class Answer:
    """An item in words; `missing`: the reason why it has no value."""

    code: str
    label: str
    text: str
    missing: str


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record. `cells`: of the table's columns; `answers`: of all items that have one."""

    record: Record
    title: str
    cells: tuple[Answer, ...]
    answers: tuple[Answer, ...]

    @property
    def struck_out(self) -> bool:
        return self.record.status == Record.Status.STRUCK_OUT


@dataclass(frozen=True, slots=True)
class RecordTable:
    """`repeat_label`: what one row is called."""

    title: str
    repeat_label: str
    columns: tuple[str, ...]
    rows: tuple[RecordRow, ...]

    @property
    def in_force(self) -> int:
        return sum(not row.struck_out for row in self.rows)


def record_table(form: Form, records: Sequence[Record], reader: User | None) -> RecordTable:
    """`form`: in the participant's version; each record is read by the version that it was entered under, as far as `reader`
    may."""
    language = form_language()
    columns = _columns(form)
    label = form.repeat_label
    return RecordTable(
        title=form.title.text(language),
        repeat_label=label.text(language) if label else form.title.text(language),
        columns=tuple(item.label.text(language) for item in columns),
        rows=tuple(_row(form, columns, record, language, reader) for record in records),
    )


def answers_of(record: Record) -> list[Answer]:
    """Every item that has a value or a reason, in the order of the form that it was entered under."""
    language = form_language()
    form = form_of(record.definition)
    values = values_of(record, form)
    reasons = {r.code: r.label for r in record.participant.protocol.definition.missing_reasons}
    answers = []
    for item in form.items:
        reason = record.missing.get(item.code, "")
        if item.code in values or reason:
            text = read_text(form, item, values.get(item.code), language)
            answers.append(Answer(item.code, item.label.text(language), text, reasons.get(reason, reason)))
    return answers


def _columns(form: Form) -> list[Item]:
    named = [form.by_code[code] for code in form.row_title]
    others = [
        item for item in form.items if item.has_value and item.type != "long_text" and item not in named
    ]
    return [*named, *others][:COLUMNS]


def _row(
    form: Form, columns: Sequence[Item], record: Record, language: str, reader: User | None
) -> RecordRow:
    readable = answers_of(record) if is_readable(record, reader) else []
    answers = {answer.code: answer for answer in readable}
    cells = tuple(
        answers.get(item.code) or Answer(item.code, item.label.text(language), "", "") for item in columns
    )
    title = ", ".join(answers[code].text for code in form.row_title if code in answers)
    return RecordRow(record, title, cells, tuple(answers.values()))
