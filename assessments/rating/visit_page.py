"""The page of a visit: its ratings, the forms beside them, and what is asked about either."""

from collections.abc import Mapping
from dataclasses import dataclass

from assessments.entry.reading import FormReading, visit_forms
from assessments.models import Assessment
from assessments.rating.presenters import RatingRecord, rating_records
from assessments.selectors import instruments_due
from assessments.wording.selectors import instruments_at
from enrollment.casebook.records import with_review_status
from enrollment.domain.schedule import VisitState
from enrollment.models import Visit
from enrollment.schedule.strips import state_of
from enrollment.selectors import today_at
from trialsite.accounts.models import User
from trialsite.review.models import Query
from trialsite.review.selectors import ReviewStatus


@dataclass(frozen=True, slots=True)
class VisitPage:
    """`forms`: those with records, `forms_empty` those without; `to_rate`: the first instrument that is due, if any;
    `other_queries`: of no form that is here."""

    rows: list[RatingRecord]
    forms: list[FormReading]
    forms_empty: list[FormReading]
    to_rate: str
    other_queries: list[Query]
    state: VisitState


def visit_page(
    visit: Visit, saved: Mapping[str, Assessment], status: ReviewStatus, reader: User
) -> VisitPage:
    """`saved`: ratings by instrument; `status`: of the visit's review."""
    worded = instruments_at(visit, instruments_due(visit))
    rows = with_review_status(rating_records(worded, saved, visit, reader), status)
    records = visit_forms(visit, status, reader)
    forms = {row.code for row in rows} | {form.code for form in records}
    to_rate = [row.code for row in rows if not row.assessment]
    participant = visit.participant
    return VisitPage(
        rows=rows,
        forms=[form for form in records if not form.empty],
        forms_empty=[form for form in records if form.empty],
        to_rate=to_rate[0] if to_rate and visit.status != Visit.Status.MISSED else "",
        other_queries=[query for query in status.queries if query.form not in forms],
        state=state_of(visit, today_at(participant.site), participant.left_on),
    )
