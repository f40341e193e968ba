"""The demo trial: every figure that the article publishes, from the files that an analyst gets.

Psychiatric News, 30 August 2018, on Williams et al., Am J Psychiatry 2018;175:1205.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from statistics import mean

import pytest
from django.db import transaction

from analysis.dashboard import dashboard_page
from analysis.domain.flow import from_rows
from analysis.flow_text import enrolment_steps
from enrollment import services
from enrollment.models import Participant
from enrollment.worklist import worklist
from tests.analysis.exported import Exported, Row, demo_database, export
from trialsite.accounts.models import Membership, Study, User


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
    for row in demo_export.rows("assessments"):
        if row["instrument"] != "HAMD17":
            continue
        values = [int(row[name]) for name in row if name.startswith("HAMD1") and row[name]]
        assert sum(values) == int(row["total"])


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
        step for step in enrolment_steps(stops, study.protocols.latest().rules) if step.label == "Excluded"
    ]
    # One of the five misses two criteria, and stands once.
    assert (excluded.n, dict(excluded.reasons)) == (
        5,
        {"HAM-D": 1, "Failed treatments": 2, "Substance use disorder": 1, "Failed treatments and HAM-D": 1},
    )
    page = dashboard_page(study, study.sites.all())
    assert page


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
