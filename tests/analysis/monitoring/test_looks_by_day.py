"""Looks planned on a day: due when it has come, look_test at the information there is by then."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from analysis.dashboard.services import figures_of, summarise_again
from analysis.domain import sequential
from analysis.interim_data import look_sentence, today_of
from analysis.monitoring import closed
from analysis.monitoring.figures import MonitoringFigures
from analysis.monitoring.flags import NEVER
from analysis.monitoring.interim import monitoring
from analysis.monitoring.report import completers_of
from analysis.monitoring.services.looks import decide, request_look
from analysis.monitoring.text import look_text
from assessments.domain.instrument import catalogue
from enrollment import services
from enrollment.models import Period, ProtocolVersion
from enrollment.protocol.model import PlannedLook, StoppingRule
from tests.analysis.conftest import Work
from tests.analysis.monitoring.reading import look_test, present
from tests.analysis.monitoring.test_looks import person, session_of
from tests.analysis.monitoring.test_report import RULES, trial
from tests.conftest import confirmed_session, rate
from trialsite.accounts.models import Study, User
from trialsite.audit.models import Outbox

DAY = date(2027, 3, 1)


def rule_of(*looks: PlannedLook) -> StoppingRule:
    assert RULES.stopping
    return replace(RULES.stopping, looks=looks)


def shown(
    rule: StoppingRule, counts: tuple[int, int, int], earlier: dict[int, int], today: date | None
) -> MonitoringFigures:
    return monitoring(rule, list(completers_of(RULES, trial(*counts)).values()), earlier, today=today)


def test_a_look_on_a_day_is_tested_at_the_information_of_that_day() -> None:
    """Twelve were expected and nine are there: 9 of 30."""
    rule = rule_of(PlannedLook(1, 12, DAY.isoformat()), PlannedLook(2, 30))
    assert shown(rule, (5, 1, 3), {}, DAY - timedelta(days=1)).flag == "no look due"
    assert shown(rule, (5, 1, 3), {}, None).flag == "no look due"
    found = present(shown(rule, (5, 1, 3), {}, DAY).test)
    assert found.information == pytest.approx([0.3])
    assert found.boundaries["lan_demets_obf"] == pytest.approx(
        sequential.boundary("lan_demets_obf", [0.3])[0]
    )


def test_a_last_look_whose_day_comes_early_gets_all_error_that_is_left() -> None:
    """Twenty of thirty: the boundary is that of a trial which ends there, for every kind."""
    rule = rule_of(PlannedLook(1, 12), PlannedLook(2, 30, DAY.isoformat()))
    figures = shown(rule, (11, 2, 7), {1: 12}, DAY)
    found = present(figures.test)
    made = [0.4, 20 / 30]
    assert found.information == pytest.approx(made)
    assert found.boundaries["lan_demets_obf"] == pytest.approx(
        sequential.boundary("lan_demets_obf", made, final=True)[-1]
    )
    assert found.boundaries["lan_demets_obf"] < sequential.boundary("lan_demets_obf", made)[-1]
    assert (found.last, found.chances) == (True, None)
    assert figures.flag == "efficacy"


def test_after_the_full_information_nothing_is_left_to_spend() -> None:
    """Look 1 was frozen late, with everybody: what is seen later crosses nothing, and the report can be written."""
    figures = shown(rule_of(PlannedLook(1, 12), PlannedLook(2, 30)), (25, 0, 7), {1: 30}, None)
    found = present(figures.test)
    assert found.boundaries["lan_demets_obf"] == NEVER
    assert "efficacy" not in figures.flags


def test_a_plan_says_its_days() -> None:
    assert look_text(PlannedLook(1, 12, "2027-03-01")) == "1 Mar 2027, 12 completers expected"
    assert look_text(PlannedLook(1, 12)) == "12 completers"


@pytest.fixture
def amended(demo: str) -> Study:
    """The demo trial, its first look decided, its second one amended to a day that has come."""
    study = Study.objects.get(code="KETNAL")
    decide(
        study.looks.get(),
        by=person("statistician"),
        recommendation="continue",
        decision="continue",
        reason="as planned",
        session_key=confirmed_session(person("statistician")),
    )
    load(study, "1.3", today_of(study))
    return study


def load(study: Study, version: str, day: date) -> ProtocolVersion:
    source = study.protocols.earliest("id").source
    for old, new in (
        ('version = "1.2"', f'version = "{version}"'),
        ("{ number = 2, completers = 30 }", f'{{ number = 2, completers = 30, on = "{day.isoformat()}" }}'),
    ):
        assert old in source
        source = source.replace(old, new)
    return services.load_protocol(source, by=User.objects.system(), catalogue=catalogue())[0]


def test_on_its_day_a_look_waits_for_somebody_new(amended: Study, workers: Work) -> None:
    """The twelve of look 1 are no news; with the thirteenth the data are frozen, as the last look."""
    look = request_look(amended, 2, by=person("statistician"))
    workers()
    look.refresh_from_db()
    assert look.taken_at is None
    rate(waiting_period(amended).visits.get(code="DAY1"), 20, User.objects.system())
    workers()
    look.refresh_from_db()
    assert look.taken_at
    found = closed.look(session_of("statistician"), amended, 2)
    assert found
    assert look_test(found.figures).information == pytest.approx([0.4, 13 / 30])
    assert look_test(found.figures).last is True


def waiting_period(study: Study) -> Period:
    """Of the participant whose second infusion was given and whose day 1 is due."""
    return Period.objects.exclude(dosed_on=None).get(
        participant__study=study, number=2, visits__code="DAY1", visits__status="planned"
    )


def test_blinded_people_are_told_the_day_and_no_more(amended: Study) -> None:
    looks = figures_of(amended).looks
    day = today_of(amended)
    assert (looks[1].on, looks[1].due) == (day, True)
    said = f"Look 2 is due: it was planned on {day.day} {day:%b %Y}."
    assert said in look_sentence(amended, looks, 12)
    load(amended, "1.4", day + timedelta(days=1))
    assert "No look due: look 2 is planned on" in look_sentence(amended, figures_of(amended).looks, 12)


def test_a_look_asked_for_before_its_day_is_remembered_every_hour(amended: Study) -> None:
    """Nobody need save anything on that day: the hourly refresh owes the report of a study with a waiting look."""
    request_look(amended, 2, by=person("statistician"))
    Outbox.objects.all().delete()
    summarise_again()
    assert Outbox.objects.filter(kind=Outbox.Kind.REPORT, subject=amended.pk).exists()
