"""What a study holds in the places that rows of a file speak of: one statement for many rows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from assessments.domain.longform import ImportRow

SAVED = """
    select t.id, s.code, t.consented_on, t.left_on, v.id, v.status, v.earliest_on, v.latest_on, p.dosed_on,
           a.id, a.version, a.status, a.total, a.performed_on, a.items, a.missing
    from unnest(%s::text[], %s::int[], %s::text[], %s::text[]) with ordinality r (code, period, visit, instrument, n)
    left join enrollment_participant t on t.study_id = %s and t.code = r.code
    left join accounts_site s on s.id = t.site_id
    left join enrollment_period p on p.participant_id = t.id and p.number = r.period
    left join enrollment_visit v on v.period_id = p.id and v.code = r.visit
    left join assessments_assessment a on a.visit_id = v.id and a.instrument = r.instrument
    order by r.n
"""


@dataclass(frozen=True, slots=True)
class SavedRating:
    """Ids are None where nothing is saved: `participant`, `visit`, `assessment`. `site`: code of the participant's;
    `dosed_on`: of the period; `performed_on`: of the assessment."""

    participant: int | None = None
    site: str | None = None
    consented_on: date | None = None
    left_on: date | None = None
    visit: int | None = None
    visit_status: str | None = None
    earliest_on: date | None = None
    latest_on: date | None = None
    dosed_on: date | None = None
    assessment: int | None = None
    version: int | None = None
    status: str | None = None
    total: int | None = None
    performed_on: date | None = None
    items: dict[str, int] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def saved_at(study: int, rows: Sequence[ImportRow]) -> list[SavedRating]:
    """In the order of `rows`. `study`: its id."""
    places: list[list[Any]] = [
        [row.participant for row in rows],
        [row.period for row in rows],
        [row.visit for row in rows],
        [row.instrument for row in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from enrollment_participant where study_id = %s and code = any(%s))",
            [study, places[0]],
        )
        if not cursor.fetchone()[0]:
            return [NOTHING] * len(rows)
        cursor.execute(SAVED, [*places, study])
        return [
            SavedRating(*[*values, json.loads(items or "{}"), json.loads(missing or "{}")])
            for *values, items, missing in cursor.fetchall()
        ]


NOTHING = SavedRating()
