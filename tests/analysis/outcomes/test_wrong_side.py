"""Ratings dated on the wrong side of their dose: they do not count, wherever ratings are counted, and say why."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils.formats import date_format
from hypothesis import given
from hypothesis import strategies as st

from analysis.dashboard.parts import quality_rows
from analysis.dashboard.services import figures_of
from analysis.exports.columns import ExportTable
from analysis.exports.tables import parameters, tables
from analysis.models import Outcome, ParticipantOutcome
from analysis.outcomes.explain import explained
from analysis.outcomes.services import recompute
from enrollment import services
from enrollment.domain.schedule import wrong_side_of_dose
from enrollment.models import Participant
from enrollment.selectors import today_at
from tests.analysis.people import treat
from tests.conftest import rate
from trialsite.accounts.models import Study, User

pytestmark = pytest.mark.django_db
days_apart = st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 9))


@given(st.booleans(), days_apart, days_apart)
def test_the_database_judges_as_the_rule_does(
    after: bool, performed: date | None, dosed: date | None
) -> None:
    """The same verdict for every rating, however it is asked."""
    with connection.cursor() as cursor:
        cursor.execute("select assessment_wrong_side(%s, %s::date, %s::date)", [after, performed, dosed])
        assert cursor.fetchone()[0] == wrong_side_of_dose(after, performed, dosed)


@pytest.fixture
def rated(randomised: Participant, investigator: User) -> Participant:
    """Both periods evaluable, with a response in the first."""
    treat(randomised, 1, investigator, BASELINE=24, DAY1=6, DAY3=6)
    treat(randomised, 2, investigator, BASELINE=24, DAY1=20)
    return randomised


def redate(participant: Participant, number: int, by: int, user: User, reason: str = "wrong line") -> None:
    """Move the dose of a period by so many days."""
    period = participant.periods.get(number=number)
    assert period.dosed_on
    day = period.dosed_on + timedelta(days=by)
    services.record_dosing(period, day, by=user, version=period.version, reason=reason)


def judged(participant: Participant, number: int = 1) -> tuple[Any, ...]:
    recompute([participant.pk])
    outcome = Outcome.objects.get(participant=participant, period=number)
    overall = ParticipantOutcome.objects.get(participant=participant)
    return outcome.response, outcome.evaluable, overall.completer, overall.shortfall, outcome.not_counted


@pytest.mark.requirement("DER-01")
def test_ratings_before_a_redated_dose_do_not_count(rated: Participant, investigator: User) -> None:
    """Rated one and three days after the dose, which then turns out to have been given four days later: neither response
    nor completer stands; with the date as it was, both do again."""
    assert judged(rated) == (True, True, True, "", {})
    redate(rated, 1, 4, investigator)
    both = {"DAY1": "before_dose", "DAY3": "before_dose"}
    assert judged(rated) == (None, False, False, "no_primary", both)
    redate(rated, 1, -4, investigator)
    assert judged(rated) == (True, True, True, "", {})


def test_on_the_day_of_the_dose_a_rating_counts(rated: Participant, investigator: User) -> None:
    """The dates alone do not tell which came first."""
    redate(rated, 1, 1, investigator)
    assert judged(rated) == (True, True, True, "", {})


def test_a_baseline_after_the_dose_does_not_count(rated: Participant, investigator: User) -> None:
    redate(rated, 1, -1, investigator)
    assert judged(rated) == (None, False, False, "no_baseline", {"BASELINE": "after_dose"})


def test_without_a_recorded_dose_there_is_no_side(randomised: Participant, investigator: User) -> None:
    """A baseline before the dose is recorded counts as one."""
    period = randomised.periods.get(number=1)
    services.plan_period(period, today_at(randomised.site), by=investigator, version=period.version)
    rate(period.visits.get(code="BASELINE"), 24, investigator)
    recompute([randomised.pk])
    outcome = Outcome.objects.get(participant=randomised, period=1)
    assert (outcome.baseline, outcome.not_counted) == (24, {})


def test_the_outcomes_say_why(rated: Participant, investigator: User) -> None:
    """The reason stands where the flag is explained, and beside each rating that was left out."""
    redate(rated, 1, 4, investigator)
    recompute([rated.pk])
    block = explained(rated, links=True).blocks[0]
    assert block.words[0].sentence == "Not evaluable: the rating at Day 1 is dated before the dose."
    told = {used.label: used.value for used in block.inputs}
    assert told == {
        "Baseline": "24",
        "Day 1": "6, not counted: dated before the dose",
        "Day 3": "6, not counted: dated before the dose",
    }


def test_the_pages_say_that_a_rating_does_not_count(
    rated: Participant, investigator: User, as_user: Callable[[User], Client]
) -> None:
    """On the participant's page at the visit's row, on the visit's page at the total."""
    redate(rated, 1, 4, investigator)
    period = rated.periods.get(number=1)
    assert period.dosed_on
    day = date_format(period.dosed_on)
    client = as_user(investigator)
    page = client.get(f"/studies/KETNAL/participants/{rated.code}/").content.decode()
    assert page.count(f"Not counted: dated before Infusion 1 of {day}.") == 2
    visit = client.get(f"/visits/{period.visits.get(code='DAY3').pk}/").content.decode()
    assert f"Not counted: dated before Infusion 1 of {day}." in visit
    baseline = client.get(f"/visits/{period.visits.get(code='BASELINE').pk}/").content.decode()
    assert "Not counted" not in baseline
    reading = client.get(f"/studies/KETNAL/participants/{rated.code}/review/").content.decode()
    assert reading.count("Not counted: dated before") == 2


def test_data_quality_counts_them(rated: Participant, study: Study, investigator: User) -> None:
    redate(rated, 1, 4, investigator)
    recompute([rated.pk])
    figures = figures_of(study)
    assert sum(site.wrong_side for site in figures.ratings) == 2
    rows = {row.name: row.count for row in quality_rows(figures, None)}
    assert rows["Ratings not counted: dated on the wrong side of dosing"] == 2


@pytest.mark.requirement("EXP-01")
def test_the_export_says_which_do_not_count_and_why(
    rated: Participant, study: Study, investigator: User
) -> None:
    """A column of the ratings with its codes, the visits beside the outcome, and a row each among the deviations."""
    redate(rated, 1, 4, investigator)
    recompute([rated.pk])
    period = rated.periods.get(number=1)
    assert period.dosed_on
    found = {table.name: rows_of(table, study) for table in tables(study, unblinded=False)}
    ratings = {(row["period"], row["visit"]): row["not_counted"] for row in found["assessments"]}
    assert ratings[1, "DAY1"] == ratings[1, "DAY3"] == "before_dose"
    assert {why for place, why in ratings.items() if place not in {(1, "DAY1"), (1, "DAY3")}} == {None}
    assert [row["not_counted"] for row in found["outcomes"]] == ["DAY1 DAY3", None]
    deviations = [(row["visit"], row["deviation"], row["days"]) for row in found["deviations"]]
    assert deviations == [
        ("BASELINE", "visit_early", -4),
        ("DAY1", "rating_before_dose", -3),
        ("DAY1", "visit_early", -3 - 1),
        ("DAY3", "rating_before_dose", -1),
        ("DAY3", "visit_early", -3),
    ]


def rows_of(table: ExportTable, study: Study) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(table.query, parameters(study, study.sites.all()))
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
