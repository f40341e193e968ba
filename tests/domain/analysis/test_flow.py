"""Where each participant's way through the trial ends; that every figure of the flow adds up."""

from collections import Counter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.charts.flow_text import enrolment_steps, period_steps
from analysis.domain.flow import (
    ParticipantFlow,
    PeriodState,
    Stop,
    count,
    ending,
    from_rows,
    place,
    reached,
    rows,
)
from enrollment.protocol.file import parse
from tests.domain.enrollment.protocol.documents import ketnal

RULES = parse(ketnal())
STATUS = ["screening", "eligible", "screen_failed", "randomised", "completed", "withdrawn"]
STATES = st.sampled_from(get_args(PeriodState))
CRITERIA = st.lists(st.sampled_from(["Age", "HAM-D", "Opioids", "Consent"]), unique=True).map(tuple)


def courses(periods: int) -> st.SearchStrategy[ParticipantFlow]:
    """Anybody, also where the records contradict each other: rated without a dose, completed without a rating."""
    return st.builds(
        ParticipantFlow, st.sampled_from(STATUS), st.booleans(), st.tuples(*[STATES] * periods), CRITERIA
    )


PEOPLE = st.integers(1, 4).flatmap(
    lambda periods: st.tuples(
        st.just(periods), st.lists(st.tuples(courses(periods), st.integers(0, 5)), max_size=30)
    )
)


@given(PEOPLE)
def test_everybody_who_reaches_a_stage_ends_there_or_goes_on(
    people: tuple[int, list[tuple[ParticipantFlow, int]]],
) -> None:
    """From those assessed to the completers: the difference of two stages is who leaves between, never below 0."""
    periods, cases = people
    stops = count(cases)
    assert reached(stops, 0) == sum(n for _course, n in cases)
    assert reached(stops, 1) == sum(n for course, n in cases if course.randomised)
    for stage in range(periods + 2):
        left = ending(stops, stage).total()
        assert left >= 0
        assert reached(stops, stage) - left == reached(stops, stage + 1)
    completers = sum(n for course, n in cases if course.randomised and set(course.states) == {"evaluable"})
    assert reached(stops, periods + 2) == completers
    assert reached(stops, periods + 3) == 0


@given(st.lists(st.tuples(courses(2), st.integers(0, 5)), max_size=30))
def test_the_boxes_of_the_flow_add_up(cases: list[tuple[ParticipantFlow, int]]) -> None:
    """On the way down each box is the one before without those who left between; the reasons inside a box add up."""
    stops = count(cases)
    steps = [*enrolment_steps(stops, RULES), *period_steps(stops, RULES)]
    here = sum(n for _course, n in cases)
    for step in steps:
        assert step.n >= 0
        if step.reasons:
            assert sum(n for _words, n in step.reasons) == step.n
            assert all(n > 0 for _words, n in step.reasons)
        if step.out:
            here -= step.n
        else:
            assert step.n == here


@given(st.lists(st.tuples(st.sampled_from(["PN", "NP"]), courses(2)), max_size=30))
def test_the_sequences_together_are_the_pooled_flow(people: list[tuple[str, ParticipantFlow]]) -> None:
    """By sequence and pooled it is the same classification."""
    pooled = count((course, 1) for _sequence, course in people)
    parts = [count((course, 1) for code, course in people if code == one) for one in ("PN", "NP")]
    assert parts[0] + parts[1] == pooled
    both = [period_steps(part, RULES) for part in parts]
    for first, second, together in zip(*both, period_steps(pooled, RULES), strict=True):
        assert first.n + second.n == together.n
        assert Counter(dict(first.reasons)) + Counter(dict(second.reasons)) == Counter(dict(together.reasons))


@given(st.lists(st.tuples(courses(3), st.integers(1, 5)), max_size=20))
def test_stored_figures_are_read_as_they_were(cases: list[tuple[ParticipantFlow, int]]) -> None:
    assert from_rows(rows(count(cases))) == count(cases)


@pytest.mark.parametrize(
    ("course", "stop"),
    [
        (
            ParticipantFlow("screen_failed", False, criteria=("HAM-D", "Age")),
            Stop(0, "excluded", 0, ("Age", "HAM-D")),
        ),
        (ParticipantFlow("withdrawn", False), Stop(0, "withdrawn")),
        (ParticipantFlow("eligible", False), Stop(0, "screening")),
        (ParticipantFlow("withdrawn", True, ("not_dosed", "not_dosed")), Stop(1, "withdrawn")),
        (ParticipantFlow("withdrawn", True, ("evaluable", "not_dosed")), Stop(2, "withdrawn")),
        (ParticipantFlow("randomised", True, ("no_primary", "not_dosed")), Stop(2, "waiting")),
        (ParticipantFlow("completed", True, ("evaluable", "not_dosed")), Stop(2, "not_given")),
        (ParticipantFlow("randomised", True, ("not_dosed", "evaluable")), Stop(1, "not_given")),
        (ParticipantFlow("withdrawn", True, ("evaluable", "no_primary")), Stop(3, "withdrawn", 2)),
        (ParticipantFlow("withdrawn", True, ("no_baseline", "no_primary")), Stop(3, "no_baseline", 1)),
        (ParticipantFlow("randomised", True, ("evaluable", "to_come")), Stop(3, "to_come", 2)),
        # Who left after everything was rated is a completer: the analysis has all it needs.
        (ParticipantFlow("withdrawn", True, ("evaluable", "evaluable")), Stop(4, "completer")),
    ],
)
def test_where_somebody_leaves_the_flow(course: ParticipantFlow, stop: Stop) -> None:
    assert place(course) == stop


def test_who_misses_several_criteria_stands_once() -> None:
    """One reason each; two criteria together are a line of their own, and many such lines become one."""
    stops = count(
        [
            (ParticipantFlow("screen_failed", False, criteria=("HAM-D",)), 2),
            (ParticipantFlow("screen_failed", False, criteria=("HAM-D", "Age")), 1),
            (ParticipantFlow("screen_failed", False), 1),
            (ParticipantFlow("eligible", False), 2),
        ]
    )
    waiting = [
        step.n for step in enrolment_steps(stops, RULES) if step.label.startswith("Still in screening")
    ]
    assert waiting == [2]
    [excluded] = [step for step in enrolment_steps(stops, RULES) if step.label == "Excluded"]
    assert (excluded.n, excluded.reasons) == (4, (("another reason", 1), ("HAM-D", 2), ("Age and HAM-D", 1)))
    pairs = [("A", "B"), ("A", "C"), ("A", "D"), ("B", "C"), ("B", "D")]
    many = count((ParticipantFlow("screen_failed", False, criteria=pair), 1) for pair in pairs)
    [excluded] = [step for step in enrolment_steps(many, RULES) if step.label == "Excluded"]
    assert excluded.reasons == (("more than one criterion", 5),)
