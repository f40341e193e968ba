"""Dates that change later: a period that was planned or given by the rule may not keep it any more, and that is said."""

from datetime import date

import pytest

from analysis.blinded.quality import washouts
from analysis.outcomes.rules import rules_waiting
from assessments.domain.instrument import catalogue
from enrollment import services
from enrollment.models import Participant, Visit
from enrollment.schedule.strips import strip_of
from enrollment.selectors import washout_before
from enrollment.today.worklist import worklist
from tests.conftest import decide, make_screened, randomised_earlier, rate
from tests.enrollment.steps import days, dose, open_checks, period, plan, washout_of
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, Study, User
from trialsite.review.models import Query

pytestmark = pytest.mark.django_db


def see(participant: Participant, code: str, on: date, by: User) -> None:
    """Rate a visit of period 1 on a day."""
    rate(participant.visits.get(period__number=1, code=code), 20, by, on=on)


@pytest.fixture
def planned(randomised: Participant, coordinator: User, today: date) -> Participant:
    """Given sixteen days ago, the second planned for the first possible day by the plan."""
    dose(randomised, 1, today - days(16), coordinator)
    plan(randomised, 2, today + days(12), coordinator)
    assert not open_checks(randomised)
    return randomised


def test_moving_the_first_infusion_checks_the_plan_of_the_second(
    planned: Participant, coordinator: User, today: date
) -> None:
    """Three days later, the second lies inside the minimum: one query, a task that leads to the plan, a mark."""
    dose(planned, 1, today - days(13), coordinator, reason="read the wrong page")
    assert open_checks(planned) == [("WASHOUT-MINIMUM", "2")]
    assert washout_of(planned, coordinator).deviation.startswith("Deviation: 3 days")
    tasks = {
        (action.what, action.url)
        for column in worklist(coordinator, planned.study)
        for action in column.actions
    }
    assert ("Plan again: Infusion 2", f"/periods/{period(planned, 2).pk}/plan/") in tasks
    plan(planned, 2, today + days(20), coordinator, reason="inside the washout")
    assert not open_checks(planned)


def test_a_last_visit_later_than_planned_checks_the_second_period(
    planned: Participant, coordinator: User, today: date
) -> None:
    """Day 14 was seen on day 16: the plan that counted from day 14 is two days short."""
    see(planned, "DAY14", today, coordinator)
    assert open_checks(planned) == [("WASHOUT-MINIMUM", "2")]


def test_a_missed_last_visit_leaves_the_planned_day(
    planned: Participant, coordinator: User, today: date
) -> None:
    """It counts as planned, and does not move any more."""
    services.mark_missed(planned.visits.get(period__number=1, code="DAY14"), by=coordinator, reason="away")
    window = washout_before(period(planned, 2))
    assert window
    assert (window.earliest_on, window.anchor.certain) == (today + days(12), True)
    assert not open_checks(planned)


def test_the_dates_of_one_participant_close_no_query_of_another(
    planned: Participant, site: Site, coordinator: User, investigator: User, today: date
) -> None:
    """Both are asked about the same field of the same form."""
    dose(planned, 1, today - days(13), coordinator, reason="read the wrong page")
    other = make_screened(site, coordinator)
    decide(other, by=investigator)
    randomised_earlier(other, by=coordinator)
    dose(other, 1, today, coordinator)
    assert open_checks(planned) == [("WASHOUT-MINIMUM", "2")]


def test_an_override_covers_no_more_than_it_was_given_for(
    planned: Participant, coordinator: User, investigator: User, today: date
) -> None:
    """One day short is answered for; when the first infusion moves, four days short are not."""
    plan(planned, 2, today + days(11), investigator, reason="travel", override="leaves the country")
    assert not open_checks(planned)
    dose(planned, 1, today - days(13), coordinator, reason="read the wrong page")
    assert open_checks(planned) == [("WASHOUT-MINIMUM", "2")]
    plan(planned, 2, today + days(11), investigator, reason="seen again", override="still leaves the country")
    assert not open_checks(planned)


