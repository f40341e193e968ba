"""All that is recorded of a participant, read at once: in as many statements for a long record as for a short one.

Blinded as every reader of it is: no treatment, no sequence, no kit of the allocation; of an emergency unblinding that it
happened.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.db.models import F, Q

from assessments.entry.reading import FormReading, forms_by_visit
from assessments.models import Assessment
from assessments.rating.presenters import RatingRecord, as_readable, history_in_words, rating_record
from assessments.rating.second import second_ratings_of
from assessments.selectors import instrument_of, instruments_due
from enrollment.casebook.fields import forms_of
from enrollment.casebook.records import FormRecord, with_review_status
from enrollment.models import EligibilityDecision, Participant, Period, Visit
from trialsite.audit.models import Event
from trialsite.audit.trail import Change, changes
from trialsite.review.models import Lock, Query, Signature, Verification
from trialsite.review.selectors import ReviewStatus, review_status_of


@dataclass(frozen=True, slots=True)
class VisitContent:
    """`queries`: those about none of its ratings and forms."""

    visit: Visit
    ratings: list[RatingRecord]
    forms: list[FormReading]
    queries: list[Query]
    signatures: list[Signature]
    locks: list[Lock]


@dataclass(frozen=True, slots=True)
class Casebook:
    """`outside`: forms of the record outside visits, screening and dosing; `queries`, `signatures`, `locks`: of no visit.

    `verifications`: by their ids, in force.
    """

    participant: Participant
    outside: list[FormRecord]
    decisions: list[EligibilityDecision]
    periods: list[Period]
    visits: list[VisitContent]
    forms: list[FormReading]
    queries: list[Query] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)
    locks: list[Lock] = field(default_factory=list)
    verifications: Mapping[int, Verification] = field(default_factory=dict)


def casebook_of(participant: Participant) -> Casebook:
    """The whole record as it stands."""
    statuses = review_status_of(participant.pk)
    visits = list(
        participant.visits.select_related("period").order_by(
            F("period__number").asc(nulls_first=True), "day", "pk"
        )
    )
    # A casebook is passed on: what only its author reads is not in it.
    forms = forms_by_visit(participant, visits, statuses, reader=None)
    ratings = _ratings(participant, visits, statuses)
    signatures, locks = _signatures(participant), _locks(participant)
    own = statuses.get(None) or ReviewStatus()
    outside = with_review_status(forms_of(participant), own)
    return Casebook(
        participant=participant,
        outside=outside,
        decisions=list(participant.decisions.select_related("decided_by")),
        periods=list(participant.periods.all()),
        visits=[
            VisitContent(
                visit=visit,
                ratings=ratings[visit.pk],
                forms=forms[visit.pk],
                queries=_others(statuses.get(visit.pk), ratings[visit.pk], forms[visit.pk]),
                signatures=signatures.get(visit.pk, []),
                locks=locks.get(visit.pk, []),
            )
            for visit in visits
        ],
        forms=forms[None],
        queries=_others(own, outside, forms[None]),
        signatures=signatures.get(None, []),
        locks=locks.get(None, []),
        verifications={
            each.pk: each
            for each in Verification.objects.filter(participant=participant, voided_at=None).select_related(
                "verified_by"
            )
        },
    )


def _ratings(
    participant: Participant, visits: list[Visit], statuses: Mapping[int | None, ReviewStatus]
) -> dict[int, list[RatingRecord]]:
    """Visit → its ratings. The histories of all are read at once."""
    saved: dict[int, list[Assessment]] = {}
    for rating in participant.assessments.select_related("entered_by"):
        saved.setdefault(rating.visit_id, []).append(rating)
    histories = _histories(participant)
    protocol = participant.protocol.definition
    seconds = second_ratings_of(participant)
    return {
        visit.pk: with_review_status(
            [
                as_readable(
                    rating_record(
                        instrument := instrument_of(protocol, rating.instrument),
                        rating,
                        visit,
                        history_in_words(instrument, histories.get(str(rating.pk), [])),
                    ),
                    visit,
                    seconds,
                    reader=None,
                )
                for rating in _in_order(visit, saved.get(visit.pk, []))
            ],
            statuses.get(visit.pk) or ReviewStatus(),
        )
        for visit in visits
    }


def _in_order(visit: Visit, ratings: list[Assessment]) -> list[Assessment]:
    due = instruments_due(visit)
    return sorted(ratings, key=lambda rating: (rating.instrument not in due, rating.instrument))


def _histories(participant: Participant) -> dict[str, list[Change]]:
    """Id of a rating → what was changed in it, newest first."""
    events = Event.objects.filter(
        chain=f"participant:{participant.pk}", table_name=Assessment._meta.db_table, op="U"
    )
    histories: dict[str, list[Change]] = {}
    for change in changes(events.order_by("-n")):
        histories.setdefault(change.record, []).append(change)
    return histories


def _others(
    status: ReviewStatus | None, records: list[RatingRecord] | list[FormRecord], forms: list[FormReading]
) -> list[Query]:
    """The queries that stand at none of these."""
    placed = {query.pk for record in records for query in record.queries}
    placed |= {query.pk for form in forms for query in form.queries}
    placed |= {query.pk for form in forms for row in form.rows for query in row.queries}
    return [query for query in status.queries if query.pk not in placed] if status else []


def _signatures(participant: Participant) -> dict[int | None, list[Signature]]:
    """Visit, or None for the casebook → its signatures, the voided ones as well."""
    signatures: dict[int | None, list[Signature]] = {}
    for signature in Signature.objects.filter(participant=participant):
        signatures.setdefault(signature.visit_id, []).append(signature)
    return signatures


def _locks(participant: Participant) -> dict[int | None, list[Lock]]:
    """Visit, or None for the casebook and the study → what locks it."""
    locks: dict[int | None, list[Lock]] = {}
    mine = Q(participant=participant) | Q(study=participant.study_id, participant=None)
    for lock in (
        Lock.objects.filter(mine)
        .select_related("locked_by")
        .prefetch_related("requests__requested_by", "requests__decided_by")
    ):
        locks.setdefault(lock.visit_id, []).append(lock)
    return locks


def changes_elsewhere(record: FormRecord) -> Iterator[Change]:
    """Of a record's changes those at no answer that it has now."""
    answered = {answer.code for answer in record.answers}
    return (change for change in record.history if change.field not in answered)
