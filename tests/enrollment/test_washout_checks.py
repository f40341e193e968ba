"""Dates that change later: a period that was planned or given by the rule may not keep it any more, and that is said."""

from datetime import date

import pytest

from analysis.blinded.quality import washouts
from analysis.rules import rules_waiting
from assessments.domain.instrument import catalogue
from enrollment import services
from enrollment.models import Participant
from enrollment.presenters import page_of, strip_of
from enrollment.selectors import washout_before
from enrollment.worklist import worklist
from tests.conftest import make_screened, rate
from tests.enrollment.steps import asked, days, dose, period, plan
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
    assert not asked(randomised)
    return randomised


def test_moving_the_first_infusion_checks_the_plan_of_the_second(
    planned: Participant, coordinator: User, today: date
) -> None:
    """Three days later, the second lies inside the minimum: one query, a task that leads to the plan, a mark."""
    dose(planned, 1, today - days(13), coordinator, reason="read the wrong page")
    assert asked(planned) == [("WASHOUT-MINIMUM", "2")]
    assert page_of(planned, coordinator)["periods"][1]["washout"]["deviation"].startswith("Deviation: 3 days")
    tasks = {
        (action.what, action.url)
        for column in worklist(coordinator, planned.study)
        for action in column.actions
    }
    assert ("Plan again: Infusion 2", f"/periods/{period(planned, 2).pk}/plan/") in tasks
    plan(planned, 2, today + days(20), coordinator, reason="inside the washout")
    assert not asked(planned)


def test_a_last_visit_later_than_planned_checks_the_second_period(
    planned: Participant, coordinator: User, today: date
) -> None:
    """Day 14 was seen on day 16: the plan that counted from day 14 is two days short."""
    see(planned, "DAY14", today, coordinator)
    assert asked(planned) == [("WASHOUT-MINIMUM", "2")]


def test_a_missed_last_visit_leaves_the_planned_day(
    planned: Participant, coordinator: User, today: date
) -> None:
    """It counts as planned, and does not move any more."""
    services.mark_missed(planned.visits.get(period__number=1, code="DAY14"), by=coordinator, reason="away")
    window = washout_before(period(planned, 2))
    assert window
    assert (window.earliest_on, window.anchor.certain) == (today + days(12), True)
    assert not asked(planned)


def test_the_dates_of_one_participant_close_no_query_of_another(
    planned: Participant, site: Site, coordinator: User, investigator: User, today: date
) -> None:
    """Both are asked about the same field of the same form."""
    dose(planned, 1, today - days(13), coordinator, reason="read the wrong page")
    other = make_screened(site, coordinator)
    services.confirm_eligibility(other, by=investigator)
    services.randomise(other, by=coordinator)
    dose(other, 1, today, coordinator)
    assert asked(planned) == [("WASHOUT-MINIMUM", "2")]


def test_an_override_covers_no_more_than_it_was_given_for(
    planned: Participant, coordinator: User, investigator: User, today: date
) -> None:
    """One day short is answered for; when the first infusion moves, four days short are not."""
    plan(planned, 2, today + days(11), investigator, reason="travel", override="leaves the country")
    assert not asked(planned)
    dose(planned, 1, today - days(13), coordinator, reason="read the wrong page")
    assert asked(planned) == [("WASHOUT-MINIMUM", "2")]
    plan(planned, 2, today + days(11), investigator, reason="seen again", override="still leaves the country")
    assert not asked(planned)


def test_a_correction_that_overtakes_the_second_infusion_is_named_and_asked_about(
    randomised: Participant, coordinator: User, today: date
) -> None:
    """The last visit of period 1 turns out to have been after infusion 2: one query, and a mark on the page. It closes
    when the date is put right."""
    dose(randomised, 1, today - days(40), coordinator)
    see(randomised, "DAY14", today - days(26), coordinator)
    dose(randomised, 2, today - days(5), coordinator)
    assert not asked(randomised)
    visit = randomised.visits.get(period__number=1, code="DAY14")
    services.mark_performed(visit, today - days(2), by=coordinator, reason="source page 12")
    assert asked(randomised) == [("WASHOUT-LAST-VISIT", "2")]
    said = page_of(randomised, coordinator)["periods"][1]["washout"]["deviation"]
    assert said == "Deviation: before the last visit of period 1."
    services.mark_performed(visit, today - days(26), by=coordinator, reason="typing error")
    assert not asked(randomised)
    assert Query.objects.filter(participant=randomised, check_id="WASHOUT-LAST-VISIT").count() == 1


def test_an_investigator_answers_for_what_happened_by_recording_why(
    randomised: Participant, coordinator: User, investigator: User, today: date
) -> None:
    """A coordinator's record is asked about; the investigator's reason with the same date settles it."""
    dose(randomised, 1, today - days(30), coordinator)
    dose(randomised, 2, today - days(4), coordinator, reason="ward was closed afterwards")
    assert asked(randomised) == [("WASHOUT-MINIMUM", "2")]
    dose(randomised, 2, today - days(4), investigator, reason="no later day was possible")
    assert not asked(randomised)


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
    assert washouts(randomised.study, randomised.protocol.rules.washout) == [[26, 1]]


def test_a_washout_that_is_not_known_is_said_to_be(randomised: Participant, coordinator: User) -> None:
    """Before anything is planned."""
    assert strip_of(randomised).bands[0].text == "Washout: not known yet"
    said = page_of(randomised, coordinator)["periods"][1]["washout"]["sentence"]
    assert said == "When Infusion 2 is possible is not known yet: the period before has no date."


def test_a_participant_keeps_the_rule_of_their_own_protocol_version(
    planned: Participant, coordinator: User, study: Study, today: date
) -> None:
    """An amendment that counts from the infusion holds for those who come after it, and no outcome rule waits."""
    source = planned.protocol.source.replace('version = "1.1"', 'version = "1.2"')
    amended = source.replace('anchor = "last_visit"', 'anchor = "dosing"')
    services.load_protocol(amended, by=User.objects.system(), catalogue=catalogue())
    window = washout_before(period(planned, 2))
    assert window
    assert window.earliest_on == today + days(12)
    assert rules_waiting(study) is None
    later = services.screen(planned.site, by=coordinator, consented_on=today, age=30, sex="M")
    assert later.protocol.rules.washout
    assert later.protocol.rules.washout.anchor == "dosing"
