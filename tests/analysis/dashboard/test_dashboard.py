"""The blinded dashboard: right counts with their denominators, nothing of treatment, nothing too small."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from analysis import blinded
from analysis.blinded.figures import ResponseCourse, SiteFigures, StudyFigures
from analysis.dashboard.charts import dashboard_charts
from analysis.dashboard.page import dashboard_page
from analysis.dashboard.parts import site_rows
from analysis.dashboard.services import figures_of, owe_outdated_figures, summarise
from analysis.models import StudySummary
from analysis.outcomes.services import recompute
from analysis.tasks import sweep
from enrollment import services
from enrollment.models import Participant, Visit
from enrollment.participants.listing import table_of
from enrollment.participants.page import page_of
from enrollment.selectors import today_at
from tests.analysis.people import amend, treat
from tests.conftest import MakeUser, decide, make_screened, randomised_earlier, rate
from tests.enrollment.steps import leave
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, Study, User
from trialsite.audit.models import Outbox
from trialsite.lib import codec
from trialsite.review.selectors import ReviewStatus

pytestmark = pytest.mark.django_db
Login = Callable[[User], Client]
CHARTS = {"trajectories", "flow", "pooled", "enrolment", "washouts", "baselines", "timeliness"}


@pytest.fixture
def two(site: Site, coordinator: User, investigator: User) -> list[Participant]:
    """Two randomised participants: one responds in period 1 only, the other had period 1 and has left."""
    people = []
    for _ in range(2):
        person = make_screened(site, coordinator)
        decide(person, by=investigator)
        people.append(randomised_earlier(person, by=coordinator))
    first, second = people
    treat(first, 1, investigator, BASELINE=24, DAY1=10, DAY3=13)
    treat(first, 2, investigator, BASELINE=26, DAY1=20)
    treat(second, 1, investigator, BASELINE=30, DAY1=29)
    leave(second, investigator)
    recompute([person.pk for person in people])
    return people


def shown(client: Client, study: Study, **asked: str) -> str:
    answer = client.get(reverse("dashboard", args=[study.code]), asked)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_the_figures_count_people_and_periods(two: list[Participant], study: Study) -> None:
    """Each count is of what it says: the completer, the one who left, three evaluable periods, one response."""
    figures = figures_of(study)
    assert (figures.screened, figures.randomised, figures.completers) == (2, 2, 1)
    assert figures.flow == ((2, "withdrawn", 0, (), 1), (4, "completer", 0, (), 1))
    assert figures.patterns == (("1", 1),)
    primary = next(visit for visit in figures.pooled if visit.primary)
    assert (primary.n, primary.responders, primary.remitters) == (3, 1, 0)
    assert figures.course == ResponseCourse(responders=1, known=1, sustained=0, relapse=1)
    assert figures.washouts == ((26, 1),)
    assert figures.baselines.differences == ((2, 1),)


def test_the_flow_accounts_for_everybody(two: list[Participant], study: Study, investigator: User) -> None:
    """From those assessed to the completers; who left stands where they left, with the reason."""
    summarise([study.pk])
    flow = next(
        one for one in dashboard_charts(dashboard_page(study, study.sites.all())) if one.slug == "flow"
    )
    assert flow.rows == (
        ("Assessed for eligibility", "2"),
        ("Randomised", "2"),
        ("Period 1: treatment given", "2"),
        ("Not treated in period 2", "1"),
        ("Not treated in period 2: withdrawn in period 1, or after it", "1"),
        ("Period 2: treatment given", "1"),
        ("Completers: evaluable in every period", "1"),
    )


def test_timeliness_counts_each_visit_that_was_due_once(
    two: list[Participant], study: Study, investigator: User
) -> None:
    """In the window, late, missed, overdue; a visit planned for after somebody left is not due."""
    person = two[0]
    left(two[1], "DAY1", investigator)
    day5 = person.visits.get(code="DAY5", period__number=1)
    assert day5.latest_on
    rate(day5, 12, investigator, on=day5.latest_on + timedelta(days=1))
    services.mark_missed(person.visits.get(code="DAY7", period__number=1), by=investigator, reason="ill")
    states: dict[tuple[str, str], int] = {}
    for code, _site, state, n in figures_of(study).timeliness:
        states[code, state] = states.get((code, state), 0) + n
    assert states["BASELINE", "in_window"] == 3
    assert states["DAY5", "late"] == 1
    assert states["DAY7", "missed"] == 1
    assert states["DAY14", "overdue"] == 2
    assert sum(states.values()) == 12 + 2


def left(person: Participant, code: str, by: User) -> None:
    """The participant left on the last day of this visit's window in period 1."""
    day = person.visits.get(code=code, period__number=1).latest_on
    with audit_context(by, reason="read in the notes"):
        Participant.objects.filter(pk=person.pk).update(left_on=day)
    person.refresh_from_db()


