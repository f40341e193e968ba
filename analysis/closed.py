"""Reading the closed schema: only through functions that check the session and log the view."""

import json
from typing import Any

from django.db import connection, transaction

from trialsite.accounts.models import Study

# Of the report's keys: one of another shape, which an upgrade leaves for some seconds, is not shown.
SHAPE = 1


@transaction.atomic
def report(session_key: str, study: Study) -> dict[str, Any] | None:
    """The closed report with `serial` and `computed_at`; None when none was computed yet by this version."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select report, serial, computed_at from closed.report_for(%s, %s)", [session_key, study.pk]
        )
        row = cursor.fetchone()
    if row is None:
        return None
    content = json.loads(row[0]) if isinstance(row[0], str) else row[0]
    if content.get("shape") != SHAPE:
        return None
    return {**content, "serial": row[1], "computed_at": row[2]}


@transaction.atomic
def lists(session_key: str, study: Study) -> list[dict[str, Any]]:
    """Of each list that this person may see: site (None: of the whole study), places, handed_out, free."""
    rows = _rows("select * from closed.lists_for(%s, %s)", [session_key, study.pk])
    return [{**row, "free": row["places"] - row["handed_out"]} for row in rows]


@transaction.atomic
def kit(session_key: str, study: Study, number: str) -> dict[str, Any] | None:
    """The kit of that number: site, kit, period, arm, participant and assigned_at; None where this person sees none."""
    return next(
        iter(_rows("select * from closed.kit_for(%s, %s, %s)", [session_key, study.pk, number])), None
    )


@transaction.atomic
def allocation_list(session_key: str, study: Study, reason: str) -> list[dict[str, Any]]:
    """Every place of the lists that this person may see, with its kits and, once handed out, its participant."""
    rows = _rows("select * from closed.list_for(%s, %s, %s)", [session_key, study.pk, reason])
    for row in rows:
        if isinstance(row["kits"], str):
            row["kits"] = json.loads(row["kits"])
    return rows


@transaction.atomic
def look(session_key: str, study: Study, number: int) -> dict[str, Any] | None:
    """A frozen look: `cut` (the text that was hashed), `results`, the decision's fields, None while open, and the
    serious events reported last, None while none were: events, treated, probability, stops, events_source, events_by,
    events_at."""
    found = _rows("select * from closed.full_look_for(%s, %s, %s)", [session_key, study.pk, number])
    if not found:
        return None
    results = found[0]["results"]
    return {**found[0], "results": json.loads(results) if isinstance(results, str) else results}


@transaction.atomic
def printed(session_key: str, study: Study, number: int) -> bytes | None:
    """The printed report of a look; None while the worker has not made it."""
    found = _rows("select * from closed.print_for(%s, %s, %s)", [session_key, study.pk, number])
    return bytes(found[0]["content"]) if found else None


@transaction.atomic
def views(session_key: str, study: Study) -> list[dict[str, Any]]:
    """Who looked at unblinded data: name, action, first_at, last_at, times; the latest first."""
    return _rows("select * from closed.views_for(%s, %s)", [session_key, study.pk])


def _rows(sql: str, params: list[Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
