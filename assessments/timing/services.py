"""Questions about the dates of ratings: asked and closed with every change of a rating's date or of a dose's.

Part of saving a rating, of recording a dose and of an import, which have authorised; their transaction and actor hold.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from assessments.domain.change import AssessmentChange
from assessments.domain.timing import (
    CHECKS,
    VERSIONS,
    RatingChecks,
    asked_at_dose,
    asked_at_rating,
    timing,
)
from assessments.timing.selectors import (
    AskedAtDose,
    AskedAtRating,
    after_dose,
    asked_about_dates,
    ratings_made,
    timing_of,
)
from assessments.timing.text import dosing_name, question
from assessments.timing.withdrawal import check_withdrawals
from enrollment.casebook.fields import DOSING
from enrollment.domain.schedule import plan_period
from enrollment.models import Participant, Period, Visit
from trialsite.accounts.models import User
from trialsite.review.services import Finding, Place, settle_findings, settle_findings_at


def check_ratings(changes: Sequence[AssessmentChange], *, by: User, comment: str = "") -> None:
    """Ratings were saved, one or thousands: each whose date gives cause, or gave, is asked about. `comment`: what answers
    the question."""
    changes = [change for change in changes if change.asked_about]
    if not changes:
        return
    visits = Visit.objects.select_related("period", "participant").in_bulk({c.visit for c in changes})
    check_withdrawals(changes, visits, by=by, comment=comment)
    firing = [change for change in changes if change.timing.firing or change.timing_before.firing]
    at_rating, at_dose = asked_about_dates({change.participant for change in firing})
    findings: dict[Place, list[Finding]] = {}
    beside_dose = []
    for change in firing:
        if (change.participant, change.period) in at_dose:
            beside_dose.append(change)
            continue
        place, checks = _asked_at(change, visits[change.visit], at_rating, at_dose)
        findings[place] = _findings(visits[change.visit], checks, comment)
    settle_findings_at(findings, checks=CHECKS, by=by)
    for change in beside_dose:
        # What one rating says can settle what the dose is asked about, and so what the next is.
        visit = visits[change.visit]
        at_rating, at_dose = asked_about_dates([change.participant])
        place, checks = _asked_at(change, visit, at_rating, at_dose)
        settle_findings(place, _findings(visit, checks, comment), checks=CHECKS, by=by)
        if (change.participant, change.period) in at_dose:
            _settle_doses(visit.participant, {}, by=by)


def _asked_at(
    change: AssessmentChange, visit: Visit, at_rating: AskedAtRating, at_dose: AskedAtDose
) -> tuple[Place, tuple[str, ...]]:
    """The checks that are asked about at the rating after the change."""
    rated = RatingChecks(
        change.timing.firing, change.timing_before.firing, at_rating[visit.pk, change.instrument]
    )
    stands = (change.participant, change.period) in at_dose
    place = Place(visit.participant, visit, change.instrument)
    return place, asked_at_rating(rated, typed=change.redated, asked_at_dose=stands)


def check_period(
    period: Period, dosed_before: date | None, planned_before: date | None, *, by: User, reason: str
) -> None:
    """The day of `period` changed, and with it how its ratings stand; `…_before`: what stood there. Called by name:
    enrollment/schedule/services/effects.py."""
    protocol = period.participant.protocol.definition
    day0 = dosed_before or planned_before
    plans = plan_period(protocol.visits, day0) if day0 else ()
    windows = {plan.code: (plan.earliest_on, plan.latest_on) for plan in plans}
    at_rating, _at_dose = asked_about_dates([period.participant_id])
    fired: dict[int, tuple[str, ...]] = {}
    for rating in ratings_made([period.participant_id]).filter(visit__period=period):
        visit = rating.visit
        before = timing(
            rating.performed_on,
            windows.get(visit.code),
            after_dose=after_dose(protocol, visit.code),
            dosed_on=dosed_before,
        )
        fired[rating.pk] = before.firing
        own = at_rating[visit.pk, rating.instrument]
        if own:
            rated = RatingChecks(timing_of(visit, rating.performed_on).firing, before.firing, own)
            checks = asked_at_rating(rated, typed=False, asked_at_dose=False)
            place = Place(visit.participant, visit, rating.instrument)
            settle_findings(place, _findings(visit, checks), checks=CHECKS, by=by)
    _settle_doses(period.participant, fired, by=by)


def _findings(visit: Visit, checks: tuple[str, ...], comment: str = "") -> list[Finding]:
    """Of a rating at `visit`."""
    if visit.period is None:
        return []
    dosing = dosing_name(visit.participant, visit.period)
    return [
        Finding(check, VERSIONS[check], "", question(check, dosing, at_dose=False), comment.strip())
        for check in checks
    ]


def _settle_doses(participant: Participant, fired: Mapping[int, tuple[str, ...]], *, by: User) -> None:
    """Ask at the doses what their ratings do not ask themselves. `fired`: by rating, what fired before the change, of
    those whose dose was changed; the others are as they were."""
    at_rating, at_dose = asked_about_dates([participant.pk])
    periods: dict[Period, list[RatingChecks]] = defaultdict(list)
    for rating in ratings_made([participant.pk]):
        if rating.visit.period:
            now = timing_of(rating.visit, rating.performed_on).firing
            own = at_rating[rating.visit_id, rating.instrument]
            periods[rating.visit.period].append(RatingChecks(now, fired.get(rating.pk, now), own))
    findings = []
    for period, ratings in periods.items():
        dosed = period.dosed_on is not None
        check = asked_at_dose(ratings, stands=(participant.pk, period.number) in at_dose, dosed=dosed)
        if check:
            text = question(check, dosing_name(participant, period), at_dose=True)
            findings.append(Finding(check, VERSIONS[check], str(period.number), text))
    settle_findings(Place(participant, None, DOSING), findings, checks=CHECKS, by=by)
