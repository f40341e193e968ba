"""What a form makes of the values in it, and that no value, and no order of its items, makes it do otherwise."""

import random
import time as clock
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.domain.evaluate import EXPLAINED, REQUIRED, Evaluation, evaluate, references
from assessments.domain.expression import Missing, Reference
from assessments.domain.form import Form
from assessments.domain.form_file import load, parse
from assessments.domain.partial_date import PartialDate
from assessments.domain.values import Quantity, Value
from tests.domain.assessments.forms.documents import item, label, never_seen, small

TODAY = date(2026, 3, 9)
NEVER_SEEN = parse(never_seen())
LABS = Reference("RESULT", "LABS")


def evaluated(values: dict[str, Any], missing: dict[str, str] | None = None, **keys: Any) -> Evaluation:
    return evaluate(NEVER_SEEN, values, missing, today=TODAY, **keys)


def of(form: Form, values: dict[str, Any], missing: dict[str, str] | None = None, **keys: Any) -> Evaluation:
    return evaluate(form, values, missing, today=TODAY, **keys)


def problems(evaluation: Evaluation) -> list[tuple[str, str]]:
    return [(problem.item, problem.check or problem.rule) for problem in evaluation.problems]


def findings(evaluation: Evaluation) -> list[tuple[str, str]]:
    return [(finding.item, finding.check) for finding in evaluation.findings]


def test_the_form_that_nobody_has_seen_has_sixty_items_of_every_type() -> None:
    assert len(NEVER_SEEN.items) == 60
    assert len({entry.type for entry in NEVER_SEEN.items}) == 14


def test_conditions_three_deep_open_one_after_the_other() -> None:
    """Each is shown only while all before it are true; unknown is not true."""
    deepest = {"YES_NO1": True, "YES_NO2": True, "YES_NO3": True}
    assert "YES_NO2" not in evaluated({}).shown
    assert "YES_NO3" not in evaluated({"YES_NO1": True, "YES_NO2": False}).shown
    assert "YES_NO4" not in evaluated(deepest).shown
    assert "TEXT4" in evaluated(deepest).shown
    assert "YES_NO4" in evaluated({**deepest, "CHOICES1": ("RED",)}).shown
    closed = evaluated({**deepest, "YES_NO1": False, "CHOICES1": ("RED",)})
    assert not {"YES_NO2", "YES_NO3", "YES_NO4", "TEXT4"} & set(closed.shown)
    assert closed.not_shown == ("YES_NO2", "YES_NO3")


def test_a_value_that_is_no_longer_asked_for_is_kept_and_asked_about() -> None:
    """Its expressions take it for missing, so that it has no say in anything; a comment answers the question."""
    values = {"YES_NO1": False, "YES_NO2": True}
    evaluation = evaluated(values)
    assert findings(evaluation) == [("YES_NO2", "not_shown")]
    assert problems(evaluation) == []
    assert "YES_NO3" not in evaluation.shown
    kept = evaluated(values, comments={("YES_NO2", "not_shown"): "as on the paper"})
    assert kept.findings[0].comment == "as on the paper"
    assert kept.unanswered == ()


def test_a_required_item_needs_a_value_or_a_reason() -> None:
    opened = {"YES_NO1": True}
    assert evaluated(opened).required == ("YES_NO2",)
    assert problems(evaluated(opened)) == [("YES_NO2", "required")]
    assert problems(evaluated(opened, {"YES_NO2": "ND"})) == []
    assert problems(evaluated({**opened, "YES_NO2": False})) == []
    assert problems(evaluated({**opened, "YES_NO2": False}, {"YES_NO2": "ND"})) == [
        ("YES_NO2", "value_and_reason")
    ]
    assert problems(evaluated(opened, {"YES_NO2": "LAZY"})) == [("YES_NO2", "reason")]


def test_an_item_has_the_reasons_of_the_form_its_own_or_none() -> None:
    items = [item(code, "text", required=True) for code in "ABC"]
    items[1]["missing_reasons"] = ["NA"]
    items[2]["missing_reasons"] = []
    form = parse(small(missing_reasons=["ND"], items=items, title=label("Small")))
    assert [form.reasons(entry) for entry in form.items] == [("ND",), ("NA",), ()]
    assert problems(of(form, {}, dict.fromkeys("ABC", "ND"))) == [("B", "reason"), ("C", "reason")]
    assert [problem.message for problem in of(form, {}).problems][1:] == [EXPLAINED, REQUIRED]


def test_required_when_hears_of_other_items() -> None:
    values = {"YES_NO1": True, "YES_NO2": True, "INTEGER1": 101}
    assert evaluated(values).required == ("YES_NO2", "YES_NO3")
    assert evaluated({**values, "INTEGER1": 100}).required == ("YES_NO2",)


def test_a_value_outside_the_hard_range_is_refused_and_outside_the_soft_one_asked_about() -> None:
    evaluation = evaluated({"INTEGER3": 1001, "INTEGER2": 0})
    assert problems(evaluation) == [("INTEGER3", "range")]
    assert findings(evaluation) == [("INTEGER2", "usual")]
    problem, finding = evaluation.problems[0], evaluation.findings[0]
    assert problem.message % problem.params == "1001 is not possible: 0 to 1000 mmHg."
    assert finding.message % finding.params == "0 is outside what is usual, at least 10 mmHg. Is it right?"


