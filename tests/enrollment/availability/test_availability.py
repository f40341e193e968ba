"""Coordinators keep the days of a site: the week, public holidays, absences; plans and calendars follow."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from enrollment.availability.selectors import holidays_between, hours_of, site_days
from enrollment.availability.services import add_absence, keep_hours, remove_absence
from enrollment.models import Absence, Participant, SiteHours
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, User
from trialsite.audit.models import Event
from trialsite.lib.errors import Conflict

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def keep(site: Site, by: User, *, version: int = 0, reason: str = "", **hours: object) -> SiteHours:
    values = {"weekdays": "12345", "holidays": "US-CT", "places": 2, **hours}
    return keep_hours(site, by=by, version=version, reason=reason, **values)  # type: ignore[arg-type]


def test_the_week_is_kept_with_its_history(site: Site, coordinator: User) -> None:
    keep(site, coordinator)
    with pytest.raises(ValidationError, match="reason"):
        keep(site, coordinator, version=1, places=1)
    keep(site, coordinator, version=1, places=1, reason="one chair is broken")
    with pytest.raises(Conflict):
        keep(site, coordinator, version=1, places=3, reason="too late")
    last = Event.objects.filter(table_name="enrollment_sitehours").latest("n")
    assert (last.new["places"], last.reason) == (1, "one chair is broken")  # type: ignore[index]


def test_a_region_without_known_holidays_is_refused(site: Site, coordinator: User) -> None:
    for code in ("XX", "US-XX", "connecticut"):
        with pytest.raises(ValidationError, match="not known"):
            keep(site, coordinator, holidays=code)


def test_public_holidays_are_those_of_the_region() -> None:
    """Thanksgiving 2026 is 26 November; Good Friday is kept in Connecticut and not in all states."""
    found = holidays_between("US-CT", date(2026, 1, 1), date(2026, 12, 31))
    assert found[date(2026, 11, 26)] == "Thanksgiving Day"
    assert date(2026, 4, 3) in found
    assert date(2026, 4, 3) not in holidays_between("US", date(2026, 1, 1), date(2026, 12, 31))


def test_an_absence_counts_until_it_is_removed_and_stays_to_be_read(
    site: Site, coordinator: User, today: date
) -> None:
    keep(site, coordinator, weekdays="1234567", holidays="")
    absence = add_absence(site, by=coordinator, first_on=today, last_on=today, reason="stocktaking")
    assert site_days(site, today, today).obstacle(today, treating=False) == ("closed", "stocktaking")
    remove_absence(absence, by=coordinator, reason="moved")
    assert site_days(site, today, today).obstacle(today, treating=True) is None
    absence.refresh_from_db()
    assert (absence.removed_by, absence.reason) == (coordinator, "stocktaking")


def test_a_dosing_takes_a_place(site: Site, coordinator: User, first_given: Participant) -> None:
    given = first_given.periods.get(number=1)
    assert given.dosed_on
    keep(site, coordinator, weekdays="1234567", holidays="", places=1)
    assert site_days(site, given.dosed_on, given.dosed_on).obstacle(given.dosed_on, treating=True) == (
        "full",
        "",
    )
    besides = site_days(site, given.dosed_on, given.dosed_on, besides=[given.pk])
    assert besides.obstacle(given.dosed_on, treating=True) is None


def test_the_database_refuses_what_no_absence_can_be(site: Site, coordinator: User, today: date) -> None:
    absence = Absence(
        site=site, first_on=today, last_on=today - timedelta(days=1), reason="typo", entered_by=coordinator
    )
    with (
        pytest.raises(IntegrityError, match="absence_in_order"),
        transaction.atomic(),
        audit_context(coordinator),
    ):
        absence.save()


def test_the_page_keeps_what_was_typed(site: Site, coordinator: User, as_user: SignIn) -> None:
    client = as_user(coordinator)
    page = reverse("site_availability", args=[site.study.code, site.code])
    answer = client.post(page, {"weekdays": ["1", "2"], "holidays": "Narnia", "places": "2", "version": "0"})
    assert answer.status_code == 422
    assert "The public holidays of NARNIA are not known" in answer.content.decode()
    assert (
        client.post(
            page, {"weekdays": ["1", "2"], "holidays": "us", "places": "2", "version": "0"}
        ).status_code
        == 302
    )
    assert (hours_of(site).weekdays, hours_of(site).holidays) == ("12", "US")
    add = reverse("absence_add", args=[site.study.code, site.code])
    answer = client.post(
        add, {"first_on": "3 Mar 2027", "last_on": "1 Mar 2027", "places": "0", "reason": "leave"}
    )
    assert answer.status_code == 422
    assert "The last day is before the first" in answer.content.decode()
    answer = client.post(
        add, {"first_on": "3 Mar 2027", "participant": "99-999", "places": "0", "reason": "leave"}
    )
    assert "no participant of that code" in answer.content.decode()
    assert client.post(add, {"first_on": "3 Mar 2027", "places": "0", "reason": "leave"}).status_code == 302
    absence = Absence.objects.get()
    assert absence.first_on == absence.last_on == date(2027, 3, 3)
    removed = client.post(reverse("absence_remove", args=[absence.pk]), {"reason": "a mistake"})
    assert removed.status_code == 302
    assert not Absence.objects.in_force().exists()


def test_the_calendar_says_on_which_days_the_site_is_closed(
    site: Site, coordinator: User, as_user: SignIn
) -> None:
    keep(site, coordinator)
    month = reverse("calendar", args=[site.study.code]) + "?month=2026-11"
    page = as_user(coordinator).get(month).content.decode()
    assert "public holiday: Thanksgiving Day" in page
    assert "the site does not work on this weekday" in page
