"""Reads of one infusion day: where its forms are, what is recorded on them, and the course that follows."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.http import Http404

from assessments.domain.infusion_day import DayCourse
from assessments.domain.values import Quantity, Value
from assessments.entry.selectors import FormPlace, places_at, records_at, values_of
from assessments.infusion.steps import STEPS
from assessments.models import Assessment, DoseCheck, Record
from enrollment.models import Participant, Period, Visit
from enrollment.protocol.infusion import InfusionDay
from enrollment.selectors import today_at, visit_for
from trialsite.accounts.models import User

# A weight is looked for in these forms besides, the latest first.
WEIGHT = "WEIGHT"


@dataclass(frozen=True, slots=True)
class DayPlace:
    """A visit on which an infusion is given, with the places of its forms."""

    visit: Visit
    period: Period
    protocol: InfusionDay
    form: FormPlace
    vital_signs: FormPlace
    urine_screen: FormPlace | None

    @property
    def participant(self) -> Participant:
        return self.visit.participant

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.participant.site.timezone)


@dataclass(frozen=True, slots=True)
class DayRecords:
    """What is recorded on the day; `rows`: vital signs in force, by time."""

    form: Record | None
    urine_screen: Record | None
    rows: tuple[Record, ...]
    ratings: tuple[Assessment, ...]
    dose_check: DoseCheck | None

    def value(self, code: str) -> Value | None:
        """Of an item of the form of the infusion."""
        return values_of(self.form).get(code) if self.form else None


def day_place_for(user: User, pk: int, action: str) -> DayPlace:
    """The infusion day that is this visit, if `user` may do `action` there; 404 for a visit that is none."""
    visit = visit_for(user, pk, action)
    protocol = visit.participant.protocol.definition.infusion
    if protocol is None or visit.period is None or visit.code != protocol.visit:
        raise Http404
    places = {place.form.code: place for place in places_at(visit)}
    if protocol.form not in places or protocol.vital_signs not in places:
        raise Http404
    return DayPlace(
        visit=visit,
        period=visit.period,
        protocol=protocol,
        form=places[protocol.form],
        vital_signs=places[protocol.vital_signs],
        urine_screen=places.get(protocol.urine_screen or ""),
    )


def records_of_day(place: DayPlace) -> DayRecords:
    form = next(iter(records_at(place.form)), None)
    urine = next(iter(records_at(place.urine_screen)), None) if place.urine_screen else None
    rows = [row for row in records_at(place.vital_signs) if row.status != Record.Status.STRUCK_OUT]
    codes = [rating.instrument for rating in place.protocol.ratings]
    checks = DoseCheck.objects.filter(record=form).select_related("checked_by") if form else ()
    return DayRecords(
        form=form,
        urine_screen=urine,
        rows=tuple(sorted(rows, key=lambda row: (measured_at(row) is None, measured_at(row) or 0))),
        ratings=tuple(Assessment.objects.filter(visit=place.visit, instrument__in=codes)),
        dose_check=list(checks)[-1] if checks else None,
    )


def measured_at(row: Record) -> datetime | None:
    """When vital signs were taken; None where it is not known."""
    moment = values_of(row).get("TIME")
    return moment if isinstance(moment, datetime) else None


def course_of(place: DayPlace, records: DayRecords) -> DayCourse:
    """The day as the rules see it."""
    capsule, start, stop = (_moment(records.value(code)) for code in ("CAPSULE_TIME", "START", "STOP"))
    weighed, given = records.value("WEIGHT_DATE"), records.value("GIVEN")
    measured = tuple(moment for row in records.rows if (moment := measured_at(row)))
    course = DayCourse(
        capsule=capsule,
        start=start,
        stop=stop,
        given=given if isinstance(given, bool) else None,
        weighed_on=weighed if isinstance(weighed, date) else None,
        measured=measured,
        rated={rating.instrument: _rated_at(rating, place.zone) for rating in records.ratings},
    )
    return replace(course, done=_done(place, records, course))


def _done(place: DayPlace, records: DayRecords, course: DayCourse) -> frozenset[str]:
    """A step is done when the answer that says so is there, or a reason why there is none."""
    done = set()
    for code, step in STEPS.items():
        record = records.urine_screen if step.target == "urine_screen" else records.form
        if step.done_by and record and (step.done_by in record.items or step.done_by in record.missing):
            done.add(code)
    not_done = Record.Status.NOT_DONE
    if place.urine_screen is None or (records.urine_screen and records.urine_screen.status == not_done):
        done.add("screens")
    if any(course.start is None or moment <= course.start for moment in course.measured):
        done.add("before")
    return frozenset(done)


def _moment(value: Value | None) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _rated_at(rating: Assessment, zone: ZoneInfo) -> datetime | None:
    if rating.performed_on is None or rating.performed_time is None:
        return None
    return datetime.combine(rating.performed_on, rating.performed_time, zone)


def day_of(place: DayPlace, records: DayRecords) -> date:
    """The date of the day: as it is recorded, else as it is planned where that has come, else today."""
    today = today_at(place.participant.site)
    if records.form and records.form.performed_on:
        return records.form.performed_on
    if place.period.dosed_on:
        return place.period.dosed_on
    return min(place.period.planned_on, today) if place.period.planned_on else today


def last_weight(place: DayPlace) -> tuple[Quantity, date] | None:
    """The participant's weight as it was last taken with vital signs, and on which day."""
    rows = (
        Record.objects.in_force()
        .filter(participant=place.participant, form=place.vital_signs.form.code, items__has_key=WEIGHT)
        .select_related("definition")
    )
    weights = []
    for row in rows:
        weight, moment = values_of(row).get(WEIGHT), measured_at(row)
        if isinstance(weight, Quantity) and moment:
            weights.append((moment, weight))
    if not weights:
        return None
    moment, weight = max(weights, key=lambda pair: pair[0])
    return weight, moment.astimezone(place.zone).date()
