"""Proposed days: against a naive judgement of each day, and the assignment against all assignments there are."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from enrollment.domain.proposals import (
    Absence,
    Calendar,
    Candidate,
    SiteDays,
    best,
    candidates,
    judged,
    what_gives,
)
from enrollment.domain.washout import Anchor, WashoutWindow
from enrollment.proposals.assignment import assign
from enrollment.protocol.model import VisitSpec

MONDAY = date(2026, 3, 2)
DAY = timedelta(days=1)
VISITS = (
    VisitSpec("BASELINE", "Baseline", 0, 0, 0, ("HAMD17",)),
    VisitSpec("DAY1", "Day 1", 1, 0, 0, ("HAMD17",)),
    VisitSpec("DAY3", "Day 3", 3, 1, 1, ("HAMD17",)),
)
DAYS = st.integers(0, 40).map(lambda n: MONDAY + n * DAY)
ABSENCES = st.lists(
    st.builds(
        lambda first, length, places: Absence(first, first + length * DAY, places, "away"),
        DAYS, st.integers(0, 6), st.integers(0, 2),
    ), max_size=3,
)  # fmt: skip
SITES = st.builds(
    SiteDays,
    weekdays=st.frozensets(st.integers(1, 7), min_size=1),
    holidays=st.dictionaries(DAYS, st.just("Feast"), max_size=3),
    places=st.integers(1, 3),
    absences=ABSENCES,
    taken=st.dictionaries(DAYS, st.integers(0, 3), max_size=5),
)


def window(earliest: int = 7, target: int = 14, latest: int = 28) -> WashoutWindow:
    first, best_on, last = (MONDAY + n * DAY for n in (earliest, target, latest))
    return WashoutWindow(first, best_on, last, Anchor(MONDAY, certain=True), ends_on=MONDAY + 3 * DAY)


def calendar(site: SiteDays, blocked: Sequence[Absence] = (), today: date = MONDAY) -> Calendar:
    return Calendar(site, blocked, today, VISITS)


@given(SITES, ABSENCES, st.integers(0, 40))
def test_a_day_is_possible_when_nothing_stands_against_it(
    site: SiteDays, blocked: list[Absence], n: int
) -> None:
    """Said again without the domain's words: open, a place left, the participant free, inside the window, not past."""
    day, today = MONDAY + n * DAY, MONDAY + 10 * DAY
    places = [a.places for a in site.absences if a.first_on <= day <= a.last_on]
    works = day.isoweekday() in site.weekdays and day not in site.holidays and 0 not in places
    room = min([site.places, *places]) > site.taken.get(day, 0)
    comes = all(not a.first_on <= day <= a.last_on for a in blocked)
    expected = works and room and comes and 7 <= n <= 28 and day >= today
    assert judged(window(), calendar(site, blocked, today), day).possible == expected


@given(SITES, ABSENCES)
def test_a_moved_visit_stays_in_its_window_and_on_a_working_day(
    site: SiteDays, blocked: list[Absence]
) -> None:
    for candidate in candidates(window(), calendar(site, blocked), around=14 * DAY):
        for visit in candidate.visits:
            if visit.on:
                assert visit.label == "Day 3"
                assert abs((visit.on - candidate.day).days - 3) == 1
                assert site.obstacle(visit.on, treating=False) is None
                assert all(not a.covers(visit.on) for a in blocked)


def test_the_target_on_a_working_day_is_best_and_a_weekend_is_not_proposed() -> None:
    site = SiteDays(frozenset({1, 2, 3, 4, 5}), {}, 1)
    proposed = best(candidates(window(), calendar(site), around=14 * DAY), 5)
    # The target is a Monday; its visits fall on Tuesday and Thursday.
    assert proposed[0].day == MONDAY + 14 * DAY
    assert (proposed[0].cost, proposed[0].visits) == (0, ())
    assert all(day.day.isoweekday() <= 5 for day in proposed)


def test_a_visit_without_a_day_weighs_more_than_a_month() -> None:
    """A dose on Friday leaves day 1, which may not move, on a Saturday."""
    site = SiteDays(frozenset({1, 2, 3, 4, 5}), {}, 1)
    friday = judged(window(), calendar(site), MONDAY + 18 * DAY)
    assert [(visit.label, visit.on) for visit in friday.visits] == [("Day 1", None)]
    far = judged(window(7, 14, 60), calendar(site), MONDAY + 50 * DAY)
    assert far.cost < friday.cost


def test_when_nothing_fits_it_says_which_rule_has_to_give() -> None:
    """The site is closed for the whole window: it could open, or the washout could be longer."""
    closed = Absence(MONDAY + 7 * DAY, MONDAY + 28 * DAY, 0, "building works")
    found = candidates(window(), calendar(SiteDays(frozenset(range(1, 8)), {}, 1, [closed])), around=14 * DAY)
    assert best(found, 5) == []
    gives = what_gives(found)
    assert gives["closed"].day == MONDAY + 14 * DAY
    assert gives["late"].day == MONDAY + 29 * DAY
    assert gives["too_early"].day == MONDAY + 6 * DAY
    assert "period_before" not in gives


def candidate(day: int, distance: int) -> Candidate:
    return Candidate(MONDAY + day * DAY, distance, (), (), 0)


@settings(max_examples=60)
@given(
    st.lists(st.dictionaries(st.integers(0, 4), st.integers(-5, 5), max_size=4), min_size=1, max_size=4),
    st.lists(st.integers(0, 2), min_size=5, max_size=5),
)
def test_the_assignment_is_the_best_of_all(people: list[dict[int, int]], free: list[int]) -> None:
    """Every assignment there is, tried: as many people as can be, then the least cost."""
    days = {
        number: [candidate(day, distance) for day, distance in each.items()]
        for number, each in enumerate(people)
    }
    found = assign(days, lambda day: free[(day - MONDAY).days])

    def worth(chosen: Sequence[Candidate | None]) -> tuple[int, int] | None:
        per_day = [sum(c is not None and c.day == MONDAY + n * DAY for c in chosen) for n in range(5)]
        if any(used > places for used, places in zip(per_day, free, strict=True)):
            return None
        crowd = sum(used * (used - 1) // 2 for used in per_day)
        return -sum(c is not None for c in chosen), sum(c.cost for c in chosen if c) + crowd

    everything = [worth(chosen) for chosen in product(*([None, *each] for each in days.values()))]
    assert worth([found.get(number) for number in days]) == min(w for w in everything if w is not None)
