"""Two raters of one interview: the second is blind to the first, a large difference is adjudicated, and one total counts."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from analysis.dashboard.services import summarise
from analysis.exports.tables import parameters, tables
from analysis.models import Outcome
from analysis.outcomes.explain import explained
from analysis.outcomes.services import recompute
from assessments.casebook.content import casebook_of
from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment, SecondRating
from assessments.rating.services import adjudicate, correct, correct_second, rate_again
from assessments.today.worklist import reviews
from enrollment.models import Visit
from enrollment.selectors import today_at
from tests.assessments.loaded import baseline_of, load_forms
from tests.conftest import MakeUser, items, rate
from trialsite.accounts.models import Site, Study, User
from trialsite.review.models import Signature
from trialsite.review.selectors import content_sha256

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
HAMD = {"code": "HAMD17", "item_maxima": {"HAMD109": 4}, "second_rating": ["BASELINE", "DAY1"]}


@pytest.fixture
def visit(study: Study, site: Site, coordinator: User, investigator: User, tmp_path: Path) -> Visit:
    """The baseline, rated by the coordinator as 24 points, of a protocol that wants it rated twice."""
    folder = tmp_path / "forms"
    folder.mkdir()
    uses = [HAMD, {"code": "CADSS", "item_maxima": {}}]
    protocol = load_forms(study, folder, visit="BASELINE", instruments=uses)
    baseline = baseline_of(protocol, site, coordinator, investigator)
    rate(baseline, 24, coordinator, on=today_at(site) - timedelta(days=10))
    baseline.refresh_from_db()
    return baseline


def entry(visit: Visit, total: int, rater: str = "Second Rater") -> AssessmentEntry:
    first = Assessment.objects.get(visit=visit, instrument="HAMD17")
    return AssessmentEntry(items=items(total), rater=rater, performed_on=first.performed_on)


def again(visit: Visit, total: int, by: User) -> SecondRating:
    return rate_again(visit, "HAMD17", entry(visit, total), by=by, form_token=uuid.uuid4())


@pytest.mark.requirement("BLD-06")
def test_the_second_rater_sees_nothing_of_the_first(
    visit: Visit, investigator: User, coordinator: User, make_user: MakeUser, site: Site, as_user: SignIn
) -> None:
    """On the visit's page, at the form, before signing, and on paper; who entered it, and a monitor, see it."""
    client = as_user(investigator)
    page = client.get(reverse("visit", args=[visit.pk])).content.decode()
    assert "withheld until the second rating is saved" in page
    assert "Rate a second time" in page
    assert ">24<" not in page
    form = client.get(reverse("rating", args=[visit.pk, "HAMD17"]), follow=True)
    assert form.redirect_chain[-1][0] == reverse("second_rating", args=[visit.pk, "HAMD17"])
    assert "checked" not in form.content.decode().partition('class="items"')[2].partition("</form>")[0]
    where = [visit.participant.study.code, visit.participant.code]
    for address in (reverse("review_participant", args=where), reverse("sign_visit", args=[visit.pk])):
        assert "total 24" not in client.get(address).content.decode()
    [reading] = [rating for part in casebook_of(visit.participant).visits if part.visit.pk == visit.pk
                 for rating in part.ratings if rating.code == "HAMD17"]  # fmt: skip
    assert reading.withheld
    assert reading.answers == []
    assert reading.assessment
    assert reading.assessment.total is None
    for reader in (coordinator, make_user("monitor", site)):
        assert ">24" in as_user(reader).get(reverse("visit", args=[visit.pk])).content.decode()


def test_another_person_and_rater_rate_a_second_time(
    visit: Visit, coordinator: User, investigator: User
) -> None:
    """Neither who entered the first nor its rater; and where the protocol asks for no second one, nobody."""
    with pytest.raises(ValidationError, match="another person"):
        again(visit, 20, coordinator)
    with pytest.raises(ValidationError, match="Another rates"):
        rate_again(visit, "HAMD17", entry(visit, 20, rater=" r "), by=investigator, form_token=uuid.uuid4())
    with pytest.raises(ValidationError, match="no second rating"):
        rate_again(visit, "CADSS", AssessmentEntry(items={}, not_done_reason="none is wanted"), by=investigator,
                   form_token=uuid.uuid4())  # fmt: skip