def test_who_left_later_keeps_what_fell_due_before(
    two: list[Participant], study: Study, site: Site, investigator: User, as_user: Login
) -> None:
    """Days 3 and 5 were never done, then the participant left on the last day of day 7: the two are overdue, in the chart,
    the list, its file and on the page. Day 7 was still open then, and nothing later ever fell due."""
    person = two[1]
    left(person, "DAY7", investigator)
    overdue = Visit.objects.overdue(today_at(site))
    assert set(overdue.filter(participant=person).values_list("code", flat=True)) == {"DAY3", "DAY5"}
    in_chart = sum(n for _code, _site, state, n in figures_of(study).timeliness if state == "overdue")
    assert in_chart == overdue.count() == 2 + overdue.filter(participant=two[0]).count()
    listed = as_user(investigator).get("/studies/KETNAL/participants/?overdue=on").content.decode()
    assert f"/participants/{person.code}/" in listed
    header, rows = table_of(Participant.objects.filter(pk=person.pk))
    assert next(iter(rows))[header.index("visits_overdue")] == 2
    states = [row.state for row in page_of(person, investigator, ReviewStatus()).periods[0].visits]
    assert states == ["done", "done", "overdue", "overdue", "planned", "planned"]


def test_the_caption_says_what_is_counted(two: list[Participant], study: Study) -> None:
    summarise([study.pk])
    charts = {chart.slug: chart for chart in dashboard_charts(dashboard_page(study, study.sites.all()))}
    assert "while the participant was in the study" in charts["timeliness"].description


def test_data_quality_says_of_how_many(two: list[Participant], study: Study) -> None:
    """Every count has its denominator, and nothing is signed yet."""
    summarise([study.pk])
    content = dashboard_page(study, study.sites.all()).content
    assert content
    rows = {row.name: (row.count, row.n) for row in content.quality}
    done = Visit.objects.filter(participant__study=study, status="done").count()
    assert rows["Visits without a valid signature"] == (done, done)
    assert rows["Washouts outside 14 to 63 days"] == (0, 1)
    assert rows["Ratings with items missing"] == (0, done)


def test_what_became_of_responses_is_a_share_of_responses(
    two: list[Participant], study: Study, site: Site, coordinator: User, investigator: User, as_user: Login
) -> None:
    """Non-responders have nothing to sustain; a responder without the later ratings is named, not counted as a no."""
    third = make_screened(site, coordinator)
    decide(third, by=investigator)
    treat(randomised_earlier(third, by=coordinator), 1, investigator, BASELINE=30, DAY1=5)
    recompute([third.pk])
    summarise([study.pk])
    assert figures_of(study).course == ResponseCourse(responders=2, known=1, sustained=0, relapse=1)
    page = re.sub(r"<[^>]+>", "", shown(as_user(investigator), study))
    assert "1 (of 2 responding participant-periods, those in which it is known)" in page


