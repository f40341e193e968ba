"""The audit trail as people read it: one line for each changed field, "was 3, now 2"."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from trialsite.accounts.models import Access, Study, User
from trialsite.audit.models import Event
from trialsite.audit.readiness import audited_tables

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


def named(found: Iterable[Change]) -> list[Change]:
    """`found` with usernames where a field holds the number of a person."""
    rows = list(found)
    numbers = {value for row in rows if _of_person(row.field) for value in (row.old, row.new) if value}
    names = dict(User.objects.filter(pk__in=numbers).values_list("pk", "username"))
    return [
        replace(row, old=names.get(row.old, row.old), new=names.get(row.new, row.new))
        if _of_person(row.field)
        else row
        for row in rows
    ]


def _of_person(field: str) -> bool:
    return field == "user_id" or field.endswith("_by_id")


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


def of_participants(participants: Iterable[int]) -> QuerySet[Event]:
    """Events of these participants' chains, newest first."""
    return Event.objects.filter(Q(chain__in=[f"participant:{pk}" for pk in participants])).order_by(
        "-at", "-n"
    )


def of_study(study: Study) -> QuerySet[Event]:
    """What the trail has of the study itself and of its people, newest first: protocols, roles, looks, exports,
    sign-ins. Of other studies nothing: a list taken there is left out, though the same person took it."""
    people = User.objects.filter(memberships__study=study)
    taken = Q(kind__in=[Access.Kind.LIST, Access.Kind.TRAIL])
    here = {
        "accounts_user": people,
        "accounts_access": Access.objects.filter(user__in=people).exclude(
            taken & ~Q(about__startswith=f"{study.code} ")
        ),
        Study._meta.db_table: Study.objects.filter(pk=study.pk),
    }
    tables = audited_tables()
    for model in apps.get_models():
        table = model._meta.db_table
        if table in tables and table not in here and any(f.name == "study" for f in model._meta.fields):
            here[table] = model._default_manager.filter(study=study)
    rows = Q()
    for table, found in here.items():
        rows |= Q(table_name=table, row_pk__in=_texts(found))
    return Event.objects.filter(rows, chain=SYSTEM).order_by("-at", "-n")


def _texts(rows: QuerySet[Any]) -> QuerySet[Any]:
    keys: QuerySet[Any] = rows.annotate(as_text=Cast("pk", TextField())).values("as_text")
    return keys