def test_ranges_are_those_of_the_standard_unit() -> None:
    light = Quantity(Decimal(150), "LB", Decimal("68.0"))
    heavy = Quantity(Decimal(450), "LB", Decimal("204.1"))
    assert findings(evaluated({"DECIMAL1": light, "DECIMAL2": heavy})) == [("DECIMAL2", "usual")]


def test_what_is_calculated() -> None:
    """From values that are there; nothing while one is missing, and nothing of an item that is not shown."""
    values: dict[str, Any] = {"INTEGER1": 10, "INTEGER2": 3, "CHOICE1": "RED", "CHOICE2": "RED"}
    values["DATETIME1"] = datetime(2026, 3, 9, 14, 5, tzinfo=UTC)
    whole = {"SUM": 13, "TWICE": 26, "SAME": True, "DAY": date(2026, 3, 9)}
    assert evaluated(values).calculated == whole
    assert evaluated({**values, "YES_NO1": True}).calculated == {**whole, "RATIO": Decimal("3.33")}
    assert evaluated({"INTEGER1": 10}).calculated == {}
    assert evaluated({"INTEGER1": 10, "INTEGER2": 0, "YES_NO1": True}).calculated == {"SUM": 10, "TWICE": 20}
    assert findings(evaluated({"INTEGER1": 900, "INTEGER2": 100})) == [("TWICE", "usual")]
    assert problems(evaluated({"INTEGER1": 900, "INTEGER2": 900})) == [("TWICE", "range")]


def test_checks_speak_only_where_they_are_false() -> None:
    late = {"TIME1": time(10), "TIME2": time(10, 46)}
    assert findings(evaluated(late)) == [("TIME2", "SLOW")]
    assert evaluated(late).findings[0].version == 2
    assert evaluated(late, language="de").findings[0].message == "In time auf Deutsch"
    assert findings(evaluated({"TIME1": time(10)})) == []
    assert problems(evaluated({"DATE1": date(2026, 3, 9), "PARTIAL_DATE1": PartialDate(2026, 2)})) == [
        ("DATE1", "ORDER")
    ]
    assert problems(evaluated({"DATE1": date(2026, 3, 9), "PARTIAL_DATE1": PartialDate(2026, 3)})) == []


def test_a_check_over_forms_needs_the_other_form() -> None:
    assert references(NEVER_SEEN) == {LABS}
    assert findings(evaluated({"VAS1": 50})) == []
    assert findings(evaluated({"VAS1": 50}, others={LABS: 51})) == []
    assert findings(evaluated({"VAS1": 50}, others={LABS: 49})) == [("VAS1", "OTHER")]
    assert findings(evaluated({"VAS1": 50}, others={LABS: Missing("ND")})) == []


def test_blank_zero_no_not_done_and_unknown_are_different_things() -> None:
    form = parse(small(
        missing_reasons=["ND", "UNK"],
        items=[item("A", "integer"), item("B", "calculated", result="text", calculate=
               "has(A) ? 'value' : reason(A) == 'ND' ? 'not done' : reason(A) == 'UNK' ? 'unknown' : 'blank'")],
        title=label("Small"),
    ))  # fmt: skip
    assert of(form, {"A": 0}).calculated == {"B": "value"}
    assert of(form, {}).calculated == {"B": "blank"}
    assert of(form, {}, {"A": "ND"}).calculated == {"B": "not done"}
    assert of(form, {}, {"A": "UNK"}).calculated == {"B": "unknown"}


def test_an_item_of_no_form_and_a_value_of_another_type_are_refused() -> None:
    evaluation = evaluated({"NOWHERE": 1, "INTEGER1": "x", "YES_NO1": 1, "HEADING1": "x"}, {"NEITHER": "ND"})
    assert sorted(problems(evaluation)) == [
        ("INTEGER1", "type"), ("NEITHER", "unknown"), ("NOWHERE", "unknown"), ("YES_NO1", "type"),
    ]  # fmt: skip


VITALS = load("VITALS")
PRESSURE = {"TIME": datetime(2026, 3, 9, 14, 5, tzinfo=UTC), "SYSBP": 120, "DIABP": 80}


def test_vital_signs_as_shipped() -> None:
    assert problems(of(VITALS, PRESSURE)) == findings(of(VITALS, PRESSURE)) == []
    assert problems(of(VITALS, {**PRESSURE, "DIABP": 120})) == [("DIABP", "SYSTOLIC_ABOVE_DIASTOLIC")]
    assert findings(of(VITALS, {**PRESSURE, "SYSBP": 90})) == [("DIABP", "PULSE_PRESSURE")]
    assert findings(of(VITALS, {**PRESSURE, "SYSBP": 170})) == [("SYSBP", "usual")]
    assert problems(of(VITALS, {"SYSBP": 120})) == [("TIME", "required"), ("DIABP", "required")]