def test_the_form_saves_it_and_shows_both(visit: Visit, investigator: User, as_user: SignIn) -> None:
    client, address = as_user(investigator), reverse("second_rating", args=[visit.pk, "HAMD17"])
    first = Assessment.objects.get(visit=visit, instrument="HAMD17")
    fields = {f"item_{code}": str(value) for code, value in items(21).items() if value is not None}
    typed = {**fields, "rater": "Second Rater", "performed_on": f"{first.performed_on:%Y-%m-%d}"}
    assert client.post(address, {**typed, "form_token": "", "item_HAMD101": "9"}).status_code == 422
    answer = client.post(address, {**typed, "form_token": str(uuid.uuid4())}, follow=True)
    page = answer.content.decode()
    assert "Second rating saved" in page
    assert ">24" in page
    assert "21" in page.partition("Second rating</dt>")[2][:200]
    assert SecondRating.objects.get(visit=visit).total == 21


@pytest.mark.requirement("FRM-03")
def test_a_difference_of_five_points_is_adjudicated(
    visit: Visit, coordinator: User, investigator: User, as_user: SignIn
) -> None:
    """A task of the investigator; four points are none. The reason is asked for, and the total stays in its range."""
    second = again(visit, 28, investigator)
    study = visit.participant.study
    assert not [task for task in reviews(investigator, study) if "Adjudicate" in task.what]
    with pytest.raises(ValidationError, match="not far enough apart"):
        adjudicate(visit, "HAMD17", 26, by=investigator, reason="between")
    correct_second(second, entry(visit, 29), by=investigator, version=1, reason="item 4 misread")
    [task] = [task for task in reviews(investigator, study) if "Adjudicate" in task.what]
    assert "5 points apart" in task.why
    assert not [task for task in reviews(coordinator, study) if "Adjudicate" in task.what]
    with pytest.raises(PermissionDenied):
        adjudicate(visit, "HAMD17", 26, by=coordinator, reason="mine")
    with pytest.raises(ValidationError, match="reason"):
        adjudicate(visit, "HAMD17", 26, by=investigator, reason=" ")
    with pytest.raises(ValidationError, match="0 to 52"):
        adjudicate(visit, "HAMD17", 53, by=investigator, reason="too much")
    answer = as_user(investigator).post(task.url, {"total": "26", "reason": "heard the tape"}, follow=True)
    assert "total 26, adjudicated by" in answer.content.decode()
    assert "heard the tape" in answer.content.decode()
    assert not [task for task in reviews(investigator, study) if "Adjudicate" in task.what]
    with pytest.raises(ValidationError, match="adjudicated"):
        correct_second(second, entry(visit, 24), by=investigator, version=3, reason="again")


def test_a_correction_does_not_make_the_two_raters_one(visit: Visit, investigator: User) -> None:
    second = again(visit, 26, investigator)
    first = Assessment.objects.get(visit=visit, instrument="HAMD17")
    with pytest.raises(ValidationError, match="rater of the first"):
        correct_second(
            second, entry(visit, 26, rater=first.rater), by=investigator, version=1, reason="rater misread"
        )
    second.refresh_from_db()
    assert (second.rater, second.version) == ("Second Rater", 1)


