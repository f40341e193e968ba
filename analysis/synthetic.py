"""Invented participants, written in bulk: for the demo, benchmarks and tests. Marked synthetic by their study.

Needs the trialsite_closed role: invented scores depend on the arm, so the writer must know the allocation.
"""

import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from assessments.domain.instrument import Instrument
from assessments.models import Assessment
from assessments.selectors import instrument_of
from enrollment.domain import eligibility, schedule
from enrollment.models import (
    EligibilityDecision,
    Fact,
    FailedTreatment,
    Participant,
    Period,
    ProtocolVersion,
    Visit,
)
from enrollment.services.screening import SCREENING
from trialsite.accounts.acting import signed_by
from trialsite.accounts.models import Site, User

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Course:
    """One period as lived: the infusion's day, and totals of the endpoint's instrument by visit code (no key: not
    done yet)."""

    dosed_on: date
    totals: dict[str, int]
    delays: dict[str, int] = field(default_factory=dict)
    # (visit, instrument) → total, of instruments other than the endpoint's.
    others: dict[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """An invented participant. `courses` takes the arms of the periods and gives the periods lived so far."""

    site: Site
    consented_on: date
    age: int
    sex: str
    screening_total: int | None
    status: str
    left_reason: str = ""
    courses: Callable[[tuple[str, ...]], list[Course]] = lambda arms: []
    treatments: tuple[str, ...] = ()
    facts: Mapping[str, float | bool] = field(default_factory=dict)

    @property
    def started(self) -> bool:
        return self.status in {"randomised", "completed", "withdrawn"}


class Writer:
    """Writes people of one study, each chunk in a transaction."""

    def __init__(self, protocol: ProtocolVersion, *, by: User, rng: random.Random) -> None:
        self.protocol, self.rules, self.by, self.rng = protocol, protocol.rules, by, rng
        self.instruments = {use.code: instrument_of(self.rules, use.code) for use in self.rules.instruments}
        self.arms = {sequence.code: sequence.arms for sequence in self.rules.sequences}

    def write(self, people: Sequence[Person]) -> Iterator[int]:
        """Write all; yields how many were written after each chunk."""
        for start in range(0, len(people), CHUNK):
            chunk = people[start : start + CHUNK]
            with transaction.atomic(), signed_by(self.by, role="system", reason="synthetic data"):
                self._write(chunk)
            yield len(chunk)

    def _write(self, people: Sequence[Person]) -> None:
        numbers = self._next_numbers({person.site for person in people})
        rows = []
        for person in people:
            numbers[person.site.pk] += 1
            rows.append(self._participant(person, numbers[person.site.pk]))
        Participant.objects.bulk_create(rows)
        pairs = list(zip(rows, people, strict=True))
        arms = self._allocate([row for row, person in pairs if person.started])
        self._screening(pairs)
        periods = Period.objects.bulk_create(
            Period(
                participant=row,
                number=n + 1,
                kit_number=kit,
                dosed_on=c.dosed_on if c else None,
                planned_on=c.dosed_on if c else None,
            )
            for row, person in pairs
            if person.started
            for n, (kit, c) in enumerate(_padded(arms[row.pk], person))
        )
        lived = {
            row.pk: person.courses(tuple(arm for _, arm in arms[row.pk]))
            for row, person in pairs
            if person.started
        }
        self._visits(periods, lived)

    def _participant(self, person: Person, number: int) -> Participant:
        zone = ZoneInfo(person.site.timezone)
        return Participant(
            study_id=person.site.study_id,
            site=person.site,
            protocol=self.protocol,
            code=f"{person.site.code}-{number:03d}",
            status=person.status,
            consented_on=person.consented_on,
            age=person.age,
            sex=person.sex,
            randomised_at=datetime.combine(person.consented_on + timedelta(days=5), time(10), zone)
            if person.started
            else None,
            left_reason=self._left_reason(person),
        )

    def _left_reason(self, person: Person) -> str:
        if person.status != Participant.Status.SCREEN_FAILED:
            return person.left_reason
        return "; ".join(result.message % result.params for result in self._judged(person).not_met)

    def _judged(self, person: Person) -> eligibility.Verdict:
        return eligibility.judge(self.rules.criteria, person.facts)

    def _next_numbers(self, sites: set[Site]) -> dict[int, int]:
        return {site.pk: Participant.objects.filter(site=site).count() for site in sites}

    def _allocate(self, started: list[Participant]) -> dict[int, list[tuple[str, str]]]:
        """Participant id → (kit, arm) by period, from the site's list in order."""
        if self.rules.allocation is None:
            return {row.pk: [("", arm) for arm in self.rules.sequences[0].arms] for row in started}
        found: dict[int, list[tuple[str, str]]] = {}
        with connection.cursor() as cursor:
            for site in {row.site_id for row in started}:
                mine = [row for row in started if row.site_id == site]
                cursor.execute(
                    "select participant, kits from closed.assign_synthetic(%s, %s::bigint[], %s::timestamptz[])",
                    [site, [row.pk for row in mine], [row.randomised_at for row in mine]],
                )
                found |= {pk: [(kit, arm) for kit, arm in kits] for pk, kits in cursor.fetchall()}
        if len(found) < len(started):
            raise RuntimeError("the allocation list is too short")
        return found

    def _screening(self, pairs: list[tuple[Participant, Person]]) -> None:
        visits = Visit.objects.bulk_create(
            Visit(
                participant=row, code=SCREENING, label="Screening", planned_on=row.consented_on,
                status="done" if person.screening_total is not None else "planned",
                performed_on=row.consented_on if person.screening_total is not None else None,
            )
            for row, person in pairs
        )  # fmt: skip
        if not self.rules.screening_instruments:
            return
        Assessment.objects.bulk_create(
            self._rating(visit, self.rules.endpoints.instrument, person.consented_on, person.screening_total)
            for visit, (_, person) in zip(visits, pairs, strict=True)
            if person.screening_total is not None
        )
        Fact.objects.bulk_create(
            Fact(participant=row, name=name, value=float(value), source="synthetic")
            for row, person in pairs
            for name, value in person.facts.items()
        )
        FailedTreatment.objects.bulk_create(
            FailedTreatment(
                participant=row, kind="antidepressant", name=name, weeks=8, outcome="insufficient"
            )
            for row, person in pairs
            for name in person.treatments
        )
        EligibilityDecision.objects.bulk_create(
            EligibilityDecision(
                participant=row, eligible=person.status != "screen_failed",
                criteria=[asdict(result) for result in self._judged(person).results],
                facts={name: {"value": float(value), "source": "synthetic"} for name, value in person.facts.items()},
                decided_by=self.by, comment="synthetic",
            )
            for row, person in pairs
            if person.facts and person.status != "screening"
        )  # fmt: skip

    def _visits(self, periods: list[Period], lived: dict[int, list[Course]]) -> None:
        visits: list[Visit] = []
        rated: list[dict[str, int]] = []
        for period in periods:
            courses = lived[period.participant_id]
            course = courses[period.number - 1] if period.number <= len(courses) else None
            plans: Any = (
                schedule.plan_period(self.rules.visits, course.dosed_on) if course else self.rules.visits
            )
            for plan in plans:
                visit = Visit(
                    participant=period.participant,
                    period=period,
                    code=plan.code,
                    label=plan.label,
                    day=plan.day,
                )
                done = _rated(course, plan.code, self.rules.endpoints.instrument) if course else {}
                if course:
                    visit.planned_on, visit.earliest_on, visit.latest_on = (
                        plan.planned_on,
                        plan.earliest_on,
                        plan.latest_on,
                    )
                if course and done:
                    visit.status = Visit.Status.DONE
                    visit.performed_on = plan.planned_on + timedelta(days=course.delays.get(plan.code, 0))
                visits.append(visit)
                rated.append(done)
        Visit.objects.bulk_create(visits)
        Assessment.objects.bulk_create(
            self._rating(visit, code, visit.performed_on, total)
            for visit, totals in zip(visits, rated, strict=True)
            for code, total in totals.items()
        )

    def _rating(self, visit: Visit, code: str, on: date | None, total: int) -> Assessment:
        instrument = self.instruments[code]
        return Assessment(
            participant=visit.participant,
            visit=visit,
            instrument=code,
            instrument_version=instrument.version,
            status=Assessment.Status.COMPLETE,
            items=items_for(instrument, total, self.rng),
            total=total,
            rater="Synthetic rater",
            performed_on=on,
            performed_time=time(10, 30),
            lookback_days=7 if visit.day in (0, None) else min(7, visit.day or 7),
            entered_by=self.by,
            form_token=uuid.UUID(int=self.rng.getrandbits(128), version=4),
        )


def _rated(course: Course, visit: str, endpoint: str) -> dict[str, int]:
    """Instrument → total at a visit; none while the endpoint's is not done."""
    if visit not in course.totals:
        return {}
    others = {code: total for (at, code), total in course.others.items() if at == visit}
    return {endpoint: course.totals[visit], **others}


def items_for(instrument: Instrument, total: int, rng: random.Random) -> dict[str, int]:
    """Item values that add up to `total` (0 to the instrument's maximum), spread by chance."""
    pool = [group[0].code for group in instrument.groups for _ in range(group[0].maximum)]
    values = dict.fromkeys((group[0].code for group in instrument.groups), 0)
    for code in rng.sample(pool, total):
        values[code] += 1
    return values


def _padded(kits: list[tuple[str, str]], person: Person) -> Iterator[tuple[str, Course | None]]:
    courses: list[Course | None] = list(person.courses(tuple(arm for _, arm in kits)))
    courses += [None] * (len(kits) - len(courses))
    for (kit, _), course in zip(kits, courses, strict=True):
        yield kit, course