EVENT: dict[str, Any] = {
    "TERM": "Headache", "ONSET": PartialDate(2026, 3), "ONGOING": False, "END": PartialDate(2026, 3, 8),
    "SEVERITY": "MILD", "SERIOUS": False, "RELATED": "RELATED", "ACTION": "DOSE NOT CHANGED",
    "OUTCOME": "RECOVERED/RESOLVED",
}  # fmt: skip
CRITERIA = ("DEATH", "LIFE_THREATENING", "HOSPITALISATION", "DISABILITY", "CONGENITAL", "IMPORTANT")


def test_an_adverse_event_as_shipped() -> None:
    """An onset of which the day is unknown is neither before nor after an end in its month."""
    event = load("ADVERSE_EVENT")
    assert problems(of(event, EVENT)) == findings(of(event, EVENT)) == []
    assert not set(CRITERIA) & set(of(event, EVENT).shown)
    assert problems(of(event, {**EVENT, "END": PartialDate(2026, 2)})) == [("END", "END_AFTER_ONSET")]
    assert problems(of(event, {**EVENT, "ONSET": PartialDate(2026, 4), "END": PartialDate(2026, 5)})) == [
        ("ONSET", "ONSET_NOT_AHEAD"), ("END", "END_NOT_AHEAD"),
    ]  # fmt: skip
    assert findings(of(event, {**EVENT, "ONGOING": True})) == [
        ("END", "not_shown"),
        ("OUTCOME", "ONGOING_OUTCOME"),
    ]
    serious = {**EVENT, "SERIOUS": True, "AWARE": datetime(2026, 3, 9, tzinfo=UTC), "NARRATIVE": "x"}
    serious["RELATED"] = "NOT RELATED"
    assert problems(of(event, serious)) == [(code, "required") for code in CRITERIA]
    none = serious | dict.fromkeys(CRITERIA, False)
    assert problems(of(event, none)) == [("SERIOUS", "A_CRITERION")]
    assert problems(of(event, {**none, "IMPORTANT": True})) == []


CODES = st.sampled_from([entry.code for entry in NEVER_SEEN.items] + ["NOWHERE"])
ANYTHING = st.one_of(
    st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["RED", ("RED",), (), b"x", None, [], {}, 1.5]),
    st.decimals(), st.dates(), st.times(), st.datetimes(), st.datetimes(timezones=st.just(UTC)),
    st.builds(Quantity, st.decimals(), st.sampled_from(["kg", "LB", "", "x"]), st.decimals()),
    st.builds(PartialDate, st.integers(1900, 2100), st.none() | st.integers(1, 12)),
)  # fmt: skip
ENTRIES = st.dictionaries(CODES, ANYTHING, max_size=30)
REASONS = st.dictionaries(CODES, st.sampled_from(["ND", "UNK", "", "x"]), max_size=10)


@given(ENTRIES, REASONS, st.dictionaries(st.just(LABS), ANYTHING), st.dates(date(1900, 1, 1)))
def test_no_value_makes_it_fail(
    values: dict[str, Value], missing: dict[str, str], others: dict[Reference, Value], today: date
) -> None:
    """What it says is of the form's items, and what is calculated is a value of its item."""
    evaluation = evaluate(NEVER_SEEN, values, missing, today=today, others=others)
    assert {*evaluation.shown, *evaluation.calculated} <= NEVER_SEEN.by_code.keys()
    assert not set(evaluation.not_shown) & set(evaluation.shown)
    assert all(problem.message % problem.params for problem in evaluation.problems)
    assert all(finding.message % finding.params for finding in evaluation.findings)


@given(ENTRIES, REASONS, st.randoms(use_true_random=False))
def test_the_order_of_the_items_changes_nothing(
    values: dict[str, Value], missing: dict[str, str], shuffle: random.Random
) -> None:
    document = never_seen()
    for name in ("items", "groups", "checks"):
        shuffle.shuffle(document[name])
    other = evaluate(parse(document), values, missing, today=TODAY)
    here = evaluated(values, missing)
    assert set(other.shown) == set(here.shown)
    assert set(other.required) == set(here.required)
    assert other.calculated == here.calculated
    assert sorted(map(repr, other.problems)) == sorted(map(repr, here.problems))
    assert sorted(map(repr, other.findings)) == sorted(map(repr, here.findings))


@pytest.mark.parametrize("filled", [False, True])
def test_sixty_items_take_a_few_milliseconds(filled: bool) -> None:
    """The best of ten, for the machine may be busy."""
    values: dict[str, Any] = {f"YES_NO{n}": True for n in (1, 2, 3)} | {
        f"INTEGER{n}": 50 for n in (1, 2, 3, 4)
    }
    values |= {f"DECIMAL{n}": Quantity(Decimal(70), "kg", Decimal(70)) for n in (1, 2, 3, 4)}
    evaluated({})
    times = []
    for _ in range(10):
        started = clock.perf_counter()
        evaluated(values if filled else {})
        times.append(clock.perf_counter() - started)
    assert min(times) < 0.005
