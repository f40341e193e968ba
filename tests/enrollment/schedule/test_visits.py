"""Visits: done in or out of their window, missed, open again, and due by the day of the site."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from enrollment import services
from enrollment.models import Participant, Period, Visit
from enrollment.schedule.strips import state_of
from enrollment.selectors import days_at, today_at
from enrollment.today.worklist import worklist
from tests.conftest import MakeUser, rate
from tests.enrollment.steps import days, dose, leave, period, plan
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, User
from trialsite.lib.clock import local_date

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]
# The dates of these two never agree: they lie 25 hours apart.
AHEAD, BEHIND = "Pacific/Kiritimati", "Pacific/Pago_Pago"


@pytest.mark.requirement("SCH-02")
@pytest.mark.parametrize(
    ("code", "on", "deviation"),
    [("DAY1", 1, 0), ("DAY1", 2, 0), ("DAY1", 5, 3), ("DAY7", 4, -2), ("DAY14", 17, 1), ("DAY1", 0, -1)],
)
def test_a_visit_out_of_its_window_is_kept_and_marked_with_its_days(
    code: str, on: int, deviation: int, first_given: Participant, coordinator: User
) -> None:
    """Never refused: negative is early, positive late."""
    first = period(first_given, 1)
    assert first.dosed_on
    rate(first.visits.get(code=code), 20, coordinator, on=first.dosed_on + days(on))
    visit = first.visits.get(code=code)
    assert (visit.status, visit.deviation()) == (Visit.Status.DONE, deviation)
    state = state_of(visit, today_at(first_given.site))
    assert state == ("done_out_of_window" if deviation else "done")


def test_the_page_says_how_many_days(first_given: Participant, coordinator: User, as_user: AsUser) -> None:
    """In words, not by colour alone."""
    first = period(first_given, 1)
    assert first.dosed_on
    rate(first.visits.get(code="DAY1"), 20, coordinator, on=first.dosed_on + days(5))
    page = as_user(coordinator).get(f"/studies/KETNAL/participants/{first_given.code}/").content.decode()
    assert "3 days late" in page


def test_overdue_and_due_visits_are_told_apart(
    first_given: Participant, coordinator: User, today: date
) -> None:
    """By the windows, on the site's day."""
    dose(first_given, 2, today - days(5), coordinator)
    second = period(first_given, 2)
    overdue = set(Visit.objects.overdue(today).filter(period=second).values_list("code", flat=True))
    due = set(Visit.objects.due(today).filter(period=second).values_list("code", flat=True))
    assert overdue == {"BASELINE", "DAY1", "DAY3"}
    assert due == {"DAY5"}


def test_a_missed_visit_is_kept_with_its_reason_and_no_longer_due(
    first_given: Participant, coordinator: User, today: date
) -> None:
    """Needs a reason; a rating at it must first take that back."""
    visit = period(first_given, 1).visits.get(code="DAY3")
    with pytest.raises(ValidationError, match="Give the reason"):
        services.mark_missed(visit, by=coordinator, reason=" ")
    services.mark_missed(visit, by=coordinator, reason="was abroad")
    visit.refresh_from_db()
    assert (visit.status, visit.missed_reason) == (Visit.Status.MISSED, "was abroad")
    assert visit not in Visit.objects.overdue(today)
    with pytest.raises(ValidationError, match="marked as missed"):
        rate(visit, 20, coordinator, on=today - days(37))


def test_a_missed_visit_is_reopened_with_a_reason(
    first_given: Participant, coordinator: User, today: date
) -> None:
    """Then it is due again and can be rated; no reason, no change."""
    visit = period(first_given, 1).visits.get(code="DAY3")
    services.mark_missed(visit, by=coordinator, reason="was abroad")
    with pytest.raises(ValidationError, match="Give the reason"):
        services.reopen_visit(visit, by=coordinator, reason="")
    services.reopen_visit(visit, by=coordinator, reason="came after all")
    visit.refresh_from_db()
    assert (visit.status, visit.missed_reason) == (Visit.Status.PLANNED, "")
    rate(visit, 20, coordinator, on=today - days(37))


def test_a_rated_visit_is_not_missed(first_given: Participant, coordinator: User, today: date) -> None:
    """There are ratings that say it took place."""
    visit = period(first_given, 1).visits.get(code="DAY3")
    rate(visit, 20, coordinator, on=today - days(37))
    with pytest.raises(ValidationError, match="has ratings"):
        services.mark_missed(visit, by=coordinator, reason="r")


