"""Patterns in ratings: what is one and what is none, and drift against a computation of its own."""

from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.domain.rating_quality import DRIFT_FROM, RatedTotal, drift, repeated, straight_line

vectors = st.dictionaries(st.sampled_from("ABCDEF"), st.integers(0, 4), max_size=6)


@given(vectors)
def test_a_straight_line_is_one_value_above_zero(items: dict[str, int]) -> None:
    """All 0 is none: who is well has it. Nor is a single item."""
    expected = len(items) > 1 and min(items.values()) == max(items.values()) > 0
    assert straight_line(items) is expected


@given(vectors, vectors)
def test_a_rating_repeats_the_one_before_item_by_item(before: dict[str, int], items: dict[str, int]) -> None:
    assert repeated(before, items) is (before == items and sum(items.values()) > 0)


totals = st.lists(
    st.tuples(st.sampled_from("AB"), st.sampled_from(["D1", "D3"]), st.integers(0, 52)), max_size=40
)


@given(totals)
def test_drift_is_the_mean_distance_from_the_others_at_the_same_visits(
    rows: list[tuple[str, str, int]],
) -> None:
    """Of two raters: against the other's mean; with too few totals there is none; a shift of both changes nothing."""
    rated = [RatedTotal(rater, visit, total, order) for order, (rater, visit, total) in enumerate(rows)]
    drifts = drift(rated)
    assert drifts.keys() == {rater for rater, _visit, _total in rows}
    for rater, drifted in drifts.items():
        others = {v: [t for r, visit, t in rows if r != rater and visit == v] for v in ("D1", "D3")}
        gaps = [t - fmean(others[v]) for r, v, t in rows if r == rater and others[v]]
        assert drifted.n == len(gaps)
        if len(gaps) < DRIFT_FROM:
            assert drifted.difference is drifted.change is None
        else:
            half = len(gaps) // 2
            assert drifted.difference == pytest.approx(fmean(gaps))
            assert drifted.change == pytest.approx(fmean(gaps[half:]) - fmean(gaps[:half]))
    shifted = drift([RatedTotal(r.rater, r.visit, r.total + 7, r.order) for r in rated])
    assert {r: d.difference for r, d in shifted.items()} == pytest.approx(
        {r: d.difference for r, d in drifts.items()}
    )
