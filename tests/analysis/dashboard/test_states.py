"""One state for each person, wherever it is told: list, dashboard, flow and export say the same, and add up."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from analysis.blinded import counts
from analysis.charts.flow_text import enrolment_steps
from analysis.dashboard.page import dashboard_page
from analysis.dashboard.services import figures_of, summarise
from analysis.domain.flow import from_rows, reached
from analysis.exports.columns import ExportTable
from analysis.exports.labels import labels_of
from analysis.exports.people_tables import decisions, participants
from analysis.exports.visit_tables import deviations
from analysis.outcomes.services import recompute
from enrollment import services
from enrollment.domain.disposition import DISPOSITIONS, RANDOMISED
from enrollment.models import Participant
from enrollment.selectors import today_at
from tests.analysis.people import treat
from tests.conftest import decide, make_screened, randomised_earlier
from tests.enrollment.steps import days, leave
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, Study, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def everybody(site: Site, coordinator: User, investigator: User) -> list[Participant]:
    """Under way; withdrawn after everything was rated; failed, screened again and randomised; in screening; failed twice;
    withdrawn before randomisation: six people under eight codes."""
    going, gone = (_randomised(site, coordinator, investigator) for _ in range(2))
    treat(gone, 1, investigator, BASELINE=24, DAY1=10)
    treat(gone, 2, investigator, BASELINE=24, DAY1=20)
    leave(gone, investigator)
    first = _failed(make_screened(site, coordinator), investigator)
    second = _again(first, coordinator)
    with_facts = Participant.objects.get(pk=second.pk)
    waiting = make_screened(site, coordinator)
    once = _failed(make_screened(site, coordinator), investigator)
    twice = _failed(_again(once, coordinator), investigator)
    before = make_screened(site, coordinator)
    leave(before, investigator)
    people = [going, gone, first, with_facts, waiting, once, twice, before]
    recompute([person.pk for person in people])
    return people


def _randomised(site: Site, coordinator: User, investigator: User) -> Participant:
    person = make_screened(site, coordinator)
    decide(person, by=investigator)
    return randomised_earlier(person, by=coordinator)


def _failed(person: Participant, by: User) -> Participant:
    decide(person, by=by, eligible=False, reason="cannot come")
    person.refresh_from_db()
    return person


def _again(failed: Participant, by: User) -> Participant:
    assert failed.consented_on
    return services.rescreen(
        failed, by=by, consented_on=failed.consented_on, age=40, sex="F", reason="can come"
    )


EXPECTED = {"under_way": 1, "withdrawn": 1, "in_screening": 2, "screen_failure": 1, "withdrawn_before": 1}


def test_every_page_counts_the_same_people_and_each_once(
    everybody: list[Participant], study: Study, as_user: Callable[[User], Client], investigator: User
) -> None:
    """States add up to the screened, and those of the randomised to the randomised; nobody stands twice."""
    figures = figures_of(study)
    (here,) = (site for site in figures.sites if site.screened)
    assert {state: n for state in DISPOSITIONS if (n := getattr(here, state))} == EXPECTED
    assert sum(getattr(here, state) for state in DISPOSITIONS) == here.screened == figures.screened == 6
    assert sum(getattr(here, state) for state in RANDOMISED) == here.randomised == figures.randomised == 2
    assert here.completers == 1  # who left after everything was rated: an analysis set, and no state
    summarise([study.pk])
    content = dashboard_page(study, study.sites.all()).content
    assert content
    sentence = content.headline[0].of
    assert sentence == "of 30 planned; 1 under way, 0 completed, 1 withdrawn"
    page = as_user(investigator).get("/studies/KETNAL/participants/?state=withdrawn").content.decode()
    assert "2 participants" in page
    exported = Counter(row["participant"] for row in _rows(study, participants))
    assert exported == Counter(person.code for person in everybody)


def test_who_is_screened_again_is_one_person_in_the_flow(everybody: list[Participant], study: Study) -> None:
    """Under the latest code; how many were screened more than once is said in the first box."""
    figures = figures_of(study)
    stops = from_rows(figures.flow)
    assert (reached(stops, 0), figures.screened_again) == (6, 2)
    first = enrolment_steps(stops, study.protocols.latest().definition, figures.screened_again)[0]
    assert (first.n, first.reasons) == (6, (("of these, screened more than once", 2),))
    assert sum(n for _status, _criteria, n in counts.not_randomised(study)) == 4


def test_the_export_says_when_who_left_and_who_was_screened_again(
    everybody: list[Participant], study: Study, coordinator: User
) -> None:
    """By column; what was given and rated after a withdrawal stands among the deviations."""
    gone, first, again = everybody[1], everybody[2], everybody[3]
    people = {row["participant"]: row for row in _rows(study, participants)}
    assert (people[gone.code]["left_on"], people[gone.code]["left_on_derived"]) == (today_at(gone.site), 0)
    assert people[again.code]["rescreen_of"] == first.code
    assert people[first.code]["rescreen_of"] is None
    assert people[first.code]["left_on_derived"] is None
    gone.refresh_from_db()
    with audit_context(coordinator, reason="r"):
        Participant.objects.filter(pk=gone.pk).update(left_on=today_at(gone.site) - days(60))
        gone.periods.filter(number=2).update(given_despite="had come")
    kinds = Counter(row["deviation"] for row in _rows(study, lambda labels, *_more: deviations(labels)))
    assert (kinds["dose_after_withdrawal"], kinds["rating_after_withdrawal"]) == (1, 2)
    signed = {row["printed_name"] for row in _rows(study, lambda labels, *_more: decisions(labels))}
    assert signed == {"The investigator"}


def _rows(study: Study, table_of: Callable[..., ExportTable]) -> list[dict[str, Any]]:
    table = table_of(labels_of(study), study.protocols.latest().definition, False)
    with connection.cursor() as cursor:
        sites = list(study.sites.values_list("pk", flat=True))
        cursor.execute(table.query, {"study": study.pk, "sites": sites, "after_dose": []})
        names = [column.name for column in table.columns]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
