"""Entries about the list of treatments, from before it was a form, as entries about the records that its rows became."""

from collections.abc import Iterable
from copy import copy

from assessments.entry.history import COLUMNS, LIST, columns_of_record, token_of_row
from assessments.models import Record
from trialsite.audit.models import Event


def record_entries(entries: Iterable[Event]) -> list[Event]:
    """The same entries, those about the list in the columns of a record. One statement, and none where there are none."""
    entries = list(entries)
    tokens = {token_of_row(int(entry.row_pk)) for entry in entries if entry.table_name == LIST}
    if not tokens:
        return entries
    records = {
        record.form_token: record
        for record in Record.objects.filter(form_token__in=tokens).only(
            "id", "form_token", "form", "repeat_key", "definition_id", "participant_id", "items"
        )
    }
    return [
        _as_of(entry, records.get(token_of_row(int(entry.row_pk)))) if entry.table_name == LIST else entry
        for entry in entries
    ]


def _as_of(entry: Event, record: Record | None) -> Event:
    if record is None:
        return entry
    told = copy(entry)
    told.table_name, told.row_pk = Record._meta.db_table, str(record.pk)
    told.old, told.new = (columns and columns_of_record(columns) for columns in (entry.old, entry.new))
    place = {
        "form": record.form,
        "repeat_key": record.repeat_key,
        "definition_id": record.definition_id,
        "participant_id": record.participant_id,
    }
    if entry.op == "I" and told.new is not None:
        told.new |= place
    elif told.old is not None and told.new is not None:
        # An entry of a record has all of its items; what did not change then is no change.
        changed = dict.fromkeys(COLUMNS[name] for name in entry.new or () if name in COLUMNS)
        told.old["items"], told.new["items"] = (
            {**record.items, **changed, **columns["items"]} for columns in (told.old, told.new)
        )
    return told
