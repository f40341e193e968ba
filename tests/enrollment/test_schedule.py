"""The schedule: what is due follows from what happened, and what happened is never refused for its day."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from enrollment import services
from enrollment.models import Participant, Period, Visit
from enrollment.presenters import page_of, possible_days, state_of
from enrollment.selectors import today_at, washout_before
from enrollment.worklist import worklist
from tests.conftest import MakeUser, rate
from trialsite.accounts.acting import signed_by
from trialsite.accounts.models import Site, User
from trialsite.lib.clock import local_date
from trialsite.lib.errors import Conflict

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]
# The dates of these two never agree: they lie 25 hours apart.
AHEAD, BEHIND = "Pacific/Kiritimati", "Pacific/Pago_Pago"


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


@pytest.fixture
def today(site: Site) -> date:
    return today_at(site)


@pytest.fixture
def first_given(randomised: Participant, coordinator: User, today: date) -> Participant:
    """The first infusion was given forty days ago."""
    dose(randomised, 1, today - days(40), coordinator)
    return randomised


OF_THE_PROTOCOL = {
    "BASELINE": (0, 0, 0),
    "DAY1": (1, 1, 2),
    "DAY3": (2, 3, 4),
    "DAY5": (4, 5, 6),
    "DAY7": (6, 7, 8),
    "DAY14": (12, 14, 16),
}


def test_a_planned_infusion_gives_every_visit_its_window(
    randomised: Participant, coordinator: User, today: date
) -> None:
    """Days from the infusion as the protocol says; nothing after it is due on its own day."""
    assert not randomised.visits.exclude(period=None).exclude(planned_on=None).exists()
    plan(randomised, 1, today + days(3), coordinator)
    assert windows(randomised, 1) == OF_THE_PROTOCOL
    assert not period(randomised, 2).visits.exclude(planned_on=None).exists()


def test_the_visits_follow_the_actual_day(randomised: Participant, coordinator: User, today: date) -> None:
    """Planned for one day, given on another: the windows hang on what happened."""
    plan(randomised, 1, today - days(3), coordinator)
    dose(randomised, 1, today - days(1), coordinator)
    assert windows(randomised, 1) == OF_THE_PROTOCOL
    assert period(randomised, 1).visits.get(code="DAY1").planned_on == today


def test_planning_again_needs_a_reason_and_moves_the_visits(
    randomised: Participant, coordinator: User, today: date
) -> None:
    """Without one it is refused by field and nothing moves; the reason stands in the audit trail."""
    plan(randomised, 1, today + days(3), coordinator)
    with pytest.raises(ValidationError) as caught:
        plan(randomised, 1, today + days(5), coordinator)
    assert set(caught.value.message_dict) == {"reason"}
    assert period(randomised, 1).planned_on == today + days(3)
    plan(randomised, 1, today + days(5), coordinator, reason="room taken")
    assert windows(randomised, 1) == OF_THE_PROTOCOL
    assert period(randomised, 1).visits.get(code="DAY7").planned_on == today + days(12)


def test_the_database_refuses_a_silent_change_of_the_plan(
    randomised: Participant, coordinator: User, today: date
) -> None:
    """Whoever writes: a date that was planned is not moved without a reason."""
    plan(randomised, 1, today + days(3), coordinator)
    with (
        pytest.raises(DatabaseError, match="without a reason"),
        transaction.atomic(),
        signed_by(coordinator),
    ):
        Period.objects.filter(participant=randomised, number=1).update(planned_on=today)


def test_an_infusion_that_was_given_is_no_longer_planned(
    first_given: Participant, coordinator: User, today: date
) -> None:
    """Its date can be corrected; planning it is refused with a sentence."""
    with pytest.raises(ValidationError, match="corrected, not planned"):
        plan(first_given, 1, today, coordinator, reason="r")


def test_two_people_planning_at_once_are_told(
    randomised: Participant, coordinator: User, today: date
) -> None:
    """The second, on the same version, gets what is saved; nothing is changed."""
    before = period(randomised, 1)
    plan(randomised, 1, today + days(3), coordinator)
    with pytest.raises(Conflict) as caught:
        services.plan_period(before, today + days(4), by=coordinator, version=before.version, reason="r")
    assert caught.value.current.planned_on == today + days(3)


def test_the_washout_is_counted_from_what_happened(
    randomised: Participant, coordinator: User, today: date
) -> None:
    """14, 33 and 63 days after the infusion as it was given, not as it was planned."""
    plan(randomised, 1, today - days(10), coordinator)
    assert washout_before(period(randomised, 2)) is None
    dose(randomised, 1, today - days(8), coordinator)
    window = washout_before(period(randomised, 2))
    assert window
    assert [(day - today).days for day in (window.earliest_on, window.target_on, window.latest_on)] == [
        6,
        25,
        55,
    ]


def test_the_second_period_waits_for_the_first(
    randomised: Participant, coordinator: User, today: date
) -> None:
    """Neither planned nor given before the first infusion is recorded; the sentence says what to do."""
    plan(randomised, 1, today, coordinator)
    with pytest.raises(ValidationError, match="record Infusion 1 first"):
        plan(randomised, 2, today + days(33), coordinator)
    with pytest.raises(ValidationError, match="Record Infusion 1 first"):
        dose(randomised, 2, today, coordinator, reason="r")


def test_a_correction_of_the_first_date_moves_the_washout(
    first_given: Participant, coordinator: User, today: date
) -> None:
    """Needs a reason; the visits of its period and the window of the next follow."""
    with pytest.raises(ValidationError) as caught:
        dose(first_given, 1, today - days(38), coordinator)
    assert set(caught.value.message_dict) == {"reason"}
    dose(first_given, 1, today - days(38), coordinator, reason="read the wrong page")
    window = washout_before(period(first_given, 2))
    assert window
    assert window.earliest_on == today - days(24)
    assert windows(first_given, 1) == OF_THE_PROTOCOL


def test_a_correction_keeps_the_order_of_infusions(
    first_given: Participant, coordinator: User, today: date
) -> None:
    """The first cannot be moved to or behind the second."""
    dose(first_given, 2, today - days(5), coordinator)
    for wrong in (today - days(5), today - days(2)):
        with pytest.raises(ValidationError, match="Infusion 2"):
            dose(first_given, 1, wrong, coordinator, reason="typo")
    assert period(first_given, 1).dosed_on == today - days(40)


def test_before_the_minimum_a_coordinator_is_refused_with_a_sentence(
    randomised: Participant, coordinator: User, today: date
) -> None:
    """It names the last day of the washout and who may override; a reason does not help."""
    dose(randomised, 1, today, coordinator)
    with pytest.raises(ValidationError) as caught:
        plan(randomised, 2, today + days(13), coordinator, override="please")
    said = f"The washout ends on {date_format(today + days(14))}. An earlier day needs an investigator's override"
    assert caught.value.message_dict["planned_on"][0].startswith(said)
    assert period(randomised, 2).planned_on is None
    plan(randomised, 2, today + days(14), coordinator)


def test_the_page_says_the_same_sentence(
    randomised: Participant, coordinator: User, as_user: AsUser, today: date
) -> None:
    """And what was typed is still there."""
    dose(randomised, 1, today, coordinator)
    second = period(randomised, 2)
    early = (today + days(13)).isoformat()
    answer = as_user(coordinator).post(
        f"/periods/{second.pk}/plan/", {"planned_on": early, "version": second.version}
    )
    page = answer.content.decode()
    assert "The washout ends on" in page
    assert early in page
    for offset in (14, 33, 63):
        assert date_format(today + days(offset)) in page


def test_an_investigator_overrides_with_a_reason(
    randomised: Participant, coordinator: User, investigator: User, today: date
) -> None:
    """Without a reason refused by field; with one, the period keeps who and why."""
    dose(randomised, 1, today, coordinator)
    with pytest.raises(ValidationError) as caught:
        plan(randomised, 2, today + days(13), investigator)
    assert set(caught.value.message_dict) == {"override_reason"}
    plan(randomised, 2, today + days(13), investigator, override="leaves the country")
    second = period(randomised, 2)
    assert (second.planned_on, second.override_by, second.override_reason) == (
        today + days(13), investigator, "leaves the country",
    )  # fmt: skip


def test_a_later_day_needs_no_override_any_more(
    randomised: Participant, coordinator: User, investigator: User, today: date
) -> None:
    """Planned again behind the minimum, the override is taken back."""
    dose(randomised, 1, today, coordinator)
    plan(randomised, 2, today + days(13), investigator, override="leaves the country")
    plan(randomised, 2, today + days(20), coordinator, reason="stays")
    second = period(randomised, 2)
    assert (second.override_by, second.override_reason) == (None, "")


def test_an_investigator_of_another_site_overrides_nothing(
    randomised: Participant, coordinator: User, make_user: MakeUser, other_site: Site, today: date
) -> None:
    """Roles hold at their site."""
    dose(randomised, 1, today, coordinator)
    with pytest.raises(PermissionDenied):
        plan(randomised, 2, today + days(13), make_user("investigator", other_site), override="r")


@pytest.mark.parametrize("offset", [13, 64])
def test_an_infusion_outside_the_washout_is_recorded_as_it_was(
    offset: int, randomised: Participant, coordinator: User, today: date
) -> None:
    """Too early with a reason, too late as it is: what happened is data, and stands as a deviation."""
    dose(randomised, 1, today - days(offset), coordinator)
    if offset < 14:
        with pytest.raises(ValidationError, match="minimum was not kept"):
            dose(randomised, 2, today, coordinator)
    dose(randomised, 2, today, coordinator, reason="given by mistake of the calendar")
    assert period(randomised, 2).dosed_on == today
    shown = page_of(randomised, coordinator)["periods"][1]["washout"]["verdict"]
    assert shown == ("too_early" if offset < 14 else "late")


def test_the_days_offered_are_judged_by_the_same_rule(first_given: Participant) -> None:
    """The calendar of possible days: 14 is the first, 33 the best, 63 the last, weeks are whole."""
    second = period(first_given, 2)
    window = washout_before(second)
    assert window
    weeks = possible_days(second, window)
    assert {len(week) for week in weeks} == {7}
    shown = {cell["day"]: cell["verdict"] for week in weeks for cell in week}
    assert [d for d, verdict in shown.items() if verdict == "target"] == [window.target_on]
    assert min(d for d, verdict in shown.items() if verdict == "possible") == window.earliest_on
    assert max(d for d, verdict in shown.items() if verdict == "possible") == window.latest_on


def test_what_lies_in_the_future_is_planned_not_recorded(
    randomised: Participant, coordinator: User, today: date
) -> None:
    """Refused by field."""
    with pytest.raises(ValidationError, match="Plan it instead"):
        dose(randomised, 1, today + days(1), coordinator)


def test_no_infusion_before_consent(randomised: Participant, coordinator: User) -> None:
    """One of the two dates is wrong."""
    assert randomised.consented_on
    with pytest.raises(ValidationError, match="before the consent date"):
        dose(randomised, 1, randomised.consented_on - days(1), coordinator)


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
    with pytest.raises(ValidationError, match="Say why"):
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
    with pytest.raises(ValidationError, match="Say why"):
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
    with pytest.raises(ValidationError, match="Say why"):
        services.withdraw(first_given, by=investigator, reason=" ")
    services.withdraw(first_given, by=investigator, reason="moved away")
    first_given.refresh_from_db()
    assert (first_given.status, first_given.left_reason) == (Participant.Status.WITHDRAWN, "moved away")
    assert not Visit.objects.open().filter(participant=first_given).exists()
    assert first_given.assessments.count() == 2
    with pytest.raises(ValidationError, match="no longer followed"):
        plan(first_given, 2, today, coordinator)
    with pytest.raises(ValidationError, match="already"):
        services.withdraw(first_given, by=investigator, reason="again")


def test_a_page_from_before_the_withdrawal_plans_nothing(
    first_given: Participant, coordinator: User, investigator: User, today: date
) -> None:
    """What counts is the participant as saved, not as somebody has them open."""
    opened = Period.objects.select_related("participant").get(participant=first_given, number=2)
    services.withdraw(first_given, by=investigator, reason="moved away")
    with pytest.raises(ValidationError, match="no longer followed"):
        services.plan_period(opened, today, by=coordinator, version=opened.version)


def test_a_rating_that_was_made_before_is_still_entered_after_withdrawal(
    first_given: Participant, coordinator: User, investigator: User, today: date
) -> None:
    """Data that exist on paper are not lost because the participant has left."""
    services.withdraw(first_given, by=investigator, reason="moved away")
    rate(period(first_given, 1).visits.get(code="DAY1"), 20, coordinator, on=today - days(39))
    first_given.refresh_from_db()
    assert first_given.status == Participant.Status.WITHDRAWN


@pytest.mark.parametrize("role", ["monitor", "datamanager", "pharmacist", "statistician", "auditor", "admin"])
def test_only_the_site_changes_the_schedule(
    role: str, first_given: Participant, make_user: MakeUser, today: date
) -> None:
    """Plan, record, mark and withdraw are refused to everybody else."""
    person = make_user(role)
    visit = period(first_given, 1).visits.get(code="DAY3")
    with pytest.raises(PermissionDenied):
        plan(first_given, 2, today, person)
    with pytest.raises(PermissionDenied):
        dose(first_given, 2, today, person)
    with pytest.raises(PermissionDenied):
        services.mark_missed(visit, by=person, reason="r")
    with pytest.raises(PermissionDenied):
        services.reopen_visit(visit, by=person, reason="r")
    with pytest.raises(PermissionDenied):
        services.withdraw(first_given, by=person, reason="r")


def test_a_coordinator_does_not_withdraw(randomised: Participant, coordinator: User) -> None:
    """That a participant leaves is an investigator's to record."""
    with pytest.raises(PermissionDenied):
        services.withdraw(randomised, by=coordinator, reason="moved away")


def move_site(site: Site, zone: str) -> date:
    """Put `site` into another time zone; its date of today."""
    with signed_by(User.objects.system(), reason="moved"):
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
        rows = [action for column in worklist(coordinator, randomised.study) for action in column["actions"]]
        (row,) = [action for action in rows if action.url == f"/visits/{day1.pk}/"]
        assert (row.state, row.why.startswith("overdue")) == ("overdue" if overdue else "due", overdue)
