"""When a rating of item 3 (suicide) is a safety alert."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.domain.instrument import load
from assessments.domain.safety import alert, alerts_in_time

HAMD = load("HAMD17")
values = st.none() | st.integers(0, 4)


@pytest.mark.parametrize(
    ("before", "now", "trigger"),
    [
        (None, 0, None),
        (None, 2, None),
        (None, 3, "level"),
        (None, 4, "level"),
        (4, 3, "level"),
        (3, 3, "level"),
        (0, 1, None),
        (1, 2, None),
        (0, 2, "rise"),
        (1, 3, "level"),
        (2, 0, None),
        (3, None, None),
    ],
)
def test_an_alert_at_3_or_after_a_rise_by_2(before: int | None, now: int | None, trigger: str | None) -> None:
    """3 or more whatever was before, also while it falls; below that a rise by 2 or more."""
    found = alert(HAMD, {"HAMD103": now}, {"HAMD103": before})
    assert (found.trigger if found else None) == trigger
    if found:
        assert (found.item, found.value, found.previous) == ("HAMD103", now, before)
        assert "%(" not in found.message % found.params


@given(values, values)
def test_the_rule_in_one_line(before: int | None, now: int | None) -> None:
    """For every pair of values: at least 3, or at least 2 more than before."""
    expected = now is not None and (now >= 3 or (before is not None and now - before >= 2))
    assert (alert(HAMD, {"HAMD103": now}, {"HAMD103": before}) is not None) == expected


def test_the_first_rating_has_nothing_to_rise_from() -> None:
    """A missing value before is not 0: 2 after nothing is no rise."""
    assert alert(HAMD, {"HAMD103": 2}) is None
    assert alert(HAMD, {"HAMD103": 2}, {}) is None


def test_other_items_and_other_instruments_raise_nothing() -> None:
    """Only the item that the instrument's file names; an instrument without a rule never alerts."""
    others: dict[str, int | None] = {item.code: item.maximum for item in HAMD.items if item.code != "HAMD103"}
    assert alert(HAMD, others) is None


def test_each_rating_is_compared_with_the_last_one_that_was_assessed() -> None:
    """A gap between them hides no rise, and the first has nothing to rise from."""
    course: list[dict[str, int | None]] = [{"HAMD103": value} for value in (1, None, 3, 3, 0, 2)]
    found = alerts_in_time(HAMD, course)
    assert [one and (one.trigger, one.previous) for one in found] == [
        None, None, ("level", 1), ("level", 3), None, ("rise", 0),
    ]  # fmt: skip
