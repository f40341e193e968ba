"""The values of an entry as people write them: dates, choices, names; item by item where a column holds a form."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.trail.line import TrailLine
from analysis.trail.names import MODELS, Names, Row
from analysis.trail.record_values import record_lines
from assessments.entry.reading import HEAD_LABELS
from assessments.models import Record
from assessments.rating.presenters import LABELS as RATING
from enrollment.models import ConsentVersion
from trialsite.accounts.models import Site, User
from trialsite.audit.models import Event

# What people call a column whose field in the model has no name of its own.
LABELS: Mapping[str, Any] = {
    **RATING,
    "approved": gettext_lazy("Approved"),
    "blocks_signature": gettext_lazy("Must be closed before signing"),
    "dosed_on": gettext_lazy("Date given"),
    "ends_at": gettext_lazy("Ends"),
    "given_despite": gettext_lazy("Reason for dosing after withdrawal, or while dosing was halted"),
    "halts": gettext_lazy("Halted activities"),
    "in_force_until": gettext_lazy("Open until"),
    "is_active": gettext_lazy("Active"),
    "kit_number": gettext_lazy("Kit"),
    "left_reason": gettext_lazy("Reason for withdrawal"),
    "missed_reason": gettext_lazy("Why it was missed"),
    "override_by_id": gettext_lazy("Washout overridden by"),
    "override_reason": gettext_lazy("Reason for deviating from the washout"),
    "performed_on": gettext_lazy("Date"),
    "planned_on": gettext_lazy("Planned date"),
    "removed": gettext_lazy("Removed from the list"),
    "removed_reason": gettext_lazy("Reason for removal"),
    "requested_by_id": gettext_lazy("Requested by"),
    "signed_by_id": gettext_lazy("Signed by"),
    "starts_at": gettext_lazy("Begins"),
    "status_reason": HEAD_LABELS["status_reason"],
    "voided_at": gettext_lazy("No longer valid from"),
}
# Keys, counters, hashes, and what the sentence says already: they stand in the raw entry.
QUIET = {
    *("version", "form_token", "form", "repeat_key", "field", "source", "document", "difference", "facts"),
    *("criteria", "instrument", "instrument_version", "check_id", "check_version", "meaning_code"),
    *("is_system", "throttling_failure_count", "throttling_failure_timestamp", "last_step"),
    *("earliest_on", "latest_on", "day", "signed_at", "left_on_derived"),
}


def lines(entry: Event, names: Names) -> list[TrailLine]:
    """What people would call the values that `entry` set, in the order of its table's columns."""
    model = MODELS.get(entry.table_name)
    old, new = entry.old or {}, entry.new or {}
    if model is None:
        return []
    set_lines: list[TrailLine] = []
    for field in model._meta.concrete_fields:
        name = field.attname
        if name not in new or old.get(name) == new[name] or _quiet(field, entry):
            continue
        if isinstance(field, models.JSONField):
            set_lines += _of_form(field, names, entry, old.get(name) or {}, new[name] or {})
        else:
            line = TrailLine(label(field), text(field, old.get(name), names), text(field, new[name], names))
            set_lines += [line] if line.old or line.new else []
    return list(_one_a_label(set_lines))


def _one_a_label(set_lines: list[TrailLine]) -> Iterator[TrailLine]:
    """An item that is no longer rated, and the reason for that, are one change."""
    merged: dict[tuple[str, str], TrailLine] = {}
    for line in set_lines:
        before = merged.get((line.label, line.code), line)
        merged[line.label, line.code] = replace(line, old=before.old or line.old, new=before.new or line.new)
    yield from merged.values()


def label(field: Any) -> str:
    """The name that the model gives its field for forms, else ours, else the column's."""
    own = str(field.verbose_name)
    return str(
        LABELS.get(field.attname, capfirst(own)) if own == field.name.replace("_", " ") else capfirst(own)
    )


def _quiet(field: Any, entry: Event) -> bool:
    name, value = field.attname, (entry.new or {})[field.attname]
    if field.primary_key or name in QUIET or name.endswith(("sha256", "password", "sealed")):
        return True
    if field.related_model:
        table = field.related_model._meta.db_table
        # Other keys say where the row belongs, which the sentence does.
        named = (Site._meta.db_table, ConsentVersion._meta.db_table)
        return bool(table not in named and (table != User._meta.db_table or value == entry.actor))
    # A clock's stamp: the entry says when it was written.
    return isinstance(field, models.DateTimeField) and field.has_default()


def text(field: Any, value: Any, names: Names) -> str:
    """One value as people write it; empty for none."""
    if value is None or value == "":
        return ""
    if field.related_model:
        table = field.related_model._meta.db_table
        if table == ConsentVersion._meta.db_table:
            return names.consent_version(value)
        return names.user(value) if table == User._meta.db_table else names.site(value)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.BooleanField):
        return _("yes") if value else _("no")
    if isinstance(field, models.DateTimeField):
        return moment(parse_datetime(str(value)), value)
    if isinstance(field, models.DateField):
        return date_format(parsed) if (parsed := _date(value)) else str(value)
    if isinstance(field, models.TimeField):
        return f"{parsed_time:%H:%M}" if (parsed_time := _time(value)) else str(value)
    return str(value)


def moment(at: datetime | None, otherwise: object = "") -> str:
    """ "26 Nov 2026, 08:01 UTC"."""
    return date_format(timezone.localtime(at), "j M Y, H:i e") if at else str(otherwise)


def _date(value: Any) -> date | None:
    return parse_date(str(value))


def _time(value: Any) -> time | None:
    return parse_time(str(value))


def _of_form(field: Any, names: Names, entry: Event, old: Row, new: Row) -> Iterator[TrailLine]:
    """Items and reasons of a rating or a record, under their names on the form; other columns under their keys."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    row = {**names.row(entry.table_name, entry.row_pk), **(entry.new or {})}
    if entry.table_name == Record._meta.db_table:
        yield from record_lines(field.attname, names.form(row), names.reasons(row), old, new)
        return
    instrument = names.instrument(row)
    reasons = dict(instrument.missing_reasons) if instrument else {}
    for code in dict.fromkeys((*new, *old)):
        if old.get(code) == new.get(code):
            continue
        item = instrument.by_code.get(code) if instrument else None
        name = f"{item.number} {item.name}" if item else code
        before, now = (_of_item(field.attname, source.get(code), reasons) for source in (old, new))
        if before is not None and now is not None:
            yield TrailLine(name, before, now, item=True)


def _of_item(column: str, value: Any, reasons: Mapping[str, str]) -> str | None:
    """None for what is no single value."""
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return None
    if column == "missing":
        return _("not assessed: %(why)s") % {"why": reasons.get(str(value), value)}
    return str(value)
