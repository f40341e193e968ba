"""Steps of the schedule, each on the record as it is saved now."""

from datetime import date, timedelta

from enrollment import services
from enrollment.models import Participant, Period
from trialsite.accounts.models import User
from trialsite.review.models import Query


def days(n: int) -> timedelta:
    return timedelta(days=n)


def period(participant: Participant, number: int) -> Period:
    """As it is saved now."""
    return participant.periods.get(number=number)


def plan(
    participant: Participant, number: int, on: date, by: User, *, reason: str = "", override: str = ""
) -> Period:
    saved = period(participant, number)
    return services.plan_period(
        saved, on, by=by, version=saved.version, reason=reason, override_reason=override
    )


def dose(participant: Participant, number: int, on: date, by: User, *, reason: str = "") -> Period:
    saved = period(participant, number)
    return services.record_dosing(saved, on, by=by, version=saved.version, reason=reason)


def windows(participant: Participant, number: int) -> dict[str, tuple[int, int, int]]:
    """Visit code → (earliest, planned, latest) as days from day 0."""
    saved = period(participant, number)
    assert saved.day0
    return {
        v.code: ((v.earliest_on - saved.day0).days, (v.planned_on - saved.day0).days, (v.latest_on - saved.day0).days)
        for v in saved.visits.all()
        if v.earliest_on and v.planned_on and v.latest_on
    }  # fmt: skip


def asked(participant: Participant) -> list[tuple[str, str]]:
    """(check, field) of the open queries about the dates of dosing."""
    queries = Query.objects.open().filter(participant=participant, visit=None, form="dosing")
    return list(queries.values_list("check_id", "field"))
