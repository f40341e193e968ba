"""Reading the closed schema: only through functions that check the session and log the view."""

import json
from typing import Any

from django.db import connection, transaction

from trialsite.accounts.models import Study


@transaction.atomic
def report(session_key: str, study: Study) -> dict[str, Any] | None:
    """The closed report with `serial` and `computed_at`; None when none was computed yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select report, serial, computed_at from closed.report_for(%s, %s)", [session_key, study.pk]
        )
        row = cursor.fetchone()
    if row is None:
        return None
    content = json.loads(row[0]) if isinstance(row[0], str) else row[0]
    return {**content, "serial": row[1], "computed_at": row[2]}


@transaction.atomic
def allocation_list(session_key: str, study: Study) -> list[dict[str, Any]]:
    """Every slot of the study's lists, with its kits and, once assigned, its participant."""
    with connection.cursor() as cursor:
        cursor.execute("select * from closed.list_for(%s, %s)", [session_key, study.pk])
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        if isinstance(row["kits"], str):
            row["kits"] = json.loads(row["kits"])
    return rows