def test_a_small_site_is_not_shown_apart(study: Study) -> None:
    """4 people at site 02 could be had from the total and site 01: both are withheld; from 5 on, neither is."""
    first, second = (
        SiteFigures(code, n, n, n, n, n, n, n, n, n, n, n, n, n, None) for code, n in (("01", 9), ("02", 4))
    )
    figures = replace(figures_of(study), sites=(first, second))
    assert [row.hidden for row in site_rows(figures, {"01", "02"})] == [True, True, False]
    figures = replace(figures, sites=(first, replace(second, participants=5)))
    assert [row.hidden for row in site_rows(figures, {"01", "02"})] == [False, False, False]
    assert [row.name for row in site_rows(figures, {"02"})] == ["02", "All sites"]


def test_patterns_wait_for_five_completers(
    two: list[Participant], study: Study, investigator: User, as_user: Login
) -> None:
    """One completer's pattern would be that person's; the page says from when on they are shown."""
    summarise([study.pk])
    page = shown(as_user(investigator), study)
    assert "Response patterns are shown from 5 completers on; there are 1." in page
    assert "chart-patterns" not in page


def test_nothing_that_the_dashboard_reads_knows_a_treatment() -> None:
    """No query of the blinded figures names the closed schema, a kit, an arm or a sequence; and the web's database
    role could not read the allocation if one did."""
    for path in Path(blinded.__file__).parent.glob("*.py"):
        text = path.read_text().replace(blinded.__doc__ or "", "").lower()
        assert not re.search(r"closed\.[a-z]|kit|\barm\b|from closed", text), path
    with (
        connection.cursor() as cursor,
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
    ):
        cursor.execute("select arm from closed.kit")


def test_an_empty_study_says_what_to_expect(study: Study, investigator: User, as_user: Login) -> None:
    """Before the first figures, and with figures of nobody, the page stands."""
    assert "No figures yet" in shown(as_user(investigator), study)
    summarise([study.pk])
    page = shown(as_user(investigator), study)
    assert "none evaluable" in page
    assert "No outcomes yet." in page


def test_figures_of_an_earlier_version_are_not_shown(
    study: Study, investigator: User, as_user: Login
) -> None:
    """After an upgrade the page waits for the worker instead of failing; the worker counts them again, once."""
    summarise([study.pk])
    Outbox.objects.all().delete()
    owe_outdated_figures()
    assert not Outbox.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("update analysis_studysummary set figures = '{\"planned\": 30}', shape = ''")
    assert "No figures yet" in shown(as_user(investigator), study)
    for _ in range(2):
        owe_outdated_figures()
    assert list(Outbox.objects.values_list("kind", "subject")) == [(Outbox.Kind.SUMMARY, study.pk)]
    sweep()
    assert "No figures yet" not in shown(as_user(investigator), study)


def test_figures_come_back_as_they_were_stored(two: list[Participant], study: Study) -> None:
    """Through JSON and the database."""
    summarise([study.pk])
    assert codec.decode(StudyFigures, StudySummary.objects.get(study=study).figures) == figures_of(study)


@pytest.mark.parametrize("slug", sorted(CHARTS))
def test_every_chart_is_a_picture_a_table_and_two_files(
    two: list[Participant], study: Study, investigator: User, as_user: Login, slug: str
) -> None:
    """Title, n, a table of the same, CSV with a row for each, and an SVG that stands alone."""
    summarise([study.pk])
    client = as_user(investigator)
    page = shown(client, study)
    assert f'id="chart-{slug}"' in page
    assert f'data-keep="chart-table-{slug}"' in page
    table = client.get(reverse("chart_download", args=[study.code, slug, "csv"])).content.decode()
    rows = list(csv.reader(io.StringIO(table)))
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}
    drawing = client.get(reverse("chart_download", args=[study.code, slug, "svg"])).content.decode()
    assert ElementTree.fromstring(drawing).tag.endswith("svg")  # noqa: S314 - our own drawing


