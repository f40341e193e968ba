"""Days that somebody types: refused where they cannot be, asked about first where they are improbable."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from assessments.domain.instrument import catalogue
from enrollment import domain, services
from enrollment.domain import plausible
from enrollment.models import Participant, Period
from enrollment.selectors import today_at
from enrollment.strip.text import short_day
from tests.enrollment.steps import days, dose, period, plan
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, User
from trialsite.audit.models import Event
from trialsite.lib.days import day_text

AsUser = Callable[[User], Client]
SERIES = Path(domain.__file__).parents[1] / "protocols" / "reisby_imipramine.toml"
database = pytest.mark.django_db


@pytest.fixture
def started(randomised: Participant, today: date) -> Participant:
    """Consented a hundred days ago, randomised fifty days ago."""
    _randomised_on(randomised, today - days(50))
    return randomised


def _randomised_on(participant: Participant, day: date) -> None:
    moment = datetime.combine(day, time(10), ZoneInfo(participant.site.timezone))
    with audit_context(User.objects.system(), reason="a test's past"):
        Participant.objects.filter(pk=participant.pk).update(randomised_at=moment)
    participant.refresh_from_db()


def refused(call: Callable[[], object]) -> dict[str, list[str]]:
    """The refusal, by field."""
    with pytest.raises(ValidationError) as caught:
        call()
    return dict(caught.value.message_dict)


@database
@pytest.mark.requirement("SCH-03")
@pytest.mark.parametrize(("back", "why"), [(101, "before the consent date"), (51, "before randomisation")])
def test_no_infusion_is_planned_or_recorded_before_consent_or_randomisation(
    back: int, why: str, started: Participant, coordinator: User, today: date
) -> None:
    """Each refused at its field, in words that name the other date; the next day is taken."""
    day = today - days(back)
    assert why in refused(lambda: plan(started, 1, day, coordinator))["planned_on"][0]
    assert why in refused(lambda: dose(started, 1, day, coordinator))["dosed_on"][0]
    assert period(started, 1).day0 is None
    dose(started, 1, today - days(50), coordinator)


@database
@pytest.mark.requirement("SCH-03")
@pytest.mark.parametrize("column", ["planned_on", "dosed_on"])
@pytest.mark.parametrize("back", [51, 101])
def test_the_database_refuses_it_whoever_writes(
    column: str, back: int, started: Participant, coordinator: User, today: date
) -> None:
    """Also a write that goes round the service."""
    mine = Period.objects.filter(participant=started, number=1)
    with (
        pytest.raises(DatabaseError, match="before consent or randomisation"),
        transaction.atomic(),
        audit_context(coordinator, reason="r"),
    ):
        mine.update(**{column: today - days(back)})
    with audit_context(coordinator, reason="r"):
        mine.update(**{column: today - days(50)})


@database
@pytest.mark.parametrize("change", [{"consented_on": 39}, {"randomised_at": 39}])
def test_nor_are_consent_and_randomisation_moved_past_an_infusion(
    change: dict[str, int], started: Participant, coordinator: User, today: date
) -> None:
    """The same from the other side."""
    dose(started, 1, today - days(40), coordinator)
    ((column, back),) = change.items()
    day = today - days(back)
    value = datetime.combine(day, time(10), ZoneInfo("UTC")) if column == "randomised_at" else day
    with (
        pytest.raises(DatabaseError, match="before consent or randomisation"),
        transaction.atomic(),
        audit_context(coordinator, reason="r"),
    ):
        Participant.objects.filter(pk=started.pk).update(**{column: value})


@database
def test_an_open_series_has_no_randomisation_to_come_before() -> None:
    """Its participants were treated before they came here: where nothing is allocated, enrolment is no bound."""
    system = User.objects.system()
    protocol, _new = services.load_protocol(SERIES.read_text(), by=system, catalogue=catalogue())
    site = protocol.study.sites.get()
    with audit_context(system, reason="r"):
        participant = Participant.objects.create(
            study=protocol.study,
            site=site,
            protocol=protocol,
            code="1",
            status=Participant.Status.RANDOMISED,
            randomised_at=timezone.now(),
        )
        Period.objects.create(participant=participant, number=1)
    assert dose(participant, 1, today_at(site) - days(90), system).dosed_on


@database
@pytest.mark.parametrize("year", [1900, 1926])
def test_consent_before_any_trial_is_refused(year: int, site: Site, screened: Participant) -> None:
    """Nothing is asked: no running trial has a participant who consented then."""
    system, day = User.objects.system(), date(year, 5, 1)
    for call in (_screen, _correct):
        refusal = refused(lambda call=call: call(screened, system, day, kept_because="it is"))  # type: ignore[misc]
        assert "ten years ago" in refusal["consented_on"][0]


def _screen(participant: Participant, by: User, day: date, kept_because: str = "") -> Participant:
    return services.screen(
        participant.site, by=by, consented_on=day, age=40, sex="F", kept_because=kept_because
    )


def _correct(participant: Participant, by: User, day: date, kept_because: str = "") -> None:
    services.record_screening(
        participant,
        by=by,
        version=participant.version,
        consented_on=day,
        age=40,
        sex="F",
        checklist={},
        reason="misread",
        kept_because=kept_because,
    )


@database
@pytest.mark.parametrize("call", [_screen, _correct])
def test_a_consent_long_ago_is_asked_about_and_kept_with_a_comment(
    call: Callable[..., object], screened: Participant, coordinator: User, today: date
) -> None:
    """A year typed wrong is a year off. The comment stands in the audit trail."""
    day = today - days(366)
    refusal = refused(lambda: call(screened, coordinator, day))
    assert refusal == {"kept_because": [f"{day_text(day)} is 366 days ago: is the date correct?"]}
    call(screened, coordinator, day, kept_because="a late transfer")
    assert "a late transfer" in str(Event.objects.latest("at").reason)


@database
def test_consent_is_not_moved_past_the_randomisation(started: Participant, coordinator: User) -> None:
    """Nobody is randomised before consent."""
    assert started.consented_on
    _randomised_on(started, started.consented_on)
    moved = started.consented_on + days(1)
    with audit_context(coordinator, reason="r"):
        started.visits.filter(period=None).update(performed_on=moved)
    assert "randomised on" in refused(lambda: _correct(started, coordinator, moved))["consented_on"][0]


@database
def test_a_consent_that_was_kept_is_not_asked_about_again(
    screened: Participant, coordinator: User, today: date
) -> None:
    """Another field of the form is corrected later."""
    _correct(screened, coordinator, today - days(366), kept_because="a late transfer")
    screened.refresh_from_db()
    _correct(screened, coordinator, today - days(366))


@database
@pytest.mark.parametrize(
    ("ahead", "refusal"),
    [(3653, "3653 days in the future"), (-31, "31 days ago, although this is a planned date")],
)
def test_an_improbable_plan_is_asked_about(
    ahead: int, refusal: str, started: Participant, coordinator: User, today: date
) -> None:
    """Ten years ahead, or long past: kept with a comment, and then no longer asked about."""
    day = today + days(ahead)
    assert refusal in refused(lambda: plan(started, 1, day, coordinator))["kept_because"][0]
    saved = period(started, 1)
    services.plan_period(saved, day, by=coordinator, version=saved.version, kept_because="agreed so")
    assert period(started, 1).planned_on == day
    plan(started, 1, day, coordinator)


@database
def test_a_plan_beyond_the_calendar_is_refused(started: Participant, coordinator: User) -> None:
    """Its visits would have no date at all."""
    assert (
        "twenty years" in refused(lambda: plan(started, 1, date(9999, 12, 30), coordinator))["planned_on"][0]
    )


@database
def test_an_infusion_far_from_its_plan_is_asked_about(
    started: Participant, coordinator: User, today: date
) -> None:
    """More than thirty days: a month typed wrong. Not asked about is one as planned."""
    plan(started, 1, today - days(5), coordinator)
    refusal = refused(lambda: dose(started, 1, today - days(40), coordinator))
    assert "35 days away from the planned date" in refusal["kept_because"][0]
    saved = period(started, 1)
    services.record_dosing(
        saved,
        today - days(40),
        by=coordinator,
        version=saved.version,
        kept_because="the plan was never updated",
    )
    assert period(started, 1).dosed_on == today - days(40)


@database
def test_enter_keeps_the_date_with_a_comment(
    started: Participant, coordinator: User, as_user: AsUser, today: date
) -> None:
    """The question stands by a field for the answer; nothing typed is lost; another date is asked about anew."""
    client, far = as_user(coordinator), today + days(400)
    url = f"/periods/{period(started, 1).pk}/plan/"
    sent = {"planned_on": day_text(far), "version": 1}
    page = client.post(url, sent).content.decode()
    assert "400 days in the future: is the date correct?" in page
    assert 'name="kept_because"' in page
    assert "autofocus" in page
    assert f'name="asked_on" value="{day_text(far)}"' in page
    other = sent | {
        "planned_on": day_text(far + days(1)),
        "asked_on": day_text(far),
        "kept_because": "booked",
    }
    assert "401 days in the future" in client.post(url, other).content.decode()
    assert client.post(url, sent | {"asked_on": day_text(far), "kept_because": "booked"}).status_code == 302
    assert period(started, 1).planned_on == far


@database
def test_a_screening_form_asks_too(site: Site, coordinator: User, as_user: AsUser, today: date) -> None:
    """Screening a person: the consent date of last year."""
    day = day_text(today - days(370))
    sent = {"site": site.pk, "consented_on": day, "age": 40, "sex": "F"}
    client = as_user(coordinator)
    assert "is the date correct?" in client.post("/studies/KETNAL/participants/new/", sent).content.decode()
    answered = sent | {"asked_on": day, "kept_because": "a late transfer"}
    assert client.post("/studies/KETNAL/participants/new/", answered).status_code == 302


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(-8000, 8000))
def test_nothing_within_a_quarter_of_a_year_is_doubted_and_a_wrong_year_always_is(
    today: date, off: int
) -> None:
    """Whatever the day: a slip of a year is further off than anything that is taken without a question."""
    day = today + timedelta(off)
    near = abs(off) <= 30
    assert not (near and (plausible.doubt_of_past(day, today) or plausible.doubt_of_plan(day, today)))
    if off <= -365:
        assert plausible.doubt_of_past(day, today) == "long_ago"
        assert plausible.doubt_of_plan(day, today) == "past"
    if off >= 365:
        assert plausible.doubt_of_plan(day, today) == "far_ahead"


def test_the_year_is_said_wherever_it_is_another() -> None:
    """Short days carry it from New Year to New Year."""
    today = date(2026, 1, 2)
    assert short_day(date(2026, 1, 9), today) == "9 Jan"
    assert short_day(date(2025, 12, 30), today) == "30 Dec 2025"
    assert short_day(date(2027, 1, 2), today) == "2 Jan 2027"
