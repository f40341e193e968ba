"""What the product does about ratings that are saved, done for invented ones in bulk: dates that were typed wrong are
corrected later, safety alerts are raised, edit checks ask. Each as the browser leaves it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from assessments.deviations.services import settle_deviations
from assessments.domain.timing import VERSIONS, RatingChecks, asked_at_rating
from assessments.models import Assessment
from assessments.safety.services import raise_alerts
from assessments.selectors import instrument_of
from assessments.timing.selectors import timing_of
from assessments.timing.text import dosing_name, question
from enrollment.models import Participant, Period, ProtocolVersion, Visit
from enrollment.schedule.services.washout import check_dates
from enrollment.selectors import washouts_before
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import User
from trialsite.review.models import Query, QueryMessage

CORRECTED = "Date typed under the wrong visit"
NO_LONGER = "The value was changed; the check no longer fires."


@dataclass(frozen=True, slots=True)
class Written:
    """A rating as it was first saved, and by how many days its date was typed too late."""

    rating: Assessment
    mistyped: int = 0


def follow_up(protocol: ProtocolVersion, written: Sequence[Written], *, by: User) -> None:
    """After the ratings of some people were written: `written` are those of their periods."""
    with transaction.atomic(), audit_context(by, role="system", reason=CORRECTED):
        queries_of = _ask(entry.rating for entry in written)
        _correct([entry for entry in written if entry.mistyped], queries_of)
    people = {entry.rating.participant_id for entry in written}
    with transaction.atomic(), audit_context(by, role="system", reason="invented data"):
        for use in protocol.definition.instruments:
            raise_alerts(people, instrument_of(protocol.definition, use.code))
        settle_deviations(people, by=by)
    _ask_about_washouts(people, by)


def _ask(ratings: Iterable[Assessment]) -> dict[int, list[Query]]:
    """A query for each date that gives cause. Returns them by rating (id)."""
    queries_of: dict[int, list[Query]] = {}
    messages = []
    for rating in ratings:
        visit = rating.visit
        if rating.status == Assessment.Status.NOT_DONE or visit.period is None:
            continue
        firing = timing_of(visit, rating.performed_on).firing
        for check in asked_at_rating(RatingChecks(firing, ()), typed=True, asked_at_dose=False):
            query = Query(
                participant=rating.participant,
                visit=visit,
                form=rating.instrument,
                check_id=check,
                check_version=VERSIONS[check],
            )
            queries_of.setdefault(rating.pk, []).append(query)
            text = question(check, dosing_name(rating.participant, visit.period), at_dose=False)
            messages.append(_message(query, QueryMessage.Kind.RAISED, text))
    Query.objects.bulk_create(query for queries in queries_of.values() for query in queries)
    QueryMessage.objects.bulk_create(messages)
    return queries_of


def _correct(written: Sequence[Written], queries_of: dict[int, list[Query]]) -> None:
    """The dates as they were, and what was asked about the wrong ones closed."""
    visits: dict[int, Visit] = {}
    for entry in written:
        rating, visit = entry.rating, entry.rating.visit
        if rating.performed_on is None:
            continue
        rating.performed_on -= timedelta(days=entry.mistyped)
        rating.version += 1
        visit.performed_on = rating.performed_on
        visits[visit.pk] = visit
    Assessment.objects.bulk_update([entry.rating for entry in written], ["performed_on", "version"])
    Visit.objects.bulk_update(visits.values(), ["performed_on"])
    settled = [
        query
        for entry in written
        if not timing_of(entry.rating.visit, entry.rating.performed_on).firing
        for query in queries_of.get(entry.rating.pk, [])
    ]
    for query in settled:
        query.status, query.closed_at, query.version = Query.Status.CLOSED, timezone.now(), query.version + 1
    Query.objects.bulk_update(settled, ["status", "closed_at", "version"])
    QueryMessage.objects.bulk_create(
        _message(query, QueryMessage.Kind.CLOSED, NO_LONGER) for query in settled
    )


def _message(query: Query, kind: QueryMessage.Kind, text: str) -> QueryMessage:
    return QueryMessage(query=query, participant=query.participant, kind=kind, text=text)


def _ask_about_washouts(people: set[int], by: User) -> None:
    """Of those whose later period lies outside the rule."""
    later = Period.objects.filter(participant__in=people, number__gt=1).exclude(planned_on=None)
    periods = later.select_related("participant__study", "participant__site", "participant__protocol")
    outside = {
        period.participant
        for period, window in washouts_before(periods).items()
        if period.day0 and not window.earliest_on <= period.day0 <= window.latest_on
    }
    for participant in sorted(outside, key=lambda person: person.pk):
        check_dates(Participant.objects.get(pk=participant.pk), by=by, reason="invented data")
