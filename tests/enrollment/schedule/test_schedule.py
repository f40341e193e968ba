"""The schedule: what is due follows from what happened, and what happened is never refused for its day."""

from collections.abc import Callable
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils.formats import date_format

from enrollment import services
from enrollment.models import Participant, Period
from enrollment.schedule.days import possible_days
from enrollment.selectors import washout_before
from tests.conftest import MakeUser, rate
from tests.enrollment.steps import days, dose, open_checks, period, plan, washout_of, windows
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, User
from trialsite.lib.errors import Conflict

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]

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
        audit_context(coordinator),
    ):
        Period.objects.filter(participant=randomised, number=1).update(planned_on=today)


def test_an_infusion_that_was_given_is_no_longer_planned(
    first_given: Participant, coordinator: User, today: date
) -> None:
    """Its date can be corrected; planning it is refused with a sentence."""
    with pytest.raises(ValidationError, match="corrected, but not planned"):
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
    """14, 33 and 63 days after the last visit of period 1: by the plan, until that has taken place."""
    plan(randomised, 1, today - days(20), coordinator)
    dose(randomised, 1, today - days(18), coordinator)
    assert offered(randomised, today) == (10, 29, 59, False)
    rate(randomised.visits.get(period__number=1, code="DAY14"), 20, coordinator, on=today - days(2))
    assert offered(randomised, today) == (12, 31, 61, True)


def offered(participant: Participant, today: date) -> tuple[int, int, int, bool]:
    """Earliest, target and latest day of period 2, from today, and whether they are certain."""
    window = washout_before(period(participant, 2))
    assert window
    return (
        (window.earliest_on - today).days,
        (window.target_on - today).days,
        (window.latest_on - today).days,
        window.anchor.certain,
    )


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
    assert window.earliest_on == today - days(10)
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


@pytest.mark.requirement("SCH-01")
@pytest.mark.parametrize(
    ("offset", "limit"), [(27, "The minimum washout ends on"), (78, "The maximum washout ends on")]
)
def test_outside_the_washout_a_coordinator_is_refused_with_a_sentence(
    offset: int, limit: str, randomised: Participant, coordinator: User, today: date
) -> None:
    """It names the limit and who may override; a reason does not help. Day 28 and day 77 are possible."""
    dose(randomised, 1, today, coordinator)
    with pytest.raises(ValidationError) as caught:
        plan(randomised, 2, today + days(offset), coordinator, override="please")
    nearest = 28 if offset < 28 else 77
    refusal_text = caught.value.message_dict["planned_on"][0]
    assert refusal_text.startswith(f"{limit} {date_format(today + days(nearest))}.")
    assert "requires an investigator's override with a reason" in refusal_text
    assert period(randomised, 2).planned_on is None
    plan(randomised, 2, today + days(nearest), coordinator)


def test_the_page_says_the_same_sentence(
    randomised: Participant, coordinator: User, as_user: AsUser, today: date
) -> None:
    """And what was typed is still there, and that the days are from the plan."""
    dose(randomised, 1, today, coordinator)
    second = period(randomised, 2)
    early = (today + days(13)).isoformat()
    answer = as_user(coordinator).post(
        f"/periods/{second.pk}/plan/", {"planned_on": early, "version": second.version}
    )
    page = answer.content.decode()
    assert "The minimum washout ends on" in page
    assert f'value="{date_format(today + days(13))}"' in page
    for offset in (28, 47, 77):
        assert date_format(today + days(offset)) in page
    planned = date_format(today + days(14))
    assert f"Based on the plan: the last visit of period 1 is planned for {planned}" in page


@pytest.mark.requirement("SCH-01")
@pytest.mark.parametrize(("offset", "days_outside"), [(26, -2), (79, 2)])
def test_an_investigator_overrides_with_a_reason(
    offset: int,
    days_outside: int,
    randomised: Participant,
    coordinator: User,
    investigator: User,
    today: date,
) -> None:
    """Too early or too late: without a reason refused by field; with one, the period keeps who, why and how far."""
    dose(randomised, 1, today, coordinator)
    with pytest.raises(ValidationError) as caught:
        plan(randomised, 2, today + days(offset), investigator)
    assert set(caught.value.message_dict) == {"override_reason"}
    plan(randomised, 2, today + days(offset), investigator, override="leaves the country")
    second = period(randomised, 2)
    assert (second.planned_on, second.override_by, second.override_reason, second.override_days) == (
        today + days(offset),
        investigator,
        "leaves the country",
        days_outside,
    )
    assert not open_checks(randomised)


def test_a_day_inside_needs_no_override_any_more(
    randomised: Participant, coordinator: User, investigator: User, today: date
) -> None:
    """Planned again behind the minimum, the override is taken back."""
    dose(randomised, 1, today, coordinator)
    plan(randomised, 2, today + days(13), investigator, override="leaves the country")
    plan(randomised, 2, today + days(30), coordinator, reason="stays")
    second = period(randomised, 2)
    assert (second.override_by, second.override_reason, second.override_days) == (None, "", None)


def test_an_investigator_of_another_site_overrides_nothing(
    randomised: Participant, coordinator: User, make_user: MakeUser, other_site: Site, today: date
) -> None:
    """Roles hold at their site."""
    dose(randomised, 1, today, coordinator)
    with pytest.raises(PermissionDenied):
        plan(randomised, 2, today + days(13), make_user("investigator", other_site), override="r")


@pytest.mark.parametrize(
    ("offset", "refusal", "deviation"),
    [
        (13, "minimum washout was not met", "before the last visit of period 1"),
        (27, "minimum washout was not met", "1 day before the minimum washout"),
        (78, "maximum washout was exceeded", "1 day after the maximum washout"),
    ],
)
def test_an_infusion_outside_the_washout_is_recorded_as_it_was(
    offset: int, refusal: str, deviation: str, randomised: Participant, coordinator: User, today: date
) -> None:
    """With a reason, which is kept: what happened is data, stands as a deviation, and is asked about once."""
    dose(randomised, 1, today - days(offset), coordinator)
    with pytest.raises(ValidationError, match=refusal):
        dose(randomised, 2, today, coordinator)
    dose(randomised, 2, today, coordinator, reason="given by mistake of the calendar")
    second = period(randomised, 2)
    assert (second.dosed_on, second.override_reason) == (today, "given by mistake of the calendar")
    assert deviation in washout_of(randomised, coordinator).deviation
    assert len(open_checks(randomised)) == 1


def test_the_days_offered_are_judged_by_the_same_rule(first_given: Participant) -> None:
    """The calendar of possible days: 14 after the last visit is the first, 33 the target, 63 the last; whole weeks."""
    second = period(first_given, 2)
    window = washout_before(second)
    assert window
    weeks = possible_days(second, window, [])
    assert {len(week) for week in weeks} == {7}
    verdicts = {cell.day: cell.verdict for week in weeks for cell in week}
    assert [d for d, verdict in verdicts.items() if verdict == "target"] == [window.target_on]
    assert min(d for d, verdict in verdicts.items() if verdict == "possible") == window.earliest_on
    assert max(d for d, verdict in verdicts.items() if verdict == "possible") == window.latest_on


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
