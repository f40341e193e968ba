"""Invented participants, written in bulk: for the demo, benchmarks and tests. Marked synthetic by their study.

Needs the trialsite_closed role: invented scores depend on the arm, so the writer must know the allocation.
"""

import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from analysis.demo.consents import text_on
from analysis.demo.followup import Written, follow_up
from analysis.demo.invented import InventedParticipant, PeriodCourse
from analysis.demo.items import items_for, leave_out, measure
from analysis.demo.treatments import treatment_records
from assessments.models import Assessment, Record
from assessments.selectors import instrument_of
from enrollment.domain import eligibility, schedule
from enrollment.models import (
    ConsentApproval,
    EligibilityDecision,
    Participant,
    Period,
    ProtocolVersion,
    ScreeningFact,
    Visit,
)
from enrollment.screening.services.screening import SCREENING
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, User

CHUNK = 500
RATED_AT = time(10, 30)
# At the end of the infusion: the demo starts them about noon.
RATED_AFTER_INFUSION = time(12, 35)


class DemoWriter:
    """Writes participants of one study, each chunk in a transaction."""

    def __init__(
        self,
        protocol: ProtocolVersion,
        *,
        by: User,
        rng: random.Random,
        investigators: Mapping[int, User] | None = None,
        approvals: Sequence[ConsentApproval] = (),
    ) -> None:
        """`investigators`: by site (id), who has answered for overrides; `by` where there is none. `approvals`: of the
        consent texts that are signed; of a study without texts none is recorded."""
        self.protocol, self.definition, self.by, self.rng = protocol, protocol.definition, by, rng
        self.investigators, self.approvals = investigators or {}, approvals
        self.instruments = {
            use.code: instrument_of(self.definition, use.code) for use in self.definition.instruments
        }
        self.arms = {sequence.code: sequence.arms for sequence in self.definition.sequences}

    def write(self, participants: Sequence[InventedParticipant]) -> Iterator[int]:
        """Write all; yields how many were written after each chunk."""
        for start in range(0, len(participants), CHUNK):
            chunk = participants[start : start + CHUNK]
            with transaction.atomic(), audit_context(self.by, role="system", reason="invented data"):
                ratings = self._write(chunk)
            follow_up(self.protocol, ratings, by=self.by)
            yield len(chunk)

    def _write(self, participants: Sequence[InventedParticipant]) -> list[Written]:
        numbers = self._next_numbers({participant.site for participant in participants})
        rows = []
        for participant in participants:
            numbers[participant.site.pk] += 1
            rows.append(self._participant(participant, numbers[participant.site.pk]))
        Participant.objects.bulk_create(rows)
        pairs = list(zip(rows, participants, strict=True))
        arms = self._allocate([row for row, participant in pairs if participant.started])
        self._screening(pairs)
        periods = Period.objects.bulk_create(
            self._period(row, n + 1, kit, c)
            for row, participant in pairs
            if participant.started
            for n, (kit, c) in enumerate(_padded(arms[row.pk], participant))
        )
        lived = {
            row.pk: participant.courses(tuple(arm for _, arm in arms[row.pk]))
            for row, participant in pairs
            if participant.started
        }
        return self._visits(periods, lived)

    def _period(self, row: Participant, number: int, kit: str, course: PeriodCourse | None) -> Period:
        period = Period(participant=row, number=number, kit_number=kit)
        if course is not None:
            period.planned_on = course.dosed_on
            period.dosed_on = course.dosed_on if course.given else None
            if course.override:
                period.override_days, period.override_reason = course.override
                period.override_by = self._investigator(row)
        return period

    def _investigator(self, row: Participant) -> User:
        return self.investigators.get(row.site_id, self.by)

    def _participant(self, participant: InventedParticipant, number: int) -> Participant:
        zone = ZoneInfo(participant.site.timezone)
        return Participant(
            study_id=participant.site.study_id,
            site=participant.site,
            protocol=self.protocol,
            code=f"{participant.site.code}-{number:03d}",
            status=participant.status,
            consented_on=participant.consented_on,
            consent_version=text_on(self.approvals, participant.site, participant.consented_on),
            age=participant.age,
            sex=participant.sex,
            randomised_at=datetime.combine(participant.consented_on + timedelta(days=5), time(10), zone)
            if participant.started
            else None,
            left_reason=self._left_reason(participant),
            left_on=participant.left_on,
        )

    def _left_reason(self, participant: InventedParticipant) -> str:
        if participant.status != Participant.Status.SCREEN_FAILED:
            return participant.left_reason
        return "; ".join(result.message % result.params for result in self._judged(participant).not_met)

    def _judged(self, participant: InventedParticipant) -> eligibility.Verdict:
        return eligibility.judge(self.definition.criteria, participant.facts)

    def _next_numbers(self, sites: set[Site]) -> dict[int, int]:
        return {site.pk: Participant.objects.filter(site=site).count() for site in sites}

    def _allocate(self, started: list[Participant]) -> dict[int, list[tuple[str, str]]]:
        """Participant id → (kit, arm) by period, from the site's list in order."""
        if self.definition.allocation is None:
            return {row.pk: [("", arm) for arm in self.definition.sequences[0].arms] for row in started}
        kits_of: dict[int, list[tuple[str, str]]] = {}
        with connection.cursor() as cursor:
            for site in {row.site_id for row in started}:
                at_site = [row for row in started if row.site_id == site]
                cursor.execute(
                    "select participant, kits from closed.assign_synthetic(%s, %s::bigint[], %s::timestamptz[])",
                    [site, [row.pk for row in at_site], [row.randomised_at for row in at_site]],
                )
                kits_of |= {pk: [(kit, arm) for kit, arm in kits] for pk, kits in cursor.fetchall()}
        if len(kits_of) < len(started):
            raise RuntimeError("the allocation list is too short")
        return kits_of

    def _screening(self, pairs: list[tuple[Participant, InventedParticipant]]) -> None:
        visits = Visit.objects.bulk_create(
            Visit(
                participant=row,
                code=SCREENING,
                label="Screening",
                planned_on=row.consented_on,
                status="done" if participant.screening_total is not None else "planned",
                performed_on=row.consented_on if participant.screening_total is not None else None,
            )
            for row, participant in pairs
        )
        if not self.definition.screening_instruments:
            return
        Assessment.objects.bulk_create(
            self._rating(
                visit,
                self.definition.endpoints.instrument,
                participant.consented_on,
                participant.screening_total,
            )
            for visit, (_, participant) in zip(visits, pairs, strict=True)
            if participant.screening_total is not None
        )
        ScreeningFact.objects.bulk_create(
            ScreeningFact(participant=row, name=name, value=float(value), source="invented")
            for row, participant in pairs
            for name, value in participant.facts.items()
        )
        Record.objects.bulk_create(treatment_records(self.protocol, pairs, by=self.by))
        EligibilityDecision.objects.bulk_create(
            EligibilityDecision(
                participant=row,
                eligible=participant.status != "screen_failed",
                criteria=[asdict(result) for result in self._judged(participant).results],
                facts={
                    name: {"value": float(value), "source": "invented"}
                    for name, value in participant.facts.items()
                },
                decided_by=self.by,
                decided_at=_decided_at(participant),
            )
            for row, participant in pairs
            if participant.facts and participant.status != "screening"
        )

    def _visits(self, periods: list[Period], lived: dict[int, list[PeriodCourse]]) -> list[Written]:
        visits: list[Visit] = []
        rated: list[tuple[Visit, PeriodCourse, dict[str, int]]] = []
        for period in periods:
            courses = lived[period.participant_id]
            course = courses[period.number - 1] if period.number <= len(courses) else None
            plans: Any = (
                schedule.plan_period(self.definition.visits, course.dosed_on)
                if course
                else self.definition.visits
            )
            for plan in plans:
                visit = Visit(
                    participant=period.participant,
                    period=period,
                    code=plan.code,
                    label=plan.label,
                    day=plan.day,
                )
                visits.append(visit)
                if course:
                    visit.planned_on, visit.earliest_on, visit.latest_on = (
                        plan.planned_on,
                        plan.earliest_on,
                        plan.latest_on,
                    )
                    done = _rated(course, plan.code, self.definition.endpoints.instrument)
                    _settle(visit, course, done)
                    rated.append((visit, course, done))
        Visit.objects.bulk_create(visits)
        written = [
            Written(rating, course.mistyped.get(visit.code, 0))
            for visit, course, totals in rated
            for rating in self._ratings(visit, course, totals)
        ]
        Assessment.objects.bulk_create(rating.rating for rating in written)
        return written

    def _ratings(self, visit: Visit, course: PeriodCourse, totals: dict[str, int]) -> Iterator[Assessment]:
        endpoint = self.definition.endpoints.instrument
        for code, total in totals.items():
            rating = self._rating(visit, code, visit.performed_on, total)
            if code == endpoint:
                measure(rating, self.instruments[code], visit.code in course.measured)
                leave_out(rating, course.gaps.get(visit.code, ""), self.rng)
            yield rating
        if why := course.not_done.get(visit.code):
            rating = self._rating(visit, endpoint, visit.planned_on, 0)
            rating.status, rating.items, rating.total = Assessment.Status.NOT_DONE, {}, None
            rating.not_done_reason = why
            yield rating

    def _is_timed(self, visit: Visit, code: str) -> bool:
        day = self.definition.infusion
        return (
            day is not None and visit.code == day.visit and any(code == one.instrument for one in day.ratings)
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
            performed_time=RATED_AFTER_INFUSION if self._is_timed(visit, code) else RATED_AT,
            lookback_days=7 if visit.day in (0, None) else min(7, visit.day or 7),
            entered_by=self.by,
            form_token=uuid.UUID(int=self.rng.getrandbits(128), version=4),
        )


