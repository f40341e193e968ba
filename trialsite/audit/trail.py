"""Entries of the audit trail field by field: "was 3, now 2"."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trialsite.audit.models import Event

SYSTEM = "system"
# Columns that say nothing to a reader: keys, counters, and what a line says anyway.
QUIET = {"id", "version", "form_token", "created_at", "entered_at", "recorded_at", "at"}


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one record. `old` and `new` are None where there was or is no value; an empty text is none."""

    chain: str
    n: int
    at: datetime
    who: str
    role: str
    reason: str
    form: str
    record: str
    field: str
    old: Any
    new: Any
    first: bool


def history(chain: str, table: str, record: int) -> list[Change]:
    """Changes of one record after it was first saved, newest first."""
    events = Event.objects.filter(chain=chain, table_name=table, row_pk=str(record), op="U").order_by("-n")
    return list(changes(events))


def changes(events: Iterable[Event]) -> Iterator[Change]:
    """Each event's fields in the order of their names; values inside a JSON column are fields of their own."""
    for event in events:
        for field, old, new in _fields(event.old or {}, event.new or {}):
            yield Change(
                chain=event.chain,
                n=event.n,
                at=event.at,
                who=event.actor_name,
                role=event.actor_role or "",
                reason=event.reason or "",
                form=event.table_name.partition("_")[2],
                record=event.row_pk,
                field=field,
                old=None if old == "" else old,
                new=None if new == "" else new,
                first=event.op == "I",
            )


def _fields(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in sorted(new):
        before, after = old.get(name), new[name]
        if name in QUIET or before == after:
            continue
        if isinstance(after, dict) and (before is None or isinstance(before, dict)):
            yield from _fields(
                {**dict.fromkeys(after), **(before or {})}, {**dict.fromkeys(before or {}), **after}
            )
        else:
            yield name, before, after
