"""What the queries of edit checks are about now: the figures that their text leaves out."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from django.db.models import Q

from assessments.domain.timing import CHECKS
from assessments.models import Assessment
from assessments.timing.selectors import ratings_made, timing_of
from assessments.timing.text import date_text
from enrollment.casebook.fields import DOSING
from enrollment.models import Period, ProtocolVersion
from enrollment.schedule.services.washout import CHECKS as WASHOUTS
from enrollment.schedule.text import deviation_of
from enrollment.selectors import washouts_before
from trialsite.review.models import Query

Ratings = Mapping[tuple[int, int], list[Assessment]]


def figures(queries: Iterable[Query]) -> dict[int, str]:
    """Query (id) → how the dates that it asks about stand now, of those that are not closed; empty where they no longer
    give cause. Two database reads however many there are, and those of the washouts."""
    open_queries = [
        query
        for query in queries
        if query.check_id in CHECKS or (query.check_id in WASHOUTS and query.form == DOSING)
        if query.status != Query.Status.CLOSED
    ]
    ratings = _ratings([query for query in open_queries if query.check_id in CHECKS])
    washouts = dict(_washouts([query for query in open_queries if query.check_id in WASHOUTS]))
    return {
        query.pk: washouts.get(query.pk, "") if query.check_id in WASHOUTS else _dates(query, ratings)
        for query in open_queries
    }


def _dates(query: Query, ratings: Ratings) -> str:
    """Of one rating, or of all of the period whose dose is asked about."""
    if query.visit is not None:
        number = query.visit.period.number if query.visit.period else 0
        mine = ratings.get((query.participant_id, number), [])
        of_query = [r for r in mine if (r.visit_id, r.instrument) == (query.visit_id, query.form)]
        return "; ".join(filter(None, (_said(rating) for rating in of_query)))
    named: dict[str, None] = {}
    for rating in ratings.get((query.participant_id, int(query.field)), []):
        if text := _said(rating):
            named[f"{rating.visit.label}: {text}"] = None
    return "; ".join(named)


def _said(rating: Assessment) -> str:
    return date_text(rating.visit, rating.performed_on, timing_of(rating.visit, rating.performed_on))


# Of a rating and of what it is read with: what its date is told by.
_TOLD_BY = (
    "participant_id", "instrument", "performed_on",
    *(f"visit__{name}" for name in ("code", "label", "earliest_on", "latest_on")),
    "visit__period__number", "visit__period__dosed_on", "visit__participant__protocol_id",
)  # fmt: skip


def _ratings(queries: list[Query]) -> Ratings:
    """Those that `queries` ask about, by participant and number of the period, in the order of the schedule."""
    at_visits = Q(visit__in={query.visit_id for query in queries if query.visit_id})
    at_doses = Q(participant__in={query.participant_id for query in queries if query.visit_id is None})
    by_period: dict[tuple[int, int], list[Assessment]] = defaultdict(list)
    for rating in (
        ratings_made({query.participant_id for query in queries}).filter(at_visits | at_doses).only(*_TOLD_BY)
    ):
        if rating.visit.period:
            by_period[rating.participant_id, rating.visit.period.number].append(rating)
    return by_period


def _washouts(queries: list[Query]) -> Iterator[tuple[int, str]]:
    if not queries:
        return
    participants = {query.participant_id for query in queries}
    periods = Period.objects.filter(participant__in=participants).select_related("participant")
    for period in periods:
        period.participant.protocol = ProtocolVersion.objects.cached(period.participant.protocol_id)
    windows = washouts_before(periods)
    place = {(period.participant_id, str(period.number)): period for period in periods}
    for query in queries:
        if asked_about := place.get((query.participant_id, query.field)):
            yield query.pk, deviation_of(asked_about, windows.get(asked_about))