def _settle(visit: Visit, course: PeriodCourse, done: dict[str, int]) -> None:
    """Whether the visit took place and when: as it was typed at first where that was wrong."""
    if why := course.missed.get(visit.code) or (not done and course.not_done.get(visit.code)):
        visit.status, visit.missed_reason = Visit.Status.MISSED, why
    elif done and visit.planned_on:
        days = course.delays.get(visit.code, 0) + course.mistyped.get(visit.code, 0)
        visit.status, visit.performed_on = Visit.Status.DONE, visit.planned_on + timedelta(days=days)


def _decided_at(participant: InventedParticipant) -> datetime:
    """Four days after consent, or now where that is to come."""
    zone = ZoneInfo(participant.site.timezone)
    return min(datetime.combine(participant.consented_on + timedelta(days=4), time(15), zone), timezone.now())


def _rated(course: PeriodCourse, visit: str, endpoint: str) -> dict[str, int]:
    """Instrument → total at a visit; none while the endpoint's is not done."""
    if visit not in course.totals or visit in course.missed or visit in course.not_done:
        return {}
    others = {code: total for (at, code), total in course.others.items() if at == visit}
    return {endpoint: course.totals[visit], **others}


def _padded(
    kits: list[tuple[str, str]], participant: InventedParticipant
) -> Iterator[tuple[str, PeriodCourse | None]]:
    courses: list[PeriodCourse | None] = list(participant.courses(tuple(arm for _, arm in kits)))
    courses += [None] * (len(kits) - len(courses))
    for (kit, _), course in zip(kits, courses, strict=True):
        yield kit, course
