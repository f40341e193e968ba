"""The values of an entry as people write them: dates, choices, names; item by item where a column holds a form."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.trail.names import MODELS, Names, Row
from assessments.presenters import LABELS as RATING
from trialsite.accounts.models import Site, User
from trialsite.audit.models import Event

# What people call a column whose field in the model has no name of its own.
LABELS: Mapping[str, Any] = {
    **RATING,
    "approved": gettext_lazy("Approved"),
    "blocks_signature": gettext_lazy("Must be closed before signing"),
    "dosed_on": gettext_lazy("Date given"),
    "ends_at": gettext_lazy("Ends"),
    "in_force_until": gettext_lazy("Open until"),
    "is_active": gettext_lazy("Active"),
    "kit_number": gettext_lazy("Kit"),
    "left_reason": gettext_lazy("Why the participant left"),
    "missed_reason": gettext_lazy("Why it was missed"),
    "override_by_id": gettext_lazy("Washout overridden by"),
    "override_reason": gettext_lazy("Why the washout was not kept"),
    "performed_on": gettext_lazy("Date"),
    "planned_on": gettext_lazy("Planned date"),
    "removed": gettext_lazy("Taken off the list"),
    "removed_reason": gettext_lazy("Why it was taken off"),
    "requested_by_id": gettext_lazy("Asked for by"),
    "signed_by_id": gettext_lazy("Signed by"),
    "starts_at": gettext_lazy("Begins"),
    "voided_at": gettext_lazy("No longer valid from"),
}
# Keys, counters, hashes, and what the sentence says already: they stand in the raw entry.
QUIET = {
    "version", "form_token", "source", "document", "difference", "facts", "criteria", "instrument",
    "instrument_version", "check_id", "check_version", "meaning_code", "is_system", "throttling_failure_count",
    "throttling_failure_timestamp", "last_step", "earliest_on", "latest_on", "day", "signed_at",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One value: `old` and `new` as people read them, empty where there was or is none; `item`: of a form."""

    label: str
    old: str
    new: str
    item: bool = False

    @property
    def html(self) -> SafeString:
        """Made here: a page has hundreds, and a template for each would be most of its cost."""
        head = format_html('<span class="trail-label">{}:</span> ', self.label)
        if not self.old:
            return format_html("{}{}", head, self.new)
        changed = '{}<del>{}</del> <span aria-hidden="true">→</span><span class="visually-hidden">{}</span> <ins>{}</ins>'
        return format_html(changed, head, self.old, _("now"), self.new or _("no value"))


def lines(entry: Event, names: Names) -> list[Line]:
    """What people would call the values that `entry` set, in the order of its table's columns."""
    model = MODELS.get(entry.table_name)
    old, new = entry.old or {}, entry.new or {}
    if model is None:
        return []
    found: list[Line] = []
    for field in model._meta.concrete_fields:
        name = field.attname
        if name not in new or old.get(name) == new[name] or _quiet(field, entry):
            continue
        if isinstance(field, models.JSONField):
            found += _of_form(field, names, entry, old.get(name) or {}, new[name] or {})
        else:
            line = Line(label(field), text(field, old.get(name), names), text(field, new[name], names))
            found += [line] if line.old or line.new else []
    return list(_one_a_label(found))


def _one_a_label(found: list[Line]) -> Iterator[Line]:
    """An item that is no longer rated, and the reason for that, are one change."""
    merged: dict[str, Line] = {}
    for line in found:
        before = merged.get(line.label, line)
        merged[line.label] = replace(line, old=before.old or line.old, new=before.new or line.new)
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
        return bool(table != Site._meta.db_table and (table != User._meta.db_table or value == entry.actor))
    # A clock's stamp: the entry says when it was written.
    return isinstance(field, models.DateTimeField) and field.has_default()


def text(field: Any, value: Any, names: Names) -> str:
    """One value as people write it; empty for none."""
    if value is None or value == "":
        return ""
    if field.related_model:
        table = field.related_model._meta.db_table
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


def _of_form(field: Any, names: Names, entry: Event, old: Row, new: Row) -> Iterator[Line]:
    """Items and reasons of a rating, under their names on the form; other columns under their keys."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    instrument = names.instrument({**names.row(entry.table_name, entry.row_pk), **(entry.new or {})})
    reasons = dict(instrument.missing_reasons) if instrument else {}
    for code in dict.fromkeys((*new, *old)):
        if old.get(code) == new.get(code):
            continue
        item = instrument.by_code.get(code) if instrument else None
        name = f"{item.number} {item.name}" if item else code
        before, now = (_of_item(field.attname, source.get(code), reasons) for source in (old, new))
        if before is not None and now is not None:
            yield Line(name, before, now, item=True)


def _of_item(column: str, value: Any, reasons: Mapping[str, str]) -> str | None:
    """None for what is no single value."""
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return None
    if column == "missing":
        return _("not assessed: %(why)s") % {"why": reasons.get(str(value), value)}
    return str(value)
