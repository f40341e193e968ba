"""What one step sent, held against what is saved: the rest of the form stays as it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo

from assessments.domain.form import Form
from assessments.domain.zoned import read_clock
from assessments.entry.codec import (
    RecordEntry,
    comment_field,
    item_field,
    missing_field,
    read_fields,
    saved_text,
    unit_field,
)
from assessments.models import Record
from trialsite.lib.days import day_text

WAS = "was_"


@dataclass(frozen=True, slots=True)
class MergedStep:
    """`entry`: of the whole form; `unreadable`: field → why; `taken`: field → what somebody else saved there meanwhile;
    `changes`: whether any saved value becomes another."""

    entry: RecordEntry
    text: Mapping[str, str]
    unreadable: Mapping[str, str]
    taken: Mapping[str, str]
    changes: bool


def dated(form: Form, fields: Mapping[str, str], day: date) -> dict[str, str]:
    """`fields` with the day before each moment that was typed as a time alone."""
    moments = {item_field(item.code) for item in form.items if item.type == "datetime"}
    return {
        name: f"{day_text(day)} {clock:%H:%M}"
        if name.removeprefix(WAS) in moments and (clock := read_clock(text))
        else text
        for name, text in fields.items()
    }


def merged(
    form: Form, saved: Record | None, fields: Mapping[str, str], items: Iterable[str], day: date, zone: tzinfo
) -> MergedStep:
    """The saved form with what the step says of its `items`. What it leaves as the page had it stays as it is saved now."""
    fields = dated(form, fields, day)
    names = {name for code in items for name in _names(code)}
    typed = {name: fields.get(name, "").strip() for name in names}
    was = {name: fields.get(WAS + name, "").strip() for name in names}
    text = saved_text(saved) if saved else {"performed_on": day_text(day)}
    before, now, then = (read_fields(form, kept, zone) for kept in (text, typed, was))
    taken, changes = {}, False
    for code in items:
        field = item_field(code)
        states = [_state(source.entry, code, source.text) for source in (before, now, then)]
        if states[1] == states[2] or states[1] == states[0]:
            continue
        if states[0] != states[2]:
            taken[field] = text.get(field, "") or text.get(missing_field(code), "")
        changes = changes or bool(states[0])
        text = {name: kept for name, kept in text.items() if name not in _names(code)}
        text |= {name: typed[name] for name in _names(code) if typed[name]}
    text |= {
        name: answer for name, answer in fields.items() if name.startswith("comment_") and answer.strip()
    }
    reading = read_fields(form, text, zone)
    return MergedStep(reading.entry, reading.text, reading.unreadable, taken, changes)


def _names(code: str) -> tuple[str, str, str]:
    return item_field(code), unit_field(code), missing_field(code)


def _state(entry: RecordEntry, code: str, text: Mapping[str, str]) -> object:
    """What an entry says of an item: its value, its reason, what cannot be read as it is typed, or nothing."""
    return entry.values.get(code, None) or entry.missing.get(code) or text.get(item_field(code)) or None


def with_remark(
    entry_text: Mapping[str, str], asked: Iterable[tuple[str, str]], remark: str
) -> dict[str, str]:
    """The remark of a step as the answer to all that is asked about it."""
    answers = {comment_field(item, check): remark for item, check in asked} if remark else {}
    return {**answers, **entry_text}