def took_place(visit: Visit, on: date, by: User, reason: str) -> None:
    """As a rating's date says that is saved or corrected."""
    with audit_context(by, reason=reason):
        services.mark_performed({visit.pk: on})
        services.settle_schedule({visit.participant_id: 1}, by=by)


def test_a_correction_that_overtakes_the_second_infusion_is_named_and_asked_about(
    randomised: Participant, coordinator: User, today: date
) -> None:
    """The last visit of period 1 turns out to have been after infusion 2: one query, and a mark on the page. It closes
    when the date is put right."""
    dose(randomised, 1, today - days(40), coordinator)
    see(randomised, "DAY14", today - days(26), coordinator)
    dose(randomised, 2, today - days(5), coordinator)
    assert not open_checks(randomised)
    visit = randomised.visits.get(period__number=1, code="DAY14")
    took_place(visit, today - days(2), coordinator, "source page 12")
    assert open_checks(randomised) == [("WASHOUT-LAST-VISIT", "2")]
    sentence = washout_of(randomised, coordinator).deviation
    assert sentence == "Deviation: before the last visit of period 1."
    took_place(visit, today - days(26), coordinator, "typing error")
    assert not open_checks(randomised)
    assert Query.objects.filter(participant=randomised, check_id="WASHOUT-LAST-VISIT").count() == 1


def test_an_investigator_answers_for_what_happened_by_recording_why(
    randomised: Participant, coordinator: User, investigator: User, today: date
) -> None:
    """A coordinator's record is asked about; the investigator's reason with the same date settles it."""
    dose(randomised, 1, today - days(30), coordinator)
    dose(randomised, 2, today - days(4), coordinator, reason="ward was closed afterwards")
    assert open_checks(randomised) == [("WASHOUT-MINIMUM", "2")]
    dose(randomised, 2, today - days(4), investigator, reason="no later day was possible")
    assert not open_checks(randomised)


@pytest.mark.requirement("SCH-01")
def test_gate_strip_and_figures_count_from_one_anchor(
    randomised: Participant, coordinator: User, today: date
) -> None:
    """Day 14 seen in time and day 7 made up after it: three places, one day."""
    dose(randomised, 1, today - days(60), coordinator)
    see(randomised, "DAY14", today - days(46), coordinator)
    see(randomised, "DAY7", today - days(42), coordinator)
    window = washout_before(period(randomised, 2))
    assert window
    assert window.earliest_on == today - days(32)
    randomised.refresh_from_db()
    (band,) = strip_of(Participant.objects.get(pk=randomised.pk)).bands
    assert f"possible from {window.earliest_on:%-d %b %Y}" in band.text
    dose(randomised, 2, today - days(20), coordinator)
    assert washouts(randomised.study, randomised.protocol.definition.washout) == ((26, 1),)


def test_a_washout_that_is_not_known_is_said_to_be(randomised: Participant, coordinator: User) -> None:
    """Before anything is planned."""
    assert strip_of(randomised).bands[0].text == "Washout: not known yet"
    sentence = washout_of(randomised, coordinator).sentence
    assert sentence == "The possible dates of Infusion 2 are not known yet: the previous period has no date."


def test_a_participant_keeps_the_rule_of_their_own_protocol_version(
    planned: Participant, coordinator: User, study: Study, today: date
) -> None:
    """An amendment that counts from the infusion holds for those who come after it, and no outcome rule waits."""
    source = planned.protocol.source.replace('version = "1.2"', 'version = "1.3"')
    amended = source.replace('anchor = "last_visit"', 'anchor = "dosing"')
    services.load_protocol(amended, by=User.objects.system(), catalogue=catalogue())
    window = washout_before(period(planned, 2))
    assert window
    assert window.earliest_on == today + days(12)
    assert rules_waiting(study) is None
    later = services.screen(planned.site, by=coordinator, consented_on=today, age=30, sex="M")
    assert later.protocol.definition.washout
    assert later.protocol.definition.washout.anchor == "dosing"