def test_after_the_last_visit_the_participant_has_completed(
    first_given: Participant, coordinator: User, today: date
) -> None:
    """Every visit done or missed; reopening one takes it back."""
    dose(first_given, 2, today, coordinator)
    visits = list(first_given.visits.exclude(period=None))
    for visit in visits[:-1]:
        services.mark_missed(visit, by=coordinator, reason="lost diary")
    first_given.refresh_from_db()
    assert first_given.status == Participant.Status.RANDOMISED
    services.mark_missed(visits[-1], by=coordinator, reason="lost diary")
    first_given.refresh_from_db()
    assert first_given.status == Participant.Status.COMPLETED
    services.reopen_visit(visits[0], by=coordinator, reason="found the diary")
    first_given.refresh_from_db()
    assert first_given.status == Participant.Status.RANDOMISED


def test_who_withdraws_keeps_the_data_and_has_nothing_due(
    first_given: Participant, coordinator: User, investigator: User, today: date
) -> None:
    """A reason is needed; open visits are due no more; the schedule no longer changes; once is enough."""
    rate(period(first_given, 1).visits.get(code="DAY1"), 20, coordinator, on=today - days(39))
    with pytest.raises(ValidationError, match="Give the reason"):
        leave(first_given, investigator, " ")
    leave(first_given, investigator)
    first_given.refresh_from_db()
    assert (first_given.status, first_given.left_reason) == (Participant.Status.WITHDRAWN, "moved away")
    assert not Visit.objects.still_due().filter(participant=first_given).exists()
    assert first_given.assessments.count() == 2
    with pytest.raises(ValidationError, match="no longer in follow-up"):
        plan(first_given, 2, today, coordinator)
    with pytest.raises(ValidationError, match="already"):
        leave(first_given, investigator, "again")


def test_a_page_from_before_the_withdrawal_plans_nothing(
    first_given: Participant, coordinator: User, investigator: User, today: date
) -> None:
    """What counts is the participant as saved, not as somebody has them open."""
    opened = Period.objects.select_related("participant").get(participant=first_given, number=2)
    leave(first_given, investigator)
    with pytest.raises(ValidationError, match="no longer in follow-up"):
        services.plan_period(opened, today, by=coordinator, version=opened.version)


def test_a_rating_that_was_made_before_is_still_entered_after_withdrawal(
    first_given: Participant, coordinator: User, investigator: User, today: date
) -> None:
    """Data that exist on paper are not lost because the participant has left."""
    leave(first_given, investigator)
    rate(period(first_given, 1).visits.get(code="DAY1"), 20, coordinator, on=today - days(39))
    first_given.refresh_from_db()
    assert first_given.status == Participant.Status.WITHDRAWN


@pytest.mark.parametrize("role", ["monitor", "datamanager", "pharmacist", "statistician", "auditor", "admin"])
def test_only_the_site_changes_the_schedule(
    role: str, first_given: Participant, make_user: MakeUser, today: date
) -> None:
    """Plan, record, mark and withdraw are refused to everybody else."""
    user = make_user(role)
    visit = period(first_given, 1).visits.get(code="DAY3")
    with pytest.raises(PermissionDenied):
        plan(first_given, 2, today, user)
    with pytest.raises(PermissionDenied):
        dose(first_given, 2, today, user)
    with pytest.raises(PermissionDenied):
        services.mark_missed(visit, by=user, reason="r")
    with pytest.raises(PermissionDenied):
        services.reopen_visit(visit, by=user, reason="r")
    with pytest.raises(PermissionDenied):
        leave(first_given, user)


def test_a_coordinator_does_not_withdraw(randomised: Participant, coordinator: User) -> None:
    """That a participant leaves is an investigator's to record."""
    with pytest.raises(PermissionDenied):
        leave(randomised, coordinator)


def move_site(site: Site, zone: str) -> date:
    """Put `site` into another time zone; its date of today."""
    with audit_context(User.objects.system(), reason="moved"):
        Site.objects.filter(pk=site.pk).update(timezone=zone)
    return local_date(timezone.now(), zone)


