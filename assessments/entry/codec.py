"""The fields of a form's page, and what they mean: browser ⇄ text ⇄ values ⇄ record.

An item has the field `item_<code>`, beside it where the form has them `unit_<code>` and `missing_<code>`; the answer to what
was asked about it is `comment_<code>__<check>`. A draft keeps the fields as they are.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from django.http import QueryDict
from django.utils.translation import gettext as _

from assessments.domain.form import Form, Item
from assessments.domain.typed import read_typed
from assessments.domain.value_text import shown_text
from assessments.domain.values import Quantity, Value, ValueProblemError, iso, to_json
from assessments.entry.selectors import form_of, values_of
from assessments.models import Record
from trialsite.accounts.fields import why_not
from trialsite.lib.days import NotADayError, day_text, read

LONGEST_LINE = 500
LONGEST_TYPED = 25_000
HEAD = ("performed_on", "not_done_reason", "reason")
# Between the codes of an answer with several, which hold no comma.
SEVERAL = ","


def item_field(code: str) -> str:
    return f"item_{code}"


def unit_field(code: str) -> str:
    return f"unit_{code}"


def missing_field(code: str) -> str:
    return f"missing_{code}"


def comment_field(code: str, check: str) -> str:
    return f"comment_{code}__{check}"


@dataclass(frozen=True, slots=True)
class RecordEntry:
    """What somebody wants recorded. `comments`: (item, check) → why the value is kept."""

    values: Mapping[str, Value] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    comments: Mapping[tuple[str, str], str] = field(default_factory=dict)
    performed_on: date | None = None
    not_done_reason: str = ""


@dataclass(frozen=True, slots=True)
class TypedRecord:
    """`text`: field → as it was typed. `unreadable`: field → why it means nothing."""

    text: dict[str, str]
    entry: RecordEntry
    unreadable: dict[str, str]


def read_fields(form: Form, fields: Mapping[str, object], zone: tzinfo) -> TypedRecord:
    """What was typed, as far as it can be read. `zone`: the site's. `fields`: of a page or of a draft."""
    text = _text(form, fields)
    values: dict[str, Value] = {}
    unreadable: dict[str, str] = {}
    for item in form.items:
        typed = text.get(item_field(item.code), "")
        if not item.entered or not typed:
            continue
        try:
            several = typed.split(SEVERAL) if item.type == "choices" else typed
            value = read_typed(form, item, several, unit=text.get(unit_field(item.code), ""), zone=zone)
        except ValueProblemError as error:
            unreadable[item_field(item.code)] = _(error.message) % error.params
        else:
            if value is not None:
                values[item.code] = value
    performed_on = None
    if text.get("performed_on"):
        try:
            performed_on = read(text["performed_on"])
        except NotADayError as error:
            unreadable["performed_on"] = why_not(error)
    entry = RecordEntry(
        values=values,
        missing={item.code: reason for item in form.items if (reason := text.get(missing_field(item.code)))},
        comments=_comments(form, text),
        performed_on=performed_on,
        not_done_reason=text.get("not_done_reason", "").strip(),
    )
    return TypedRecord(text, entry, unreadable)


def _text(form: Form, fields: Mapping[str, object]) -> dict[str, str]:
    """The form's own fields and nothing else, each of bounded length; blank ones are left out."""
    text = {name: str(fields.get(name, ""))[:LONGEST_LINE] for name in HEAD}
    for item in form.items:
        name = item_field(item.code)
        if item.type == "choices" and isinstance(fields, QueryDict):
            text[name] = SEVERAL.join(fields.getlist(name))[:LONGEST_TYPED]
        else:
            # Longer than any form lets it be: what is too long is refused in words, never cut.
            text[name] = str(fields.get(name, ""))[:LONGEST_TYPED]
        text[missing_field(item.code)] = str(fields.get(missing_field(item.code), ""))[:20]
        text[unit_field(item.code)] = str(fields.get(unit_field(item.code), ""))[:20]
    text |= {
        name: str(fields[name])[:LONGEST_LINE]
        for name in fields
        if name.startswith("comment_") and "__" in name
    }
    return {name: typed for name, typed in text.items() if typed.strip()}


def _comments(form: Form, text: Mapping[str, str]) -> dict[tuple[str, str], str]:
    comments = {}
    for name, comment in text.items():
        code, _separator, check = name.removeprefix("comment_").partition("__")
        if name.startswith("comment_") and code in form.by_code and check:
            comments[code, check] = comment.strip()
    return comments


def saved_text(record: Record) -> dict[str, str]:
    """A saved record as the fields of its page."""
    form = form_of(record.definition)
    text = {missing_field(code): reason for code, reason in record.missing.items()}
    for code, value in values_of(record, form).items():
        item = form.by_code[code]
        if item.entered:
            text |= field_text(form, item, value)
    for key, comment in record.comments.items():
        code, _separator, check = key.partition(" ")
        text[comment_field(code, check)] = comment
    if record.performed_on:
        text["performed_on"] = day_text(record.performed_on)
    if record.status == Record.Status.NOT_DONE:
        text["not_done_reason"] = record.status_reason
    return text


def field_text(form: Form, item: Item, value: Value) -> dict[str, str]:
    """The fields in which `value` is typed."""
    name = item_field(item.code)
    if isinstance(value, Quantity):
        return {name: f"{value.value:f}"} | ({unit_field(item.code): value.unit} if value.unit else {})
    if isinstance(value, tuple):
        return {name: SEVERAL.join(value)}
    if isinstance(value, bool):
        return {name: "Y" if value else "N"}
    if item.type == "choice":
        return {name: str(value)}
    if isinstance(value, datetime):
        return {name: f"{day_text(value.date())} {iso(value.timetz())}"}
    return {name: shown_text(form, item, value)}


def entry_of(record: Record, form: Form) -> RecordEntry:
    """What is saved, as an entry."""
    comments = {}
    for key, comment in record.comments.items():
        code, _separator, check = key.partition(" ")
        comments[code, check] = comment
    return RecordEntry(values=values_of(record, form), missing=record.missing, comments=comments)


def put(entry: RecordEntry, calculated: Mapping[str, Value], record: Record) -> None:
    """Into the record, as JSON."""
    record.performed_on = entry.performed_on
    record.status_reason = entry.not_done_reason
    if entry.not_done_reason:
        record.items, record.missing, record.comments = {}, {}, {}
        return
    record.items = {code: to_json(value) for code, value in {**entry.values, **calculated}.items()}
    record.missing = {code: reason for code, reason in entry.missing.items() if code not in record.items}
    record.comments = {f"{code} {check}": text for (code, check), text in entry.comments.items() if text}


def new_token() -> str:
    return str(uuid.uuid4())
