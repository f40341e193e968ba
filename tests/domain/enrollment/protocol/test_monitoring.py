"""The keys of futility, safety and the effect planned for: read, checked against each other, and optional."""

from datetime import date
from typing import Any

import pytest

from enrollment.protocol.model import ExpectedResponses, PlannedLook
from tests.domain.enrollment.protocol.documents import ketnal, problems_of, protocol

CONDITIONAL = {"method": "conditional_power", "under": "trend", "below": 0.1}


def stopping(**changes: Any) -> dict[str, Any]:
    """The shipped file with these keys of `stopping` in place of its own; None takes one away."""
    content = ketnal()
    content["sources"]["stopping"] = "our choice"
    for name, value in changes.items():
        content["stopping"][name] = value
        if value is None:
            del content["stopping"][name]
            content["sources"].pop(f"stopping.{name}", None)
    return content


def test_the_shipped_trial_says_what_stops_it() -> None:
    """An effect, a rule for futility and one for safety."""
    rule = protocol("ketamine_naltrexone").stopping
    assert rule
    assert rule.design
    assert rule.design.responses == (0.6, 0.2)
    assert rule.futility
    assert rule.futility.below == 0.1
    assert rule.safety
    assert (rule.safety.prior, rule.safety.p0, rule.safety.tau) == ((1.0, 9.0), 0.1, 0.95)


def test_each_of_the_three_may_be_left_out() -> None:
    assert problems_of(stopping(design=None, futility=None, safety=None)) == {}
    assert problems_of(stopping(futility=CONDITIONAL, design=None)) == {}
    assert problems_of(stopping(futility={"method": "predictive_power", "below": 0.2})) == {}


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        ({"futility": {**CONDITIONAL, "below": 0}}, "stopping.futility.below", "0.001 to 0.999"),
        ({"futility": {**CONDITIONAL, "under": "hope"}}, "stopping.futility.under", "'trend', 'null'"),
        ({"futility": {"method": "power", "below": 0.1}}, "stopping.futility.method", "'predictive_power'"),
        (
            {"futility": {"method": "conditional_power", "below": 0.1}},
            "stopping.futility.under",
            "the method needs it",
        ),
        (
            {"futility": {**CONDITIONAL, "method": "predictive_power"}},
            "stopping.futility.under",
            "no such key",
        ),
        (
            {"futility": {**CONDITIONAL, "under": "design"}, "design": None},
            "stopping.futility.under",
            "[stopping.design]",
        ),
        ({"looks": [{"number": 1, "completers": 30}]}, "stopping.futility", "a look before the last"),
        ({"futility": {**CONDITIONAL, "bellow": 0.1}}, "stopping.futility.bellow", "'below'?"),
        ({"design": {"responses": [0.6]}}, "stopping.design.responses", "2 × a number, 0 to 1"),
        ({"design": {"responses": [0.6, 1.2]}}, "stopping.design.responses[2]", "0 to 1"),
        ({"design": {"responses": [0.4, 0.4]}}, "stopping.design.responses", "two that differ"),
        (
            {"design": {"responses": [0.2, 0.6]}, "sides": 1, "alpha": 0.025},
            "stopping.design.responses",
            "the first greater",
        ),
        (
            {"design": {"responses": [0.6, 0.2], "correlation": 0.9}},
            "stopping.design.correlation",
            "-0.612 to 0.408",
        ),
        (
            {"safety": {"event": "death", "prior": [1, 0], "p0": 0.1, "tau": 0.9}},
            "stopping.safety.prior[2]",
            "0.001 to 1000",
        ),
        ({"safety": {"event": "death", "prior": [1, 9], "p0": 0.1}}, "stopping.safety.tau", "0.001 to 0.999"),
    ],
)
def test_a_mistake_is_named_with_what_was_expected(changes: dict[str, Any], key: str, says: str) -> None:
    problems = problems_of(stopping(**changes))
    assert key in problems, problems
    assert says in problems[key].expected


LOOKS: list[dict[str, Any]] = [
    {"number": 1, "completers": 12, "on": "2027-03-01"},
    {"number": 2, "completers": 30},
]


@pytest.mark.parametrize(
    ("on", "says"),
    [
        ("1 Mar 2027", "a day such as '2027-03-01'"),
        ("2027-02-30", "in the calendar"),
        ("2027-13-01", "in the calendar"),
        (20270301, "a day such as"),
    ],
)
def test_a_day_of_a_look_is_in_the_calendar(on: Any, says: str) -> None:
    problems = problems_of(stopping(looks=[{**LOOKS[0], "on": on}, LOOKS[1]]))
    assert says in problems["stopping.looks.1.on"].expected


def test_days_come_in_the_order_of_the_looks() -> None:
    assert problems_of(stopping(looks=LOOKS)) == {}
    problems = problems_of(stopping(looks=[LOOKS[0], {**LOOKS[1], "on": "2027-03-01"}]))
    assert "after that of the look before, 2027-03-01" in problems["stopping.looks.2.on"].expected


def test_a_look_is_due_by_its_number_or_on_its_day() -> None:
    """On its day with one completer or more, whatever number was expected; never by its day where none is known."""
    by_number, by_day = PlannedLook(1, 12), PlannedLook(1, 12, "2027-03-01")
    day = date(2027, 3, 1)
    assert [by_number.due(n, None) for n in (11, 12)] == [False, True]
    assert [by_day.due(n, day) for n in (0, 1, 40)] == [False, True, True]
    assert not by_day.due(40, date(2027, 2, 28))
    assert not by_day.due(40, None)


def test_the_numbers_need_a_source_like_all_others() -> None:
    content = ketnal()
    del content["sources"]["stopping.safety"]
    assert 'sources."stopping.safety.p0"' in problems_of(content)


def test_two_shares_bound_their_correlation() -> None:
    """All who respond with the second respond with the first: 1 for equal shares; and never with a certain one."""
    assert ExpectedResponses((0.5, 0.5)).correlations() == pytest.approx((-1, 1))
    assert ExpectedResponses((0.6, 0.2)).correlations() == pytest.approx(
        (-0.12 / 0.0384**0.5, 0.08 / 0.0384**0.5)
    )
    assert ExpectedResponses((1.0, 0.2)).correlations() == (0.0, 0.0)
