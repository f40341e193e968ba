"""Writing the rows of an import: a few statements for thousands of them."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone

from assessments.domain.longform import Row
from assessments.importing.bulk import insert_like
from assessments.importing.checks import Checks
from assessments.importing.saved import Saved
from assessments.models import Assessment
from assessments.safety.services import raise_alerts
from enrollment.models import Participant, Period, ProtocolVersion, Visit
from enrollment.selectors import over
from trialsite.accounts.models import Study, User
from trialsite.lib.errors import Conflict

Written = tuple[Row, Saved]
UPDATE = """
    update assessments_assessment a
    set items = d.items::jsonb, missing = d.missing::jsonb, total = d.total, status = d.status, not_done_reason = '',
        performed_on = d.day, instrument_version = d.edition, version = a.version + 1
    from unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::smallint[], %s::text[], %s::date[], %s::text[])
      as d (id, version, items, missing, total, status, day, edition)
    where a.id = d.id and a.version = d.version
"""
PERFORMED = """
    update enrollment_visit v set status = 'done', performed_on = d.day, missed_reason = ''
    from unnest(%s::bigint[], %s::date[]) as d (id, day)
    where v.id = d.id and (v.status, v.performed_on) is distinct from ('done', d.day)
"""


class Writer:
    """What one import writes, within the transaction that its caller opened."""

    def __init__(self, study: Study, protocol: ProtocolVersion, checks: Checks, by: User) -> None:
        self.study, self.protocol, self.checks, self.by = study, protocol, checks, by
        self.sites = {site.code: site.pk for site in study.sites.all()}
        self.rated: set[int] = set()
        self.itemised: set[str] = set()

    def enrol(self, people: Mapping[str, str], performed: Mapping[tuple[str, int, str], date | None]) -> None:
        """Participants of an open series (code → site): already treated when they come here, so never screened.

        `performed`: of which visits the file has a rating, and when."""
        made = insert_like(
            Participant(
                study=self.study,
                protocol=self.protocol,
                status=Participant.Status.RANDOMISED,
                randomised_at=timezone.now(),
            ),
            {"code": list(people), "site_id": [self.sites[site] for site in people.values()]},
            ("id", "code"),
        )
        numbers = [spec.number for spec in self.protocol.rules.periods]
        periods = insert_like(
            Period(),
            {
                "participant_id": [person for person, _ in made for _ in numbers],
                "number": [number for _ in made for number in numbers],
            },
            ("id", "participant_id", "number"),
        )
        code_of = dict(made)
        visits = [
            (person, period, spec, (code_of[person], number, spec.code))
            for period, person, number in periods
            for spec in self.protocol.rules.visits
        ]
        done, planned = Visit.Status.DONE.value, Visit.Status.PLANNED.value
        insert_like(
            Visit(),
            {
                "participant_id": [person for person, *_ in visits],
                "period_id": [period for _, period, *_ in visits],
                "code": [spec.code for _, _, spec, _ in visits],
                "label": [spec.label for _, _, spec, _ in visits],
                "day": [spec.day for _, _, spec, _ in visits],
                "status": [done if key in performed else planned for *_, key in visits],
                "performed_on": [performed.get(key) for *_, key in visits],
            },
        )

    def insert(self, rows: Sequence[Written]) -> None:
        insert_like(
            Assessment(entered_by=self.by),
            {
                "participant_id": [saved.person for _, saved in rows],
                "visit_id": [saved.visit for _, saved in rows],
                "instrument": [row.instrument for row, _ in rows],
                "form_token": [str(uuid.uuid4()) for _ in rows],
                "performed_on": [row.on for row, _ in rows],
                **self._values(rows),
            },
        )
        self._performed(rows)

    def update(self, rows: Sequence[Written]) -> None:
        """Raises Conflict where a rating has another version than the one looked at."""
        values = self._values(rows)
        arrays: list[list[Any]] = [
            [saved.rating for _, saved in rows],
            [saved.version for _, saved in rows],
            values["items"],
            values["missing"],
            values["total"],
            values["status"],
            [row.on for row, _ in rows],
            values["instrument_version"],
        ]
        with connection.cursor() as cursor:
            cursor.execute(UPDATE, arrays)
            if cursor.rowcount != len(rows):
                raise Conflict(self.study)
        self._performed(rows)

    def complete(self) -> None:
        """Who was rated and has no visit to come has completed the study; what the ratings say about somebody's safety
        becomes an alert."""
        over(Participant.objects.filter(pk__in=self.rated)).update(status=Participant.Status.COMPLETED)
        for code in self.itemised:
            ratings = Assessment.objects.filter(participant__in=self.rated)
            raise_alerts(ratings, self.checks.instruments[code])

    def _values(self, rows: Sequence[Written]) -> dict[str, list[Any]]:
        """What a rating holds by this file, by column."""
        totals = [self.checks.total(row) for row, _ in rows]
        status = Assessment.Status
        return {
            "items": [json.dumps(row.items) for row, _ in rows],
            "missing": [json.dumps(self.checks.missing(row, saved.missing)) for row, saved in rows],
            "total": totals,
            "status": [status.ENTERED.value if total is None else status.COMPLETE.value for total in totals],
            "instrument_version": [self.checks.instruments[row.instrument].version for row, _ in rows],
        }

    def _performed(self, rows: Sequence[Written]) -> None:
        """The visits took place."""
        self.rated.update(saved.person for _, saved in rows if saved.person)
        self.itemised.update(row.instrument for row, _ in rows if row.items)
        with connection.cursor() as cursor:
            cursor.execute(PERFORMED, [[saved.visit for _, saved in rows], [row.on for row, _ in rows]])
