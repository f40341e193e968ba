"""One question for one cause: what is asked about the dates of ratings and doses, and where."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from assessments.domain.timing import (
    AFTER_DOSE,
    BEFORE_DOSE,
    CHECKS,
    OUT_OF_WINDOW,
    VERSIONS,
    RatingChecks,
    asked_at_dose,
    asked_at_rating,
    timing,
)

DOSED = date(2026, 3, 9)
VISITS = {"BASELINE": (0, 0, False), "DAY1": (1, 2, True), "DAY3": (2, 4, True), "DAY14": (12, 16, True)}


def on(day: int) -> date:
    return DOSED + timedelta(days=day)


def firing(code: str, performed: int | None, dosed: int, *, given: bool = True) -> tuple[str, ...]:
    """Of a rating made so many days after DOSED, the dose being given, or planned, on day `dosed`."""
    first, last, after = VISITS[code]
    day = None if performed is None else on(performed)
    window = on(dosed + first), on(dosed + last)
    return timing(day, window, after_dose=after, dosed_on=on(dosed) if given else None).firing


@pytest.mark.parametrize(
    ("code", "performed", "dosed", "expected"),
    [
        ("DAY3", 3, 0, ()),
        ("DAY3", 5, 0, (OUT_OF_WINDOW,)),
        ("DAY3", 3, 4, (BEFORE_DOSE, OUT_OF_WINDOW)),
        ("DAY1", 0, 0, (OUT_OF_WINDOW,)),
        ("BASELINE", 0, 0, ()),
        ("BASELINE", 0, 4, (OUT_OF_WINDOW,)),
        ("BASELINE", 1, 0, (AFTER_DOSE, OUT_OF_WINDOW)),
        ("DAY1", None, 0, ()),
    ],
)
def test_what_fires_on_a_date(
    code: str, performed: int | None, dosed: int, expected: tuple[str, ...]
) -> None:
    """The weightiest first; on the day of the dose a rating is on neither side."""
    assert firing(code, performed, dosed) == expected


def test_without_dates_nothing_fires() -> None:
    """A visit that is not planned yet has no window to be out of, and a planned dose no side."""
    assert timing(DOSED, None, after_dose=True, dosed_on=None).firing == ()
    assert firing("DAY1", -3, 0, given=False) == (OUT_OF_WINDOW,)


def test_a_date_that_is_typed_is_asked_about_once_and_by_the_weightiest() -> None:
    both = (BEFORE_DOSE, OUT_OF_WINDOW)
    assert asked_at_rating(RatingChecks(both, ()), typed=True, asked_at_dose=False) == (BEFORE_DOSE,)
    stands = RatingChecks(both, (OUT_OF_WINDOW,), {OUT_OF_WINDOW})
    assert asked_at_rating(stands, typed=True, asked_at_dose=False) == (BEFORE_DOSE,)


def test_what_the_dose_is_asked_about_is_not_asked_at_the_rating() -> None:
    """Nor when its own date is corrected and still lies wrong; a new rating is a date of its own."""
    wrong = RatingChecks((OUT_OF_WINDOW,), (BEFORE_DOSE, OUT_OF_WINDOW))
    assert asked_at_rating(wrong, typed=True, asked_at_dose=True) == ()
    assert asked_at_rating(replace(wrong, fired=()), typed=True, asked_at_dose=True) == (OUT_OF_WINDOW,)


def test_a_save_that_leaves_the_date_asks_nothing() -> None:
    """Somebody may have closed the question: the same date is not asked about again."""
    assert (
        asked_at_rating(RatingChecks((OUT_OF_WINDOW,), (OUT_OF_WINDOW,)), typed=False, asked_at_dose=False)
        == ()
    )


def test_a_dose_is_asked_about_once_whatever_it_leaves_wrong() -> None:
    moved = [
        RatingChecks((BEFORE_DOSE, OUT_OF_WINDOW), ()),
        RatingChecks((OUT_OF_WINDOW,), ()),
        RatingChecks((), ()),
    ]
    assert asked_at_dose(moved, stands=False, dosed=True) == BEFORE_DOSE
    assert asked_at_dose(moved[1:], stands=False, dosed=True) == OUT_OF_WINDOW
    assert asked_at_dose(moved, stands=False, dosed=False) is None
    assert asked_at_dose([RatingChecks((), (BEFORE_DOSE,))], stands=True, dosed=True) is None


def test_a_dose_that_moves_asks_nothing_of_what_was_wrong_before() -> None:
    """Somebody was asked about it at the rating, and has closed that."""
    assert asked_at_dose([RatingChecks((OUT_OF_WINDOW,), (OUT_OF_WINDOW,))], stands=False, dosed=True) is None


def test_what_a_rating_asks_itself_the_dose_does_not() -> None:
    """But for a new weight: a rating that was merely late is before the dose now."""
    own = RatingChecks((OUT_OF_WINDOW,), (), {OUT_OF_WINDOW})
    assert asked_at_dose([own], stands=False, dosed=True) is None
    graver = RatingChecks((BEFORE_DOSE, OUT_OF_WINDOW), (OUT_OF_WINDOW,), {OUT_OF_WINDOW})
    assert asked_at_dose([graver], stands=False, dosed=True) == BEFORE_DOSE


def test_each_check_has_a_version() -> None:
    assert set(VERSIONS) == set(CHECKS)
    assert all(VERSIONS.values())


class Period(RuleBasedStateMachine):
    """A period whose dose is moved and whose ratings are dated in any order, as the services put it together."""

    def __init__(self) -> None:
        super().__init__()
        self.dosed = 0
        self.dates: dict[str, int] = {}
        self.own: dict[str, tuple[str, ...]] = {}
        self.at_dose: str | None = None

    def _firing(self, code: str, dosed: int | None = None) -> tuple[str, ...]:
        return firing(code, self.dates.get(code), self.dosed if dosed is None else dosed)

    def _open(self) -> int:
        """How many questions stand."""
        return sum(map(bool, self.own.values())) + (self.at_dose is not None)

    def _ask_at_dose(self, fired: dict[str, tuple[str, ...]]) -> None:
        ratings = [
            RatingChecks(now, fired.get(code, now), self.own.get(code, ()))
            for code in self.dates
            for now in [self._firing(code)]
        ]
        self.at_dose = asked_at_dose(ratings, stands=self.at_dose is not None, dosed=True)

    @rule(code=st.sampled_from(sorted(VISITS)), day=st.integers(-4, 20))
    def date_a_rating(self, code: str, day: int) -> None:
        """It brings one question at most; what stands elsewhere may be put otherwise, or close."""
        stood, before, typed = self._open(), self._firing(code), self.dates.get(code) != day
        self.dates[code] = day
        rated = RatingChecks(self._firing(code), before, self.own.get(code, ()))
        asked = asked_at_rating(rated, typed=typed, asked_at_dose=self.at_dose is not None)
        self.own[code] = asked
        if self.at_dose:
            self._ask_at_dose({})
        assert self._open() <= stood + 1
        if typed and rated.firing and not (before and not rated.own):
            assert asked

    @rule(day=st.integers(-4, 20))
    def move_the_dose(self, day: int) -> None:
        """It brings one question at most, at the dose; those at ratings change only in what they ask."""
        at_dose, before = self.at_dose, {code: self._firing(code) for code in self.dates}
        stood = {code for code, asked in self.own.items() if asked}
        self.dosed = day
        for code in stood:
            rated = RatingChecks(self._firing(code), before[code], self.own[code])
            self.own[code] = asked_at_rating(rated, typed=False, asked_at_dose=False)
        assert {code for code, asked in self.own.items() if asked} <= stood
        self._ask_at_dose(before)
        for code in self.dates:
            if set(self._firing(code)) - set(before[code]):
                assert self.own.get(code) or self.at_dose
        if not any(set(self._firing(code)) - set(before[code]) for code in self.dates):
            assert self.at_dose is None or at_dose

    @rule(code=st.sampled_from(sorted(VISITS)))
    def close(self, code: str) -> None:
        """Somebody closes the question."""
        self.own[code] = ()

    @invariant()
    def nothing_is_asked_without_cause(self) -> None:
        for code, asked in self.own.items():
            assert len(asked) <= 1
            assert set(asked) <= set(self._firing(code))
        if self.at_dose:
            assert any(self.at_dose in self._firing(code) for code in self.dates)


TestPeriod: Any = Period.TestCase


@given(st.permutations(CHECKS))
def test_the_order_in_which_ratings_come_does_not_matter(checks: list[str]) -> None:
    ratings = [RatingChecks((check,), ()) for check in checks]
    assert asked_at_dose(ratings, stands=False, dosed=True) == BEFORE_DOSE