def test_the_page_asks_for_new_figures_only(
    two: list[Participant], study: Study, investigator: User, as_user: Login
) -> None:
    """204 while nothing has changed, the figures as a fragment once it has."""
    summarise([study.pk])
    client = as_user(investigator)
    url, headers = reverse("dashboard", args=[study.code]), {"HX-Request": "true"}
    assert client.get(url, {"serial": "1"}, headers=headers).status_code == 204
    summarise([study.pk])
    fresh = client.get(url, {"serial": "1"}, headers=headers)
    assert fresh.status_code == 200
    assert "<html" not in fresh.content.decode()


def test_the_cost_does_not_grow_with_people(
    two: list[Participant],
    study: Study,
    site: Site,
    coordinator: User,
    investigator: User,
    django_assert_num_queries: Callable[..., object],
) -> None:
    """As many questions to the database for three participants as for two."""
    summarise([study.pk])
    with connection.execute_wrapper(counting := Counting()):
        dashboard_page(study, study.sites.all())
    person = make_screened(site, coordinator)
    decide(person, by=investigator)
    randomised_earlier(person, by=coordinator)
    recompute([person.pk])
    summarise([study.pk])
    with django_assert_num_queries(counting.n):  # type: ignore[attr-defined]
        dashboard_page(study, study.sites.all())


class Counting:
    """Counts queries."""

    def __init__(self) -> None:
        self.n = 0

    def __call__(self, execute: Callable[..., object], *args: object) -> object:
        self.n += 1
        return execute(*args)


def test_other_sites_are_not_in_the_table(
    two: list[Participant], study: Study, other_site: Site, make_user: MakeUser, as_user: Login
) -> None:
    """A person of site 02 sees the totals and site 02, and no participant of site 01."""
    summarise([study.pk])
    page = shown(as_user(make_user("investigator", other_site)), study)
    assert '<th scope="row">02</th>' in page
    assert '<th scope="row">01</th>' not in page
    assert "All sites" in page
    assert two[0].code not in page


def test_waiting_rules_are_said_on_the_page(
    two: list[Participant], study: Study, investigator: User, make_user: MakeUser, as_user: Login
) -> None:
    """Everybody reads that the figures go by the old rules; who may adopt the others has the way there."""
    summarise([study.pk])
    amend(study, "2.0", response_percent=60)
    page = shown(as_user(investigator), study)
    assert "all figures here follow the rules of protocol 1.2" in page
    link = reverse("outcome_rules", args=[study.code])
    assert link not in page
    assert link in shown(as_user(make_user("datamanager")), study)


def _drawn(page: str) -> set[str]:
    return set(re.findall(r'data-series="([^"]+)"', page)) - {"randomised", "plan"}


def test_the_totals_drawn_follow_the_filter(
    two: list[Participant], study: Study, site: Site, investigator: User, as_user: Login
) -> None:
    """Completers only; one brought out among all; a site that is not one's own, or nonsense, leaves that field out."""
    summarise([study.pk])
    completer, other = two
    client = as_user(investigator)
    assert _drawn(shown(client, study)) == {completer.code, other.code}
    assert _drawn(shown(client, study, completers="on")) == {completer.code}
    assert _drawn(shown(client, study, site=site.code)) == {completer.code, other.code}
    assert _drawn(shown(client, study, site="99")) == {completer.code, other.code}
    brought_out = shown(client, study, participant=other.code)
    assert _drawn(brought_out) == {completer.code, other.code}
    assert set(re.findall(r'is-lit" data-series="([^"]+)"', brought_out)) == {other.code}


def test_figures_that_come_by_themselves_keep_the_filter(
    two: list[Participant], study: Study, investigator: User, as_user: Login
) -> None:
    summarise([study.pk])
    page = shown(as_user(investigator), study, completers="on")
    assert re.search(r'hx-get="[^"]*serial=\d+&completers=on"', page)