@pytest.mark.requirement("BLD-06")
def test_what_is_derived_from_the_first_is_withheld_as_it_is(
    visit: Visit, investigator: User, coordinator: User, study: Study, as_user: SignIn
) -> None:
    """Its outcome and its line on the dashboard: until the second rating is there, and only from who may give it."""
    participant = visit.participant
    recompute([participant.pk])
    summarise([study.pk])
    where = reverse("outcomes", args=[study.code, participant.code])
    dashboard = reverse("dashboard", args=[study.code])
    chart = reverse("chart_download", args=[study.code, "trajectories", "csv"])
    hidden = as_user(investigator).get(where).content.decode()
    assert "withheld until the second rating is saved" in hidden
    assert "24" not in hidden.partition("<main")[2].replace("2024", "")
    assert participant.code not in as_user(investigator).get(chart).content.decode()
    lines = as_user(investigator).get(dashboard).content.decode().partition('id="trajectories-heading"')[2]
    assert "a second rating is outstanding" in lines
    assert participant.code not in lines
    assert "24" in as_user(coordinator).get(where).content.decode()
    assert participant.code in as_user(coordinator).get(chart).content.decode()
    again(visit, 22, investigator)
    assert "Derived from" in as_user(investigator).get(where).content.decode()
    assert participant.code in as_user(investigator).get(chart).content.decode()


@pytest.mark.requirement("BLD-06")
def test_who_is_to_rate_second_does_not_change_the_first(visit: Visit, investigator: User) -> None:
    first = Assessment.objects.get(visit=visit, instrument="HAMD17")
    with pytest.raises(PermissionDenied):
        correct(first, entry(visit, 20), by=investigator, version=first.version, reason="misread")
    first.refresh_from_db()
    assert first.total == 24


@pytest.mark.requirement("FRM-03")
def test_the_adjudicated_total_counts_and_the_first_until_then(
    visit: Visit, study: Study, investigator: User
) -> None:
    """In the outcome, where it comes from, and in the export beside both."""
    participant = visit.participant

    def baseline() -> int | None:
        recompute([participant.pk])
        return Outcome.objects.get(participant=participant, period=1).baseline

    again(visit, 30, investigator)
    assert baseline() == 24
    adjudicate(visit, "HAMD17", 27, by=investigator, reason="heard the tape")
    assert baseline() == 27
    inputs = explained(participant, links=True).blocks[0].inputs
    assert inputs[0].value == "27, adjudicated (first rating 24, second 30)"
    [row] = exported(study, "second_ratings")
    wanted = ("first_total", "total", "difference", "adjudicated_total", "adjudication_reason", "counts")
    assert [row[name] for name in wanted] == [24, 30, 6, 27, "heard the tape", "adjudicated"]
    totals = [
        (row["total"], row["counted_total"])
        for row in exported(study, "assessments")
        if row["visit"] == "BASELINE"
    ]
    assert totals == [(24, 27)]


def exported(study: Study, name: str) -> list[dict[str, object]]:
    table = next(table for table in tables(study, unblinded=False) if table.name == name)
    with connection.cursor() as cursor:
        cursor.execute(table.query, parameters(study, study.sites.all()))
        return [dict(zip([c.name for c in table.columns], row, strict=True)) for row in cursor.fetchall()]


def test_a_signature_covers_the_second_rating(visit: Visit, investigator: User) -> None:
    """What is signed is another content with it, and with what was adjudicated."""
    participant = visit.participant.pk
    before = content_sha256(participant, visit.pk)
    again(visit, 30, investigator)
    between = content_sha256(participant, visit.pk)
    adjudicate(visit, "HAMD17", 27, by=investigator, reason="heard the tape")
    assert len({before, between, content_sha256(participant, visit.pk)}) == 3
    assert not Signature.objects.filter(visit=visit, voided_at=None).exists()


def test_one_that_cannot_be_made_ends_the_withholding(
    visit: Visit, investigator: User, as_user: SignIn
) -> None:
    reason = AssessmentEntry(items={}, not_done_reason="the second rater fell ill")
    rate_again(visit, "HAMD17", reason, by=investigator, form_token=uuid.uuid4())
    page = as_user(investigator).get(reverse("visit", args=[visit.pk])).content.decode()
    assert ">24" in page
    assert "the second rater fell ill" in page
