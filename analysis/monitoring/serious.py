"""Serious adverse events recorded here, pooled over treatments: the number that is proposed to the committee."""

from dataclasses import dataclass

from django.db.models import Min

from analysis.models import Look
from assessments.domain.partial_date import PartialDate
from assessments.entry.selectors import values_of
from assessments.events.clock import serious_events
from assessments.models import Record


@dataclass(frozen=True, slots=True)
class SeriousCount:
    """`participants`: treated ones with at least one event; `events`: all of theirs."""

    participants: int
    events: int


def recorded_events(look: Look) -> SeriousCount:
    """Of those treated when `look` was taken, as recorded by now: an event that certainly began before the first dose is
    none under treatment."""
    if look.taken_at is None:
        return SeriousCount(0, 0)
    treated = Record.objects.filter(
        participant__study=look.study_id, participant__periods__dosed_on__lte=look.taken_at.date()
    )
    records = serious_events(treated).annotate(first_dose=Min("participant__periods__dosed_on"))
    under_treatment = [
        record.participant_id
        for record in records.select_related("definition")
        if not (
            isinstance(onset := values_of(record).get("ONSET"), PartialDate)
            and onset.latest < record.first_dose
        )
    ]
    return SeriousCount(len(set(under_treatment)), len(under_treatment))
