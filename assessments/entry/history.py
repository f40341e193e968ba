"""What was changed in records after they were first saved, item by item, in words."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from assessments.domain.form import Form
from assessments.domain.value_text import read_text
from assessments.domain.values import ValueProblemError, from_json
from assessments.entry.selectors import form_of
from assessments.language import form_language
from assessments.models import Record
from trialsite.audit.models import Event
from trialsite.audit.trail import Change
from trialsite.lib.days import day_text

HEAD = ("performed_on", "status", "status_reason")
TABLE = Record._meta.db_table
# The list of treatments before it was a form: its table, the tokens of its rows, and where its columns are now.
LIST, LISTED = "enrollment_failedtreatment", UUID("00000000-0000-4000-8000-000000000000")
COLUMNS = {"kind": "KIND", "name": "NAME", "dose": "DOSE_GIVEN", "weeks": "WEEKS", "outcome": "OUTCOME"}


def histories_of(records: Iterable[Record]) -> dict[int, list[Change]]:
    """Record → its changes, newest first: of items by their codes, of the columns HEAD by their names. One statement, and
    none where nothing was changed. Of what was a row of the list of treatments those of the list come last."""
    records = list(records)
    changed = {(TABLE, str(record.pk)): record for record in records if record.version > 1}
    changed |= {(LIST, row): record for record in records if (row := listed_row(record))}
    histories: dict[int, list[Change]] = {}
    if changed:
        events = Event.objects.filter(
            chain__in={f"participant:{record.participant_id}" for record in changed.values()},
            table_name__in={table for table, _row in changed},
            row_pk__in={row for _table, row in changed},
            op="U",
        )
        for event in events.order_by("-n"):
            if record := changed.get((event.table_name, event.row_pk)):
                histories.setdefault(record.pk, []).extend(_changes(event, record))
    return histories


def listed_row(record: Record) -> str:
    """The key that it had in the list of treatments, before that became a form; "" where it was none of its rows. Its
    migration (0015) made the token of it."""
    number = record.form_token.int - LISTED.int
    return str(number) if 0 < number < 1 << 48 else ""


def token_of_row(number: int) -> UUID:
    """The token of the record that a row of the list became."""
    return UUID(int=LISTED.int + number)


def _changes(event: Event, record: Record) -> Iterator[Change]:
    as_record = columns_of_record if event.table_name == LIST else dict
    before, after = (_words(as_record(columns or {}), record) for columns in (event.old, event.new))
    for field in sorted({*before, *after}):
        old, new = before.get(field) or None, after.get(field) or None
        if old != new:
            yield Change(
                chain=event.chain,
                n=event.n,
                at=event.at,
                who=event.actor_name,
                role=event.actor_role or "",
                reason=event.reason or "",
                form=record.form,
                record=event.row_pk,
                field=field,
                old=old,
                new=new,
                first=False,
            )


def columns_of_record(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of the list of treatments as those of a record."""
    values = {
        COLUMNS[name]: kept for name, kept in columns.items() if name in COLUMNS and kept not in (None, "")
    }
    coded = {code: values[code].upper() for code in ("KIND", "OUTCOME") if code in values}
    head = {}
    if "removed" in columns:
        head = {"status": Record.Status.STRUCK_OUT if columns["removed"] else Record.Status.COMPLETE}
    return {"items": values | coded, **head}


def _words(columns: Mapping[str, Any], record: Record) -> dict[str, str]:
    """Item → its value, or why it has none; and the columns of the record's head."""
    form, language = form_of(record.definition), form_language()
    reasons = {r.code: r.label for r in record.participant.protocol.definition.missing_reasons}
    words = {code: reasons.get(reason, reason) for code, reason in (columns.get("missing") or {}).items()}
    words |= {code: _value(form, code, kept, language) for code, kept in (columns.get("items") or {}).items()}
    words |= {name: str(columns[name] or "") for name in HEAD if name in columns}
    if status := words.get("status"):
        words["status"] = str(Record.Status(status).label)
    if day := words.get("performed_on"):
        words["performed_on"] = day_text(date.fromisoformat(day))
    return words


def _value(form: Form, code: str, kept: Any, language: str) -> str:
    item = form.by_code.get(code)
    if item is None:
        return str(kept)
    try:
        return read_text(form, item, from_json(form, item, kept), language)
    except ValueProblemError:
        return str(kept)
