"""Response and remission: the exact half, what is not evaluable, and a published series."""

import csv
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.domain.response import OutcomeRules, PeriodOutcome, assess

KETNAL = OutcomeRules("BL", "D1", 50, 7, (("BL", -1), ("D1", 1), ("D3", 3), ("D7", 7)))
REISBY = OutcomeRules("WEEK0", "WEEK5", 50, 7, tuple((f"WEEK{week}", 7 * week) for week in range(6)))
SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "reisby_hamd.csv"

totals = st.none() | st.integers(0, 52)


@pytest.mark.requirement("DER-01")
@pytest.mark.parametrize(
    ("baseline", "day_1", "response"),
    [
        (30, 15, True),
        (30, 16, False),
        (31, 15, True),
        (31, 16, False),
        (1, 0, True),
        (1, 1, False),
        (52, 26, True),
        (52, 27, False),
        (20, 25, False),
        (29, 0, True),
    ],
)
def test_an_exact_half_is_a_response_and_one_point_more_is_none(
    baseline: int, day_1: int, response: bool
) -> None:
    """At least 50 %: 30 to 15 is one, 30 to 16 is none, and of 31 points 15.5 would be the half."""
    assert assess({"BL": baseline, "D1": day_1}, KETNAL).response is response


@pytest.mark.parametrize(("total", "remission"), [(0, True), (7, True), (8, False)])
def test_remission_is_a_total_of_at_most_7(total: int, remission: bool) -> None:
    """7 is in remission, 8 is not."""
    assert assess({"BL": 30, "D1": total}, KETNAL).remission is remission


def test_change_counts_from_baseline_and_is_negative_when_better() -> None:
    """30 → 12 is a change of −18 points, −60 %."""
    found = assess({"BL": 30, "D1": 12, "D3": 33}, KETNAL)
    assert (found.baseline, found.change, found.rated) == (30, -18, True)
    assert (found.by_visit["D1"].change, found.by_visit["D1"].percent_change) == (-18, -60.0)
    assert (found.by_visit["D3"].change, found.by_visit["D3"].percent_change) == (3, 10.0)
    assert found.by_visit["D3"].response is False


@pytest.mark.requirement("DER-01")
@pytest.mark.parametrize("given_totals", [{"D1": 5}, {"BL": None, "D1": 5}])
def test_without_a_baseline_nothing_is_evaluable(given_totals: dict[str, int | None]) -> None:
    """A person without a baseline is never a non-responder; the visit's own total is kept."""
    found = assess(given_totals, KETNAL)
    assert (found.baseline, found.change, found.response, found.remission) == (None, None, None, None)
    assert found.rated is False
    seen = found.by_visit["D1"]
    assert (seen.total, seen.change, seen.percent_change, seen.response) == (5, None, None, None)
    assert seen.remission is True


def test_a_baseline_of_0_has_nothing_to_reduce() -> None:
    """Response is not evaluable and no percentage is made; the change in points is."""
    found = assess({"BL": 0, "D1": 0}, KETNAL)
    assert (found.baseline, found.change, found.response, found.remission) == (0, 0, None, None)
    assert found.by_visit["D1"].percent_change is None
    assert found.rated is True


@pytest.mark.parametrize("given_totals", [{"BL": 30}, {"BL": 30, "D1": None, "D3": 4}])
def test_a_visit_without_a_total_is_missing_and_not_0(given_totals: dict[str, int | None]) -> None:
    """No total on day 1: not evaluable, not in remission, not a completer, whatever came later."""
    found = assess(given_totals, KETNAL)
    assert (found.change, found.response, found.remission, found.rated) == (None, None, None, False)
    assert found.by_visit["D1"].total is None


def test_every_visit_but_the_baseline_is_reported_and_no_other() -> None:
    """A screening total or a visit the protocol doesn't know changes nothing."""
    found = assess({"BL": 30, "D1": 10, "SCREENING": 40, "D99": 1}, KETNAL)
    assert list(found.by_visit) == ["D1", "D3", "D7"]
    assert found == assess({"BL": 30, "D1": 10}, KETNAL)


@given(totals, totals, st.integers(1, 100), st.integers(0, 52))
def test_whole_numbers_give_what_fractions_give(
    baseline: int | None, total: int | None, percent: int, remission_max: int
) -> None:
    """The rule in integers is the definition in fractions: (baseline − total) / baseline ≥ percent / 100."""
    rules = OutcomeRules("BL", "D1", percent, remission_max, (("BL", 0), ("D1", 1)))
    found = assess({"BL": baseline, "D1": total}, rules)
    if not baseline or total is None:
        assert found.response is None
        return
    assert found.response is (Fraction(baseline - total, baseline) >= Fraction(percent, 100))
    assert found.remission is (total <= remission_max)


@given(st.dictionaries(st.sampled_from(["BL", "D1", "D3", "D7"]), totals))
def test_the_period_is_its_primary_visit(given_totals: dict[str, int | None]) -> None:
    """Change and response are those of the primary visit; what can't be evaluated is None in both."""
    found = assess(given_totals, KETNAL)
    primary = found.by_visit["D1"]
    assert (found.change, found.response) == (primary.change, primary.response)
    assert (found.remission is None) == (found.response is None)
    assert all((seen.total is None) <= (seen.remission is None) for seen in found.by_visit.values())


def _series() -> list[PeriodOutcome]:
    people: dict[str, dict[str, int | None]] = defaultdict(dict)
    with SHARED.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            people[row["id"]][f"WEEK{row['week']}"] = None if row["hamd"] == "NA" else int(row["hamd"])
    return [assess(by_visit, REISBY) for by_visit in people.values()]


@pytest.mark.requirement("DER-01")
@pytest.mark.skipif(not SHARED.exists(), reason="the series of Reisby et al. is beside the checkout only")
def test_the_series_of_reisby_1977() -> None:
    """66 inpatients on imipramine (Reisby et al. 1977, Psychopharmacology 54:263): responders 0, 7, 13, 25,
    30 and remitters 0, 0, 5, 12, 16 of 58, 60, 60, 58, 53 at weeks 1 to 5; five without a baseline."""
    outcomes = _series()
    weeks = [[one.by_visit[f"WEEK{week}"] for one in outcomes] for week in range(1, 6)]
    evaluable = [[seen for seen in week if seen.response is not None] for week in weeks]
    assert [len(week) for week in evaluable] == [58, 60, 60, 58, 53]
    assert [sum(bool(seen.response) for seen in week) for week in evaluable] == [0, 7, 13, 25, 30]
    assert [sum(bool(seen.remission) for seen in week) for week in evaluable] == [0, 0, 5, 12, 16]
    without = [one for one in outcomes if one.baseline is None]
    assert (len(outcomes), len(without)) == (66, 5)
    assert all(seen.response is None for one in without for seen in one.by_visit.values())
    assert sum(one.rated for one in outcomes) == 53
