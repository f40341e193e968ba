"""How ratings stand to their windows and doses now, and what is asked about it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from datetime import date

from django.db.models import QuerySet

from assessments.domain.timing import CHECKS, IN_ORDER, Timing, timing
from assessments.models import Assessment
from enrollment.domain.schedule import visits_after_dose
from enrollment.models import ProtocolVersion, Visit
from enrollment.protocol.model import Protocol
from trialsite.review.models import Query

# The checks that are asked about: by visit (id) and instrument; and (participant, period) whose dose is asked about.
AskedAtRating = Mapping[tuple[int, str], set[str]]
AskedAtDose = Set[tuple[int, int | None]]


def after_dose(protocol: Protocol, code: str) -> bool:
    """Whether the visit of this code sees what the dose did."""
    return code in visits_after_dose(protocol.visits, protocol.endpoints.baseline_visit)


def timing_of(visit: Visit, performed_on: date | None) -> Timing:
    """How this date of a rating at `visit` stands now."""
    if visit.period is None:
        return IN_ORDER
    protocol = ProtocolVersion.objects.cached(visit.participant.protocol_id).definition
    window = (visit.earliest_on, visit.latest_on) if visit.earliest_on and visit.latest_on else None
    dosed_on = visit.period.dosed_on
    return timing(performed_on, window, after_dose=after_dose(protocol, visit.code), dosed_on=dosed_on)


def ratings_made(participants: Iterable[int]) -> QuerySet[Assessment]:
    """Those of periods that were done, by `participants` (ids), in the order of the schedule."""
    return (
        Assessment.objects.filter(participant__in=participants, visit__period__isnull=False)
        .exclude(status=Assessment.Status.NOT_DONE)
        .select_related("visit__period", "visit__participant")
        .order_by("participant_id", "visit__period__number", "visit__day", "pk")
    )


def asked_about_dates(participants: Collection[int]) -> tuple[AskedAtRating, AskedAtDose]:
    """What is asked about dates of `participants` (ids) now."""
    at_rating: dict[tuple[int, str], set[str]] = defaultdict(set)
    at_dose: set[tuple[int, int | None]] = set()
    queries = Query.objects.open().filter(participant__in=participants, check_id__in=CHECKS)
    for participant, visit, form, field, check in queries.values_list(
        "participant", "visit", "form", "field", "check_id"
    ):
        if visit is None:
            at_dose.add((participant, int(field)))
        else:
            at_rating[visit, form].add(check)
    return at_rating, at_dose
