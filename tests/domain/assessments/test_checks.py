"""The edit checks of a rating: which fire, how hard, and what they keep to themselves."""

from datetime import date, timedelta
from itertools import chain

import pytest

from assessments.domain.checks import HARD, OUT_OF_WINDOW, check
from assessments.domain.instrument import load

HAMD = load("HAMD17")
ALL_ONE: dict[str, int | None] = {group[0].code: 1 for group in HAMD.groups}
EARLIEST, LATEST = date(2026, 3, 9), date(2026, 3, 11)


def ids(
    items: dict[str, int | None], missing: dict[str, str], on: date | None = None
) -> list[tuple[str, str]]:
    found = check(HAMD, items, missing, performed_on=on, earliest_on=EARLIEST, latest_on=LATEST)
    return [(one.id, one.severity) for one in found]


def test_a_complete_rating_within_its_window_passes() -> None:
    """No check fires, on the first day of the window and on the last."""
    assert ids(ALL_ONE, {}, EARLIEST) == []
    assert ids(ALL_ONE, {}, LATEST) == []


@pytest.mark.parametrize(
    ("change", "missing", "expected"),
    [
        ({"HAMD101": 5}, {}, "RATING-ITEM-RANGE"),
        ({"HAMD116B": 1}, {}, "RATING-ITEM-ALTERNATIVES"),
        ({"HAMD101": None}, {}, "RATING-ITEM-UNEXPLAINED"),
        ({"HAMD101": None}, {"HAMD101": "nonsense"}, "RATING-ITEM-REASON"),
        ({}, {"HAMD101": "refused"}, "RATING-ITEM-VALUE-AND-REASON"),
        ({"HAMD200": 1}, {}, "RATING-ITEM-UNKNOWN"),
    ],
)
def test_what_can_not_be_saved_fails_hard(
    change: dict[str, int | None], missing: dict[str, str], expected: str
) -> None:
    """One hard check per mistake, with the item it is about."""
    assert ids(ALL_ONE | change, missing) == [(expected, "hard")]


@pytest.mark.parametrize(("days", "beyond"), [(-3, 3), (-1, 1), (3, 1), (5, 3)])
def test_out_of_window_is_a_second_look_never_a_refusal(days: int, beyond: int) -> None:
    """Soft, with the days beyond the window as a positive number."""
    on = EARLIEST + timedelta(days=days)
    (found,) = check(HAMD, ALL_ONE, {}, performed_on=on, earliest_on=EARLIEST, latest_on=LATEST)
    assert (found.id, found.severity, found.params) == ("RATING-OUT-OF-WINDOW", "soft", {"days": beyond})
    assert ("before" if days < 0 else "after") in found.message


def test_without_dates_no_window_is_looked_at() -> None:
    """A visit that is not planned yet has no window to be out of."""
    assert check(HAMD, ALL_ONE, {}, performed_on=date(2020, 1, 1)) == ()


def test_what_concerns_safety_is_no_question_about_data() -> None:
    """It is an alert, and nothing that a rater could explain away."""
    assert check(HAMD, ALL_ONE | {"HAMD103": 4}, {}) == ()


def test_hard_checks_come_before_soft_ones() -> None:
    """What must be mended first is listed first."""
    items = ALL_ONE | {"HAMD101": 9, "HAMD103": 4, "HAMD117": None}
    assert [severity for _, severity in ids(items, {}, date(2026, 4, 1))] == ["hard", "hard", "soft"]


def test_each_check_has_an_identifier_of_its_own_and_a_version() -> None:
    """Two rules never share an identifier."""
    known = list(chain(HARD.values(), [OUT_OF_WINDOW]))
    assert len({identifier for identifier, _ in known}) == len(known)
    assert all(version for _, version in known)
