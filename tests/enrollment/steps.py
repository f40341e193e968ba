"""Steps of the schedule, each on the record as it is saved now."""

from datetime import date, timedelta

from enrollment import services
from enrollment.models import Participant, Period
from enrollment.participants.page import WashoutRow, page_of
from enrollment.selectors import today_at
from trialsite.accounts.models import User
from trialsite.review.models import Query
from trialsite.review.selectors import ReviewStatus


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


def leave(participant: Participant, by: User, reason: str = "moved away", *, on: date | None = None) -> None:
    """Withdrawn, today where no day is given."""
    services.withdraw(participant, by=by, left_on=on or today_at(participant.site), reason=reason)


def windows(participant: Participant, number: int) -> dict[str, tuple[int, int, int]]:
    """Visit code → (earliest, planned, latest) as days from day 0."""
    saved = period(participant, number)
    assert saved.day0
    return {
        v.code: (
            (v.earliest_on - saved.day0).days,
            (v.planned_on - saved.day0).days,
            (v.latest_on - saved.day0).days,
        )
        for v in saved.visits.all()
        if v.earliest_on and v.planned_on and v.latest_on
    }


def washout_of(participant: Participant, user: User, number: int = 2) -> WashoutRow:
    """What the participant's page says of the washout before the period."""
    row = page_of(participant, user, ReviewStatus()).periods[number - 1].washout
    assert row
    return row


def open_checks(participant: Participant) -> list[tuple[str, str]]:
    """(check, field) of the open queries about the dates of dosing."""
    queries = Query.objects.open().filter(participant=participant, visit=None, form="dosing")
    return list(queries.values_list("check_id", "field"))
