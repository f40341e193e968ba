"""Writing the rows of an import: a few statements for thousands of them, and the same effects as of one that is typed."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from assessments.domain.change import AssessmentChange
from assessments.domain.entry import AssessmentContent
from assessments.domain.longform import ImportRow
from assessments.domain.timing import IN_ORDER, Timing, timing
from assessments.importing.saved import SavedRating
from assessments.models import Assessment
from assessments.rating.services.effects import Effects
from assessments.timing.selectors import after_dose
from enrollment.models import ProtocolVersion
from enrollment.services import enrol_treated
from trialsite.accounts.models import Study, User
from trialsite.lib.bulk import insert_like
from trialsite.lib.errors import Conflict

UPDATE = """
    update assessments_assessment a
    set items = d.items::jsonb, missing = d.missing::jsonb, total = d.total, status = d.status, not_done_reason = '',
        performed_on = d.day, instrument_version = d.edition, version = a.version + 1
    from unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::smallint[], %s::text[], %s::date[], %s::text[])
      as d (id, version, items, missing, total, status, day, edition)
    where a.id = d.id and a.version = d.version
"""


class ImportedRating(NamedTuple):
    """A row that is to be written: what is saved in its place, and what will be."""

    row: ImportRow
    saved: SavedRating
    content: AssessmentContent


class ImportWriter:
    """What one import writes, within the transaction that its caller opened."""

    def __init__(self, study: Study, protocol: ProtocolVersion, by: User) -> None:
        self.study, self.protocol, self.by = study, protocol, by
        self.sites = {site.code: site.pk for site in study.sites.all()}
        self.after_dose = {
            visit.code: after_dose(protocol.definition, visit.code) for visit in protocol.definition.visits
        }
        self.effects = Effects()

    def enrol(
        self, participants: Mapping[str, str], performed: Mapping[tuple[str, int, str], date | None]
    ) -> None:
        """Participants of an open series (code → site's code). `performed`: of which visits the file has a rating."""
        sites = {code: self.sites[site] for code, site in participants.items()}
        enrol_treated(self.protocol, sites, performed)

    def insert(self, rows: Sequence[ImportedRating]) -> None:
        insert_like(
            Assessment(entered_by=self.by),
            {
                "participant_id": [written.saved.participant for written in rows],
                "visit_id": [written.saved.visit for written in rows],
                "instrument": [written.row.instrument for written in rows],
                "form_token": [str(uuid.uuid4()) for _ in rows],
                "performed_on": [written.content.performed_on for written in rows],
                **_values(rows),
            },
        )
        self.effects.note([self._change(written) for written in rows])

    def update(self, rows: Sequence[ImportedRating]) -> None:
        """Raises Conflict where a rating has another version than the one looked at."""
        values = _values(rows)
        arrays: list[list[Any]] = [
            [written.saved.assessment for written in rows],
            [written.saved.version for written in rows],
            values["items"],
            values["missing"],
            values["total"],
            values["status"],
            [written.content.performed_on for written in rows],
            values["instrument_version"],
        ]
        with connection.cursor() as cursor:
            cursor.execute(UPDATE, arrays)
            if cursor.rowcount != len(rows):
                raise Conflict(self.study)
        self.effects.note([self._change(written) for written in rows])

    def complete(self) -> None:
        """All rows are written: what they bring with them."""
        self.effects.apply(by=self.by)

    def _change(self, written: ImportedRating) -> AssessmentChange:
        row, saved, content = written
        dated_before = None if saved.status == Assessment.Status.NOT_DONE else saved.performed_on
        return AssessmentChange(
            participant=saved.participant or 0,
            visit=saved.visit or 0,
            period=row.period,
            instrument=row.instrument,
            version=(saved.version or 0) + 1,
            done=True,
            itemised=bool(content.items),
            total=content.total,
            performed_on=content.performed_on,
            dated_before=dated_before,
            timing=self._timing(row.visit, saved, content.performed_on),
            timing_before=self._timing(row.visit, saved, dated_before),
            left_on=saved.left_on,
        )

    def _timing(self, visit: str, saved: SavedRating, performed_on: date | None) -> Timing:
        if performed_on is None or not (saved.earliest_on or saved.dosed_on):
            return IN_ORDER
        window = (saved.earliest_on, saved.latest_on) if saved.earliest_on and saved.latest_on else None
        return timing(performed_on, window, after_dose=self.after_dose[visit], dosed_on=saved.dosed_on)


def _values(rows: Sequence[ImportedRating]) -> dict[str, list[Any]]:
    """What an assessment holds by this file, by column."""
    contents = [written.content for written in rows]
    return {
        "items": [json.dumps(content.items) for content in contents],
        "missing": [json.dumps(content.missing) for content in contents],
        "total": [content.total for content in contents],
        "status": [content.status for content in contents],
        "instrument_version": [content.instrument_version for content in contents],
    }
