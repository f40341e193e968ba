"""The waiting list of a site: dates that are best for all, accepted at once and taken back together."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enrollment.availability.services import add_absence, keep_hours
from enrollment.models import Participant
from enrollment.proposals.selectors import waiting_at
from enrollment.proposals.services import AcceptedDay, accept_days
from enrollment.schedule.services import unplan_period
from enrollment.selectors import washout_before
from tests.conftest import decide, make_screened, randomised_earlier
from tests.enrollment.steps import days, dose, period, plan
from trialsite.accounts.models import Site, User

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def waiting(site: Site, coordinator: User, investigator: User, today: date) -> list[Participant]:
    """Three who had their first infusion on the same day, twenty days ago, at a site with one place a day."""
    participants = []
    for _ in range(3):
        participant = make_screened(site, coordinator)
        decide(participant, by=investigator)
        participants.append(randomised_earlier(participant, by=coordinator))
        dose(participant, 1, today - days(20), coordinator)
    keep_hours(site, by=coordinator, version=0, weekdays="1234567", holidays="", places=1, reason="")
    return participants


def test_three_of_one_day_are_proposed_three_days_around_the_target(
    site: Site, waiting: list[Participant]
) -> None:
    rows = waiting_at(site)
    target = rows[0].window.target_on
    proposed = {row.proposed.day for row in rows if row.proposed}
    assert proposed == {target - days(1), target, target + days(1)}


def test_what_was_accepted_is_planned_with_its_visits_and_can_be_taken_back(
    site: Site, waiting: list[Participant], coordinator: User, as_user: SignIn
) -> None:
    client = as_user(coordinator)
    page = reverse("waiting_list", args=[site.study.code, site.code])
    shown = client.get(page)
    tokens = [row["token"] for row in shown.context["rows"]]
    answer = client.post(page, {"accept": tokens}, follow=True)
    assert "3 dates planned." in answer.content.decode()
    second = period(waiting[0], 2)
    assert second.planned_on
    assert second.visits.filter(planned_on=None).count() == 0
    assert waiting_at(site) == []
    answer = client.post(reverse("waiting_undo", args=[site.study.code, site.code]), follow=True)
    assert "3 dates taken back." in answer.content.decode()
    assert period(waiting[0], 2).planned_on is None
    assert period(waiting[0], 2).visits.exclude(planned_on=None).count() == 0
    assert len(waiting_at(site)) == 3


def test_a_date_that_was_changed_since_is_not_taken_back(
    site: Site, waiting: list[Participant], coordinator: User, as_user: SignIn
) -> None:
    client = as_user(coordinator)
    page = reverse("waiting_list", args=[site.study.code, site.code])
    client.post(page, {"accept": [row["token"] for row in client.get(page).context["rows"]]})
    planned = period(waiting[0], 2).planned_on
    assert planned
    plan(waiting[0], 2, planned + days(2), coordinator, reason="the participant asked")
    answer = client.post(reverse("waiting_undo", args=[site.study.code, site.code]), follow=True)
    assert "2 dates taken back." in answer.content.decode()
    assert period(waiting[0], 2).planned_on == planned + days(2)


def test_taking_a_plan_back_needs_a_reason(site: Site, waiting: list[Participant], coordinator: User) -> None:
    window = washout_before(period(waiting[0], 2))
    assert window
    planned = plan(waiting[0], 2, window.target_on, coordinator)
    with pytest.raises(ValidationError, match="reason"):
        unplan_period(planned, by=coordinator, version=planned.version, reason="\u200b ")
    assert period(waiting[0], 2).planned_on == window.target_on


def test_a_started_period_is_not_taken_back(waiting: list[Participant], coordinator: User) -> None:
    first = period(waiting[0], 1)
    with pytest.raises(ValidationError, match="has started"):
        unplan_period(first, by=coordinator, version=first.version, reason="typed by mistake")


def test_who_waits_is_found_in_as_many_reads_however_many_wait(
    site: Site, waiting: list[Participant], coordinator: User
) -> None:
    with CaptureQueriesContext(connection) as three:
        assert len(waiting_at(site)) == 3
    window = washout_before(period(waiting[0], 2))
    assert window
    plan(waiting[0], 2, window.target_on, coordinator)
    plan(waiting[1], 2, window.target_on + days(1), coordinator)
    with CaptureQueriesContext(connection) as one:
        assert len(waiting_at(site)) == 1
    assert len(three) == len(one)


def test_an_old_list_plans_nothing(
    site: Site, waiting: list[Participant], coordinator: User, as_user: SignIn
) -> None:
    client = as_user(coordinator)
    page = reverse("waiting_list", args=[site.study.code, site.code])
    tokens = [row["token"] for row in client.get(page).context["rows"]]
    window = washout_before(period(waiting[2], 2))
    assert window
    plan(waiting[2], 2, window.target_on + days(5), coordinator)
    answer = client.post(page, {"accept": tokens}, follow=True)
    assert "nothing was planned" in answer.content.decode()
    assert period(waiting[0], 2).planned_on is None
    answer = client.post(page, {"accept": ["1/1/2026-01-01:forged"]}, follow=True)
    assert "nothing was planned" in answer.content.decode()


def test_all_or_none_are_planned(
    site: Site, waiting: list[Participant], coordinator: User, today: date
) -> None:
    first, second = period(waiting[0], 2), period(waiting[1], 2)
    window = washout_before(first)
    assert window
    accepted = [
        AcceptedDay(first.pk, first.version, window.target_on),
        AcceptedDay(second.pk, second.version, window.earliest_on - days(1)),
    ]
    with pytest.raises(ValidationError, match=waiting[1].code):
        accept_days(site, accepted, by=coordinator)
    assert period(waiting[0], 2).planned_on is None


def test_where_nothing_fits_it_says_which_rule_has_to_give(
    site: Site, waiting: list[Participant], coordinator: User, as_user: SignIn
) -> None:
    window = washout_before(period(waiting[0], 2))
    assert window
    add_absence(
        site, by=coordinator, first_on=window.earliest_on, last_on=window.latest_on, reason="building works"
    )
    page = (
        as_user(coordinator).get(reverse("waiting_list", args=[site.study.code, site.code])).content.decode()
    )
    assert "No day is possible. Nearest:" in page
    assert "the site is closed: building works" in page


def test_the_plan_of_one_participant_offers_the_best_days(
    site: Site, waiting: list[Participant], coordinator: User, as_user: SignIn
) -> None:
    """One button plans a proposed day; the days on which the participant cannot come are not among them."""
    second = period(waiting[0], 2)
    window = washout_before(second)
    assert window
    add_absence(
        site,
        by=coordinator,
        first_on=window.target_on,
        last_on=window.target_on,
        reason="a wedding",
        participant=waiting[0],
    )
    client = as_user(coordinator)
    address = reverse("plan", args=[second.pk])
    response = client.get(address)
    offered = [day.day for day in response.context["proposed"]]
    # The day before would leave its day 1 on the wedding.
    assert offered[0] == window.target_on + timedelta(days=1)
    assert window.target_on not in offered
    assert "The participant cannot come: a wedding" in response.content.decode()
    answer = client.post(address, {"planned_on": offered[0].isoformat(), "version": second.version})
    assert answer.status_code == 302
    assert period(waiting[0], 2).planned_on == offered[0]
