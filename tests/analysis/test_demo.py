"""The demo trial: every figure that the article publishes, from the files that an analyst gets.

Psychiatric News, 30 August 2018, on Williams et al., Am J Psychiatry 2018;175:1205.
"""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from io import StringIO
from statistics import mean

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import F

from analysis.charts.flow_text import enrolment_steps
from analysis.dashboard.page import dashboard_page
from analysis.domain.flow import from_rows
from assessments.models import Assessment, Deviation
from enrollment import services
from enrollment.models import Participant, Period, Visit
from enrollment.today.worklist import worklist
from tests.analysis.exported import Exported, Row, demo_database, export
from trialsite.accounts.models import Membership, Study, User
from trialsite.audit.models import Event
from trialsite.review.models import Query


@pytest.fixture(scope="module")
def demo_export(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    """The unblinded export of the statistician."""
    with demo_database(f"demo_{os.getpid()}") as name:
        yield export(name, tmp_path_factory.mktemp("demo") / "out", "statistician", "--unblinded")


Both = dict[str, dict[str, Row]]


@pytest.fixture
def completers(demo_export: Exported) -> Both:
    """Participant → treatment → the period's outcome, of those who completed both."""
    found: Both = defaultdict(dict)
    for row in demo_export.rows("outcomes"):
        if row["completer"] == "1":
            found[row["participant"]][row["treatment"]] = row
    return found


def responders(completers: Both) -> list[dict[str, Row]]:
    return [both for both in completers.values() if both["PLA"]["response"] == "1"]


def test_fourteen_started_and_twelve_completed_both_arms(demo_export: Exported, completers: Both) -> None:
    """Started: the first infusion was given."""
    first = [r for r in demo_export.rows("outcomes") if r["period"] == "1" and r["infusion_on"]]
    assert len({row["participant"] for row in first}) == 14
    assert len(completers) == 12
    assert all(set(both) == {"PLA", "NAL"} for both in completers.values())


def test_seven_of_twelve_responded_after_placebo_and_five_of_them_remitted(completers: Both) -> None:
    """Response: at least 50 % from baseline to day 1; remission: at most 7."""
    assert len(responders(completers)) == 7
    assert sum(both["PLA"]["remission"] == "1" for both in responders(completers)) == 5
    assert sum(both["PLA"]["remission"] == "1" for both in completers.values()) == 5


def test_none_of_the_seven_responded_after_naltrexone(completers: Both) -> None:
    assert {both["NAL"]["response"] for both in responders(completers)} == {"0"}


def test_mean_reductions_of_the_seven(completers: Both) -> None:
    """22.3 and 5.6 points from baseline to day 1, over the seven: arithmetic rules out all twelve."""
    seven = responders(completers)
    for treatment, published in (("PLA", 22.3), ("NAL", 5.6)):
        assert round(-mean(int(both[treatment]["change_day_1"]) for both in seven), 1) == published


def test_intervals_go_from_14_to_63_days_with_a_mean_of_33(demo_export: Exported, completers: Both) -> None:
    """From the last visit of the first condition to the second infusion, as the article counts."""
    seen = {
        row["participant"]: date.fromisoformat(row["date"])
        for row in demo_export.rows("assessments")
        if (row["period"], row["visit"], row["instrument"]) == ("1", "DAY14", "HAMD17")
    }
    found = []
    for participant, both in completers.items():
        second = max(date.fromisoformat(row["infusion_on"]) for row in both.values())
        found.append((second - seen[participant]).days)
    assert (min(found), max(found), mean(found)) == (14, 63, 33)


def test_flags_follow_from_the_totals(demo_export: Exported) -> None:
    """Computed again here from the ratings alone."""
    totals = {
        (r["participant"], r["period"], r["visit"]): int(r["total"])
        for r in demo_export.rows("assessments")
        if r["instrument"] == "HAMD17" and r["total"]
    }
    checked = 0
    for row in demo_export.rows("outcomes"):
        baseline = totals.get((row["participant"], row["period"], "BASELINE"))
        day1 = totals.get((row["participant"], row["period"], "DAY1"))
        if baseline is None or day1 is None:
            assert row["response"] == row["remission"] == row["change_day_1"] == ""
            continue
        assert int(row["change_day_1"]) == day1 - baseline
        assert row["response"] == str(int(2 * (baseline - day1) >= baseline))
        assert row["remission"] == str(int(day1 <= 7))
        checked += 1
    assert checked >= 25


def test_items_make_their_totals(demo_export: Exported) -> None:
    """17 items, item 16 in one of its forms; an item short, or not done at all, there is no total."""
    totals = 0
    for row in demo_export.rows("assessments"):
        if row["instrument"] != "HAMD17":
            continue
        values = [int(row[name]) for name in row if re.fullmatch(r"HAMD1\d\d[AB]?", name) and row[name]]
        if row["total"]:
            assert (len(values), sum(values)) == (17, int(row["total"]))
            totals += 1
        else:
            assert len(values) in {0, 16}
    assert totals > 150


def test_it_is_like_a_real_trial(demo: str) -> None:
    """Early, late and missed visits, ratings out of their window, missing items, 16B, a rating that was not done, a date
    corrected later, queries in every state, an override of the washout, a withdrawal; and nothing of it on the days that
    the published figures rest on."""
    study = Study.objects.get(code="KETNAL")
    visits = Visit.objects.filter(participant__study=study, period__isnull=False)
    outside = {visit.deviation() for visit in visits.filter(status="done")}
    assert min(outside) < 0 < max(outside)
    assert any(v.performed_on != v.planned_on and not v.deviation() for v in visits.filter(status="done"))
    assert all(visit.missed_reason for visit in visits.filter(status="missed"))
    assert visits.filter(status="missed").count() >= 3
    ratings = Assessment.objects.filter(participant__study=study)
    assert ratings.get(status="not_done").not_done_reason
    assert {why for rating in ratings for why in rating.missing.values()} == {"interrupted", "refused"}
    assert ratings.filter(items__has_key="HAMD116B").exists()
    assert Event.objects.filter(
        reason="Date typed under the wrong visit", table_name="assessments_assessment"
    ).exists()
    checks = Query.objects.filter(participant__study=study).exclude(check_id="")
    assert set(checks.values_list("status", flat=True)) == {"open", "answered", "closed"}
    override = Period.objects.get(participant__study=study, override_days__isnull=False)
    assert override.override_days == -2
    assert override.override_reason
    assert override.override_by
    assert override.override_by.memberships.filter(role="investigator").exists()
    left = Participant.objects.get(study=study, status="withdrawn")
    assert left.left_reason
    assert left.left_on
    assert not left.periods.exclude(dosed_on=None).exists()
    assert (
        not visits.filter(code__in=["BASELINE", "DAY1"])
        .exclude(performed_on=F("planned_on"))
        .filter(status="done")
    )


def test_its_deviations_are_of_each_class_and_state(demo: str) -> None:
    """They follow from what happened; one wrong kit is known and reviewed, and filing again adds nothing."""
    deviations = Deviation.objects.filter(participant__study__code="KETNAL")
    assert set(deviations.values_list("classification", flat=True)) == {"minor", "important"}
    assert {"open", "reviewed", "closed", "corrected"} >= set(deviations.values_list("status", flat=True))
    assert {"open", "reviewed", "closed"} <= set(deviations.values_list("status", flat=True))
    rules = Counter(deviations.standing().values_list("rule", flat=True))
    assert rules.keys() >= {"visit_window", "visit_missed", "tolerance", "wrong_kit"}
    assert deviations.get(rule="wrong_kit").status == "reviewed"
    visits = Visit.objects.filter(participant__study__code="KETNAL", period__dosed_on__isnull=False)
    outside = [visit.pk for visit in visits.filter(status="done") if visit.deviation()]
    filed = deviations.standing().filter(rule="visit_window").values_list("visit", flat=True)
    assert sorted(filed) == sorted(outside)
    before = deviations.count()
    call_command("file_deviations", stdout=StringIO())
    assert deviations.count() == before


def test_screen_failures_say_why(demo_export: Exported) -> None:
    """Kept beside those who were enrolled."""
    failed = [row for row in demo_export.rows("participants") if row["status"] == "screen_failed"]
    assert len(failed) >= 3
    assert all(row["left_reason"] and not row["randomised_on"] for row in failed)


def test_it_is_marked_as_invented(demo_export: Exported) -> None:
    assert demo_export.manifest["synthetic"] is True


def test_the_dashboard_shows_the_same_blinded(demo: str) -> None:
    """Twelve completers and the pooled counts: seven responders, five remitters, of all evaluable periods."""
    study = Study.objects.get(code="KETNAL")
    figures = study.summary.figures
    assert figures["completers"] == 12
    day1 = next(row for row in figures["pooled"] if row["visit"] == "DAY1")
    assert (day1["responders"], day1["remitters"]) == (7, 5)
    intervals = [days for days, count in figures["washouts"] for _ in range(count)]
    assert (len(intervals), min(intervals), max(intervals), mean(intervals)) == (13, 14, 63, 33)
    assert Participant.objects.filter(study=study, status="screen_failed").count() >= 3
    stops = from_rows(figures["flow"])
    [excluded] = [
        step
        for step in enrolment_steps(stops, study.protocols.latest().definition)
        if step.label == "Excluded"
    ]
    # One of the five misses two criteria, and stands once.
    assert (excluded.n, dict(excluded.reasons)) == (
        5,
        {"HAM-D": 1, "Failed treatments": 2, "Substance use disorder": 1, "Failed treatments and HAM-D": 1},
    )
    assert dashboard_page(study, study.sites.all()).content


def test_everybody_of_a_site_finds_work(demo: str) -> None:
    """At both sites somebody is to be confirmed by the investigator and somebody to be randomised, and it can be done."""
    study = Study.objects.get(code="KETNAL")
    for site in study.sites.all():
        here = Membership.objects.filter(study=study, site=site)
        coordinator, investigator = (here.get(role=role).user for role in ("coordinator", "investigator"))
        assert "Randomise" in _now(coordinator, study)
        assert "Confirm eligibility" in _now(investigator, study)
        with transaction.atomic():
            person = Participant.objects.get(site=site, status="eligible")
            assert services.randomise(person, by=coordinator).periods.count() == 2
            transaction.set_rollback(True)


def _now(user: User, study: Study) -> set[str]:
    return {action.what for action in worklist(user, study)[0].actions}
