"""Rating quality by rater and site: each pattern with its denominator, one's own sites alone, and no treatment."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from analysis.quality.page import RaterRow, quality_of
from assessments.domain.instrument import shipped
from assessments.models import Assessment
from enrollment import services
from enrollment.models import Participant, Visit
from enrollment.selectors import today_at
from tests.access.conftest import demo_database
from tests.conftest import MakeUser, items, randomised_earlier, rate
from trialsite.accounts.models import Study, User

__all__ = ["demo_database"]
SignIn = Callable[[User], Client]


def test_the_rules_of_every_instrument_name_its_items_and_values() -> None:
    for instrument in shipped().values():
        for rule in instrument.implausible:
            assert 0 <= rule.at_most < instrument.by_code[rule.item].maximum
            assert 0 < rule.at_least <= instrument.by_code[rule.beside].maximum
            assert rule.why


@pytest.fixture
def rated(eligible: Participant, coordinator: User) -> Participant:
    """Screened at 22 by the fixtures; then a straight line, the same again, and mood 0 with item 3 at 4."""
    randomised_earlier(eligible, by=coordinator)
    first = eligible.periods.get(number=1)
    given = today_at(eligible.site) - timedelta(days=10)
    services.record_dosing(first, given, by=coordinator, version=first.version)
    ones: dict[str, int | None] = {code: 1 for code, value in items(17).items() if value is not None}
    odd = {**ones, "HAMD101": 0, "HAMD103": 4}
    for visit, values in zip(("BASELINE", "DAY1", "DAY3"), (ones, ones, odd), strict=True):
        at = Visit.objects.get(period=first, code=visit)
        rate(at, 17, coordinator, on=given + timedelta(days=at.day or 0), values=values)
    return eligible


def row_of(study: Study, rater: str) -> RaterRow:
    protocol = study.protocols.latest().definition
    [hamd] = [
        part
        for part in quality_of(study, protocol, list(study.sites.all()))
        if part.instrument.code == "HAMD17"
    ]
    return next(row for row in hamd.rows if row.rater == rater)


@pytest.mark.requirement("FRM-05")
@pytest.mark.django_db
def test_each_pattern_is_counted_with_what_it_is_of(rated: Participant, study: Study) -> None:
    row = row_of(study, "R")
    with_items = Assessment.objects.filter(participant=rated, instrument="HAMD17", rater="R").count()
    assert row.ratings == with_items
    assert (row.straight.count, row.straight.n) == (2, with_items)
    assert row.repeated.count == 1
    assert (row.implausible.count, row.implausible.n) == (1, with_items)
    assert row.drift is None or row.drift.difference is None


@pytest.mark.django_db
def test_screening_totals_at_the_entry_score_are_counted(rated: Participant, study: Study) -> None:
    """20 to 22, of all screening totals."""
    screening = Assessment.objects.get(participant=rated, visit__code="SCREENING")
    row = row_of(study, screening.rater)
    assert row.at_entry
    assert screening.total is not None
    assert (row.at_entry.count, row.at_entry.n) == (int(20 <= screening.total <= 22), 1)


@pytest.mark.django_db
def test_a_monitor_reads_own_sites_alone(
    rated: Participant, study: Study, make_user: MakeUser, as_user: SignIn
) -> None:
    """The rater of another site is on no line, of the page and of the file."""
    there = study.sites.exclude(pk=rated.site_id).get()
    address = reverse("rating_quality", args=[study.code])
    file = reverse("rating_quality_file", args=[study.code])
    for site, sees in ((rated.site, True), (there, False)):
        client = as_user(make_user("monitor", site))
        assert ("<td>R</td>" in client.get(address).content.decode()) is sees
        text = b"".join(client.post(file).streaming_content).decode()  # type: ignore[attr-defined]
        assert (",R," in text) is sees


@pytest.mark.requirement("FRM-05")
def test_the_page_of_the_demo_says_nothing_of_a_treatment(demo_database: str, as_user: SignIn) -> None:
    """No arm, sequence or period; each row's ratings add up to the site's and the study's; the file has the same rows."""
    client = as_user(User.objects.get(username="monitor"))
    page = client.get(reverse("rating_quality", args=["KETNAL"])).content.decode()
    body = page.partition('id="content"')[2] or page
    assert not re.search(
        r"naltrexone|placebo|\bPLA\b|\bNAL\b|\bPN\b|\bNP\b|period \d",
        body.replace("Ketamine with and without naltrexone", ""),
        re.IGNORECASE,
    )
    answer = client.post(reverse("rating_quality_file", args=["KETNAL"]))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["instrument"] == "HAMD17"]
    raters = sum(int(row["ratings"]) for row in rows if row["rater"] != "all")
    [everybody] = [row for row in rows if row["site"] == "all"]
    assert raters == int(everybody["ratings"]) > 100
    assert (
        raters
        == Assessment.objects.filter(
            instrument="HAMD17", participant__study__code="KETNAL", version__gte=F("version")
        )
        .exclude(items={})
        .exclude(status="not_done")
        .count()
    )
