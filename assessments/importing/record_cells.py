"""The cells of a row as an entry of its form, read as what is typed on the page."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from assessments.domain.form import Form, Item
from assessments.domain.form_table import SEPARATOR, ItemColumns
from assessments.domain.typed import read_typed
from assessments.domain.value_text import export_text
from assessments.domain.values import Quantity, Value, ValueProblemError
from assessments.entry.codec import RecordEntry
from assessments.importing.record_file import ImportedRecordRow
from assessments.models import Record
from trialsite.accounts.fields import why_not
from trialsite.lib.days import NotADayError, read

# (column, value as found, reason)
CellProblem = tuple[str, str, str]


class RowProblemsError(Exception):
    """All that is wrong with a row."""

    def __init__(self, *problems: CellProblem) -> None:
        super().__init__(*problems)
        self.problems = problems


def check_status(row: ImportedRecordRow) -> None:
    """Raises RowProblemsError for a status that there is not, one without its reason, and a reason without such a status."""
    status, reason = row.cell("status"), row.cell("status_reason")
    if status and status not in Record.Status.values:
        message = f"no such status; expected {', '.join(Record.Status.values)}"
        raise RowProblemsError(("status", status, message))
    set_aside = status in (Record.Status.NOT_DONE, Record.Status.STRUCK_OUT)
    if set_aside != bool(reason):
        message = "say why" if set_aside else "a reason of a row that is neither not done nor struck out"
        raise RowProblemsError(("status_reason", reason, message))


def entry_of(
    row: ImportedRecordRow,
    form: Form,
    columns: Mapping[str, ItemColumns],
    comments: Mapping[tuple[str, str], str],
    zone: ZoneInfo,
) -> tuple[RecordEntry, list[CellProblem]]:
    """What the row wants recorded, as far as it can be read, and every cell that cannot."""
    problems: list[CellProblem] = []
    values: dict[str, Value] = {}
    missing: dict[str, str] = {}
    for code, names in columns.items():
        item = form.by_code.get(code)
        if item is None or not item.has_value:
            message = f"no item of version {form.version} of the form"
            problems += [(name, row.cell(name), message) for name in names.names if row.cell(name)]
            continue
        try:
            value = _value(row, form, item, names, zone)
        except ValueProblemError as error:
            problems.append((names.value, row.cell(names.value), _(error.message) % error.params))
            continue
        problems += _measured(row, names, value)
        if value is not None:
            values[code] = value
        if reason := row.cell(names.missing):
            missing[code] = reason
    not_done = row.cell("status_reason") if row.cell("status") == Record.Status.NOT_DONE else ""
    if not_done and (values or missing or comments):
        problems.append(("status", row.cell("status"), "there are values in this row"))
    performed_on = None
    try:
        performed_on = _day(row.cell("performed_on"))
    except NotADayError as error:
        problems.append(("performed_on", row.cell("performed_on"), why_not(error)))
    return RecordEntry(values, missing, comments, performed_on, not_done), problems


def _value(
    row: ImportedRecordRow, form: Form, item: Item, names: ItemColumns, zone: ZoneInfo
) -> Value | None:
    text = row.cell(names.value)
    if not text or not item.entered:
        return None
    typed = text.split(SEPARATOR.strip()) if item.type == "choices" else text
    return read_typed(form, item, typed, unit=row.cell(names.unit), zone=zone)


def _measured(row: ImportedRecordRow, names: ItemColumns, value: Value | None) -> Iterator[CellProblem]:
    """A unit without a number, and a number in the standard unit that is another than the form makes of it."""
    standard = row.cell(names.standard)
    if value is None:
        for name in filter(None, (names.unit, names.standard)):
            if row.cell(name):
                yield name, row.cell(name), f"there is no value in {names.value}"
    elif standard and isinstance(value, Quantity) and not _equal(standard, value.standard):
        yield names.standard, standard, f"by the form it is {value.standard:f}"


def _equal(text: str, number: Decimal) -> bool:
    try:
        return Decimal(text) == number
    except InvalidOperation:
        return False


def _day(text: str) -> date | None:
    return read(text) if text else None


def differences(
    row: ImportedRecordRow,
    status: str,
    form: Form,
    columns: Mapping[str, ItemColumns],
    values: Mapping[str, Value],
) -> Iterator[CellProblem]:
    """Where the file says otherwise than what follows from its own values: what is calculated, and the status."""
    for item in form.items:
        text = row.cell(columns[item.code].value) if item.type == "calculated" else ""
        value = values.get(item.code)
        same = _equal(text, value) if isinstance(value, Decimal) else text == export_text(value)
        if text and not same:
            yield columns[item.code].value, text, f"by the form it is {export_text(value) or 'nothing'}"
    stated = row.cell("status")
    if stated in (Record.Status.COMPLETE, Record.Status.INCOMPLETE) and stated != status:
        yield "status", stated, f"by the form it is {status}"