def test_today_is_the_sites_day(randomised: Participant, coordinator: User) -> None:
    """The date west of the date line is not yet the one east of it: one site's today is another's future."""
    east = move_site(randomised.site, AHEAD)
    west = move_site(randomised.site, BEHIND)
    assert west < east
    randomised.refresh_from_db()
    with pytest.raises(ValidationError, match="future"):
        dose(randomised, 1, east, coordinator)
    move_site(randomised.site, AHEAD)
    randomised.refresh_from_db()
    dose(randomised, 1, east, coordinator)
    baseline = period(randomised, 1).visits.get(code="BASELINE")
    assert state_of(baseline, today_at(randomised.site)) == "due"
    rate(baseline, 24, coordinator, on=east)


def test_ratings_and_consent_know_the_sites_day_too(
    screened: Participant, randomised: Participant, coordinator: User
) -> None:
    """The date of a rating and of consent are refused as future only when they are so at the site."""
    east = local_date(timezone.now(), AHEAD)
    west = move_site(randomised.site, BEHIND)
    randomised.refresh_from_db()
    dose(randomised, 1, west, coordinator)
    baseline = period(randomised, 1).visits.get(code="BASELINE")
    with pytest.raises(ValidationError, match="future"):
        rate(baseline, 24, coordinator, on=east)
    rate(baseline, 24, coordinator, on=west)
    with pytest.raises(ValidationError, match="future"):
        services.screen(randomised.site, by=coordinator, consented_on=east, age=40, sex="F")
    services.screen(randomised.site, by=coordinator, consented_on=west, age=40, sex="F")


def test_what_is_overdue_is_overdue_at_the_site(randomised: Participant, coordinator: User) -> None:
    """At the same moment a visit is overdue on the work list ahead, and still due behind."""
    west = local_date(timezone.now(), BEHIND)
    dose(randomised, 1, west - days(2), coordinator)
    for zone, overdue in ((AHEAD, True), (BEHIND, False)):
        here = move_site(randomised.site, zone)
        day1 = period(randomised, 1).visits.get(code="DAY1")
        assert (state_of(day1, here) == "overdue") is overdue
        rows = [action for column in worklist(coordinator, randomised.study) for action in column.actions]
        (row,) = [action for action in rows if action.url == f"/visits/{day1.pk}/"]
        assert (row.state, row.why.startswith("overdue")) == ("overdue" if overdue else "due", overdue)


def test_the_list_of_participants_knows_the_sites_day(
    randomised: Participant, coordinator: User, as_user: AsUser
) -> None:
    """The filter for overdue visits follows the site over midnight, as the marks on the list do."""
    west = local_date(timezone.now(), BEHIND)
    dose(randomised, 1, west - days(2), coordinator)
    rate(period(randomised, 1).visits.get(code="BASELINE"), 24, coordinator, on=west - days(2))
    client = as_user(coordinator)
    for zone, overdue in ((AHEAD, True), (BEHIND, False)):
        move_site(randomised.site, zone)
        page = client.get("/studies/KETNAL/participants/?overdue=on").content.decode()
        assert (f"/participants/{randomised.code}/" in page) is overdue


def test_the_calendar_marks_the_sites_day(
    randomised: Participant, coordinator: User, as_user: AsUser
) -> None:
    """Not the server's: at the same moment another square on either side of the date line."""
    client = as_user(coordinator)
    for zone in (AHEAD, BEHIND):
        today = move_site(randomised.site, zone)
        page = client.get("/studies/KETNAL/calendar/").content.decode()
        (marked,) = re.findall(r'<td class="[^"]*today">\s*<span class="calendar-day">(\d+ \w+)', page)
        assert marked == f"{today:%-d %b}"


def test_sites_with_different_days_are_each_marked(
    site: Site, other_site: Site, make_user: MakeUser, as_user: AsUser
) -> None:
    """Who sees both sites reads where it is which day; the feed begins with the earlier."""
    earlier, later = move_site(site, BEHIND), move_site(other_site, AHEAD)
    page = (
        as_user(make_user("datamanager"))
        .get(f"/studies/KETNAL/calendar/?month={later:%Y-%m}")
        .content.decode()
    )
    assert "today at 02" in page
    assert earlier < later
    assert list(days_at([Site.objects.get(pk=site.pk), Site.objects.get(pk=other_site.pk)])) == [
        earlier,
        later,
    ]
