"""What follows the primary visit: sustained response, relapse, subscales, and what a rule set depends on."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.domain import disclosure, patterns, response
from analysis.domain.response import OutcomeRules, assess, later_visits, points_needed, rule_content

RULES = OutcomeRules("BL", "D1", 50, 7, (("BL", 0), ("D1", 1), ("D3", 3), ("D7", 7)))
TOTALS = st.none() | st.integers(0, 52)


@pytest.mark.parametrize(
    ("later", "sustained", "relapse", "at"),
    [
        ({"D3": 10, "D7": 10}, True, False, None),
        ({"D3": 15, "D7": 15}, True, False, None),
        ({"D3": 10, "D7": 16}, False, True, "D7"),
        ({"D3": 16, "D7": 10}, False, True, "D3"),
        ({"D3": 20, "D7": 20}, False, True, "D3"),
        ({"D3": None, "D7": 10}, None, None, None),
        ({"D3": None, "D7": 16}, False, True, "D7"),
        ({}, None, None, None),
    ],
)
def test_a_response_is_sustained_while_every_later_visit_meets_it(
    later: dict[str, int | None], sustained: bool | None, relapse: bool | None, at: str | None
) -> None:
    """From 30 to 10 on day 1. The first later visit above half is the relapse; a gap alone decides nothing."""
    found = assess({"BL": 30, "D1": 10, **later}, RULES)
    assert (found.sustained, found.relapse, found.relapse_visit) == (sustained, relapse, at)


def test_who_did_not_respond_cannot_relapse() -> None:
    """Without response on day 1 nothing is sustained, and relapse is not a question, even after a late response."""
    found = assess({"BL": 30, "D1": 20, "D3": 5, "D7": 25}, RULES)
    assert (found.sustained, found.relapse, found.relapse_visit) == (False, None, None)


def test_without_a_baseline_neither_is_known() -> None:
    """Not evaluable for response is not evaluable for what builds on it."""
    found = assess({"D1": 10, "D3": 5, "D7": 5}, RULES)
    assert (found.sustained, found.relapse) == (None, None)


def test_a_primary_visit_at_the_end_leaves_nothing_to_sustain() -> None:
    """When no visit follows the primary one, neither is defined: of nobody, not even of who did not respond."""
    found = assess({"BL": 30, "D7": 10}, replace(RULES, primary_visit="D7"))
    assert (found.response, found.sustained, found.relapse) == (True, None, None)
    found = assess({"BL": 30, "D7": 29}, replace(RULES, primary_visit="D7"))
    assert (found.response, found.sustained, found.relapse) == (False, None, None)
    assert later_visits(RULES) == ["D3", "D7"]


@given(st.dictionaries(st.sampled_from(["BL", "D1", "D3", "D7"]), TOTALS))
def test_sustained_and_relapse_are_each_other_s_opposite_among_responders(
    totals: dict[str, int | None],
) -> None:
    """A responder is one or the other or not known; nobody else relapses; a relapse names its visit."""
    found = assess(totals, RULES)
    if found.response:
        assert (found.sustained is None) == (found.relapse is None)
        assert found.sustained is None or found.sustained is not found.relapse
    else:
        assert found.relapse is None
        assert found.sustained is (None if found.response is None else False)
    assert (found.relapse_visit is not None) == bool(found.relapse)


@given(st.integers(1, 52), st.integers(1, 100), st.integers(0, 52))
def test_the_points_needed_are_the_least_fall_that_responds(baseline: int, percent: int, total: int) -> None:
    """One point less than needed is no response."""
    rules = replace(RULES, response_percent=percent)
    found = assess({"BL": baseline, "D1": total}, rules)
    assert found.response is (baseline - total >= points_needed(baseline, rules))


def test_a_subscale_changes_from_its_own_baseline() -> None:
    """12 to 5 is a change of −7; a visit whose items are not all there has no sum."""
    found = assess({"BL": 30, "D1": 10}, RULES, {"HAMD6": {"BL": 12, "D1": 5, "D3": None}})
    assert found.subscales["HAMD6"] == response.Subscale(12, -7, {"D1": 5, "D3": None, "D7": None})
    without = assess({"BL": 30, "D1": 10}, RULES, {"HAMD6": {"D1": 5}}).subscales["HAMD6"]
    assert (without.baseline, without.change) == (None, None)


def test_rules_that_differ_in_anything_that_counts_differ_in_content() -> None:
    """Thresholds, days, visits, instrument and subscales count."""
    same = rule_content(RULES, "HAMD17", {"HAMD6": ("1", "2")})
    assert same == rule_content(replace(RULES), "HAMD17", {"HAMD6": ("1", "2")})
    for other in (
        rule_content(replace(RULES, response_percent=60), "HAMD17", {"HAMD6": ("1", "2")}),
        rule_content(replace(RULES, remission_max=8), "HAMD17", {"HAMD6": ("1", "2")}),
        rule_content(replace(RULES, primary_visit="D3"), "HAMD17", {"HAMD6": ("1", "2")}),
        rule_content(replace(RULES, visits=RULES.visits[:3]), "HAMD17", {"HAMD6": ("1", "2")}),
        rule_content(RULES, "MADRS", {"HAMD6": ("1", "2")}),
        rule_content(RULES, "HAMD17", {"HAMD6": ("1", "3")}),
    ):
        assert other != same


@pytest.mark.parametrize(
    ("responses", "expected"),
    [
        ({1: True, 2: False}, "1"),
        ({1: False, 2: True}, "2"),
        ({1: True, 2: True}, "1+2"),
        ({1: False, 2: False}, "none"),
        ({1: True, 2: None}, None),
        ({2: True}, None),
    ],
)
def test_the_pattern_names_the_periods_with_a_response(
    responses: dict[int, bool | None], expected: str | None
) -> None:
    """Four patterns of two periods, and none while a period is not evaluable."""
    assert patterns.pattern(responses, (1, 2)) == expected
    assert expected is None or expected in patterns.patterns((1, 2))


@given(st.dictionaries(st.integers(0, 8), st.integers(0, 30), max_size=9), st.integers(1, 6))
def test_nothing_small_is_left_when_what_is_shown_is_taken_from_the_total(
    sizes: dict[int, int], minimum: int
) -> None:
    """Each shown part is empty or large enough; the withheld ones together are, or nobody is shown apart."""
    hidden = disclosure.withheld(sizes, minimum)
    shown = {part: size for part, size in sizes.items() if part not in hidden}
    assert all(size == 0 or size >= minimum for size in shown.values())
    if hidden and any(shown.values()):
        assert sum(sizes.values()) - sum(shown.values()) >= minimum
