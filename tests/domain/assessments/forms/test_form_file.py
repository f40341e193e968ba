"""A form file is read whole or refused with every mistake: key, found, expected."""

import json
import time as clock
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from assessments.domain.expression import ValueType
from assessments.domain.form import Form
from assessments.domain.form_file import (
    FOLDER,
    FormError,
    Surroundings,
    catalogue_of,
    circle_problems,
    parse,
    read_form,
    schema,
    shipped,
)
from assessments.domain.form_logic import FormOutline
from tests.domain.assessments.forms.documents import item, label, never_seen, problems_of, small
from trialsite.lib.document import toml

SHIPPED = sorted(path.stem for path in FOLDER.glob("*.toml"))
VALIDATOR = Draft202012Validator(schema())


def document(name: str) -> dict[str, Any]:
    return toml.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def test_every_shipped_form_is_read_under_its_files_name() -> None:
    assert [code.lower() for code in shipped()] == SHIPPED


def test_labels_are_a_text_or_a_table_by_language() -> None:
    form = parse(never_seen())
    assert form.title.text("de") == "Never seen auf Deutsch"
    assert form.title.text("de-AT") == "Never seen auf Deutsch"
    assert form.title.text("fr") == form.title.text() == "Never seen"
    assert parse(small()).title.text("de") == "Small"


def of_items(*items: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return small(title={"en": "Small", "de": "Klein"}, items=list(items), **keys)


LISTED = {"code_lists": [{"code": "L", "items": [{"code": "X", "label": "x"}, {"code": "Y", "label": "y"}]}]}
CHECK = {"id": "C", "holds": "A > 1", "message": "m", "severity": "hard", "item": "A"}
UNIT = {"code": "kg"}
MISTAKES: list[tuple[dict[str, Any], str | None]] = [
    (small(placement="everywhere"),
     "placement: found 'everywhere', expected one of 'once_at_visit', 'repeating_at_visit', 'once', 'repeating'"),
    (small(title={"EN": "x"}),
     "title: found a table, expected a text of at most 500 characters, or a table of texts by language"),
    (small(titel="x"), "titel: found an unknown key, expected a known key: did you mean 'title'?"),
    (small(items=[]), "items: found nothing to fill in, expected at least one item that is filled in"),
    (of_items(item("A", "heading")), "items: found nothing to fill in, expected at least one item that is filled in"),
    (of_items(item("A", "number")), None),
    (of_items(item("A", "text"), item("A", "date")), "items.A: found 'A' 2 times, expected each code once"),
    (of_items(item("in", "text")),
     "items.in.code: found 'in', expected a name that is no word of the expressions"),
    (of_items(item("A", "date", minimum=1)),
     "items.A.minimum: found this key at an item of the type date, expected it at integer, decimal, vas, calculated only"),
    (of_items(item("A", "text", units=[UNIT])),
     "items.A.units: found this key at an item of the type text, expected it at integer, decimal, vas, calculated only"),
    (of_items(item("A", "integer", units=[UNIT, {"code": "lb", "factor": 0.45}])),
     "items.A.units: found 2 units, expected one unit, for this item is of the type integer"),
    (of_items(item("A", "decimal", units=[{"code": "lb", "factor": 0.45}, UNIT])),
     "items.A.units.lb: found 'lb' with a conversion, expected the standard unit first, with nothing to convert"),
    (of_items(item("A", "integer", minimum=3, maximum=2)),
     "items.A.maximum: found 2, expected at least 3, the minimum"),
    (of_items(item("A", "integer", maximum=5, usual_maximum=6)),
     "items.A.maximum: found 5, expected at least 6, the usual_maximum"),
    (of_items(item("A", "vas", usual_maximum=101)),
     "items.A.maximum: found 100, expected at least 101, the usual_maximum"),
    (of_items({"code": "A", "type": "choice", "label": "A"}),
     "items.A.code_list: found nothing, expected the code of a code list, for this item is a choice"),
    (of_items(item("A", "choice", code_list="M"), **LISTED),
     "items.A.code_list: found 'M', expected the code of a code list: one of L"),
    (of_items(item("A", "yes_no", code_list="L"), **LISTED),
     "items.A.code_list: found 'L', expected a list of the codes Y and N, for this item is yes or no"),
    (of_items(item("A", "text", group="G")), "items.A.group: found 'G', expected the code of a group: one of none"),
    (of_items(item("A", "calculated"), item("B", "text")),
     "items.A.calculate: found nothing, expected an expression, for this item is calculated"),
    (of_items(item("A", "text", result="text")),
     "items.A.result: found this key at an item of the type text, expected it at calculated only"),
    (small(code_lists=[{"code": "L", "items": []}]),
     "code_lists.L.items: found an empty list, expected at least one answer"),
    (small(code_lists=[{"code": "L", "items": [{"code": code, "label": "x", "key": 1} for code in "XY"]}]),
     "code_lists.L.items: found the key 1 2 times, expected each key once"),
    (small(checks=[CHECK | {"item": "AA"}]),
     "checks.C.item: found 'AA', expected the code of an item; did you mean 'A'?"),
    (small(checks=[CHECK | {"id": "usual"}]),
     "checks.usual.id: found 'usual', expected a name that no finding of every form has"),
    (small(row_title=["A"]), "row_title: found this key in a form that does not repeat, expected it in a form that repeats"),
    (small(placement="repeating"),
     "repeat_label: found nothing, expected what one row is called, for this form repeats"),
    (small(placement="repeating", repeat_label="Row", row_title=["B"]),
     "row_title[1]: found 'B', expected the code of an item: one of A"),
    (of_items({"code": "A", "type": "text", "label": {"en": "A"}}),
     "items.A.label: found languages en, expected all of the title: de, en"),
    (small(items=[item("A", "text")]), "items.A.label: found languages de, en, expected a title in the same languages"),
    (small(checks=[CHECK | {"holds": "B > 1"}]), "checks.C.holds: found 'B', expected an item of this form"),
    (small(checks=[CHECK | {"holds": "A"}]), "checks.C.holds: found A, a number, expected yes or no"),
    (small(checks=[CHECK | {"holds": "A >"}]),
     "checks.C.holds: found 'A >', which ends too early, expected an expression such as AGE >= 18 && has(WEIGHT)"),
    (of_items(item("A", "text", show_when="B == 'z'"), item("B", "choice", code_list="L"), **LISTED),
     "items.A.show_when: found 'z', expected one of the codes X, Y"),
    (of_items(item("A", "integer"), item("B", "calculated", calculate="A > 1")),
     "items.B.calculate: found A > 1, yes or no, expected a number"),
    (of_items(item("A", "yes_no", show_when="B"), item("B", "yes_no", show_when="C"), item("C", "yes_no", show_when="A")),
     "items.A.show_when: found the circle A → B → C → A, expected items that do not depend on themselves"),
    (of_items(item("A", "yes_no", show_when="has(A)")),
     "items.A.show_when: found the circle A → A, expected items that do not depend on themselves"),
    (of_items(item("A", "integer"), item("B", "calculated", calculate="C + A"), item("C", "calculated", calculate="B")),
     "items.B.calculate: found the circle B → C → B, expected items that do not depend on themselves"),
    (of_items(item("A", "yes_no", group="G"), groups=[{"code": "G", "label": "G", "show_when": "A"}]),
     "groups.G.show_when: found the circle A → A, expected items that do not depend on themselves"),
    (small(placement="repeating", repeat_label="Row", row_title=["A"], readers="author"),
     "row_title: found this key in a form that its author alone reads, expected none: others read names of rows"),
    (small(placement="once", apart_from=["OTHER"]),
     "apart_from: found this key in another form, expected it in a form that is filled in once at a visit"),
    (of_items(item("A", "choice", code_list="L"), placement="once_at_visit", treatment_guess="A", **LISTED),
     "readers: found 'everyone', expected 'author', for this form asks for a guess of the treatment"),
    (of_items(item("A", "text"), placement="once_at_visit", readers="author", treatment_guess="A"),
     "treatment_guess: found 'A', expected the code of a choice: one of none"),
]  # fmt: skip


@pytest.mark.requirement("FRM-01")
@pytest.mark.parametrize(("content", "problem"), MISTAKES)
def test_a_mistake_is_said_with_key_found_and_expected(content: dict[str, Any], problem: str | None) -> None:
    problems = [str(mistake) for mistake in problems_of(content).values()]
    assert problems if problem is None else problems == [problem]


@pytest.mark.requirement("FRM-01")
def test_all_mistakes_are_said_at_once() -> None:
    """Those of what can be read too, and none about what cannot: B is there, though nobody knows what it is."""
    content = of_items(
        item("A", "integer", show_when="B > 1 && D", minimum=5, maximum=1),
        item("B", "decimal", decimals=-1),
        item("C", "text", group="G"),
        checks=[CHECK | {"item": "B", "holds": "C > 1"}],
    )
    assert sorted(problems_of(content)) == [
        "checks.C.holds", "items.A.maximum", "items.A.show_when", "items.B.decimals", "items.C.group",
    ]  # fmt: skip


LABS = FormOutline("once", {"RESULT": ValueType("number")})
BODY = FormOutline("once_at_visit", {"WEIGHT": ValueType("number")})
EVENTS = FormOutline("repeating", {"TERM": ValueType("text")})
GUESS = FormOutline("once_at_visit", {"GUESS": ValueType("text")}, withheld=True)
AROUND = {"catalogue": {"LABS": LABS, "BODY": BODY, "EVENTS": EVENTS, "ASIDE": GUESS}, "visits": {"DAY1"}, "periods": {1, 2},
          "parameters": {"limit"}}  # fmt: skip


@pytest.mark.parametrize(
    ("placement", "holds", "problem"),
    [
        ("once", "A > LABS.RESULT", None),
        ("once", "A > DAY1.BODY.WEIGHT",
         "found 'DAY1.BODY.WEIGHT', of any period, expected a period before it: 'PERIOD1.DAY1.BODY.WEIGHT'"),
        ("once", "A > PERIOD2.DAY1.BODY.WEIGHT", None),
        ("once", "A > PERIOD3.DAY1.BODY.WEIGHT", "found 'PERIOD3', expected a period: one of PERIOD1, PERIOD2"),
        ("once", "A > SCREENING.BODY.WEIGHT", None),
        ("once", "A > PERIOD1.SCREENING.BODY.WEIGHT",
         "found 'PERIOD1.SCREENING.BODY.WEIGHT', expected screening without a period"),
        ("once", "A > PROTOCOL.limit", None),
        ("once", "A > PROTOCOL.limits", "found 'limits', expected a parameter of the protocol; did you mean 'limit'?"),
        ("once", "EVENTS.exists(e, e.TERM == 'x')", None),
        ("once", "LABS.exists(e, true)",
         "found the rows of LABS, which is once for the participant, expected a form that repeats"),
        ("once_at_visit", "A > DAY1.BODY.WEIGHT", None),
        ("once_at_visit", "A > BODY.WEIGHT", None),
        ("once", "A > BODY.WEIGHT",
         "found 'BODY.WEIGHT', of a form that is once at a visit, expected a visit before it: 'VISIT.BODY.WEIGHT'"),
        ("once", "A > DAY1.LABS.RESULT",
         "found 'DAY1.LABS.RESULT', of a form that is once for the participant, expected 'LABS.RESULT', without a visit"),
        ("once", "has(EVENTS.TERM)",
         "found 'EVENTS.TERM', of a form that repeats for the participant, expected an item of a form with"
         " one record, or the rows: 'EVENTS.exists(row, …)'"),
        ("once", "A > LAB.RESULT", "found 'LAB', expected a form; did you mean 'LABS'?"),
        ("once", "A > LABS.RESULTS", "found 'LABS.RESULTS', expected an item of LABS; did you mean 'RESULT'?"),
        ("once", "A > DAY2.BODY.WEIGHT", "found 'DAY2', expected a visit of the protocol; did you mean 'DAY1'?"),
        ("once", "LABS.RESULT == 'x'", "found 'x', a text, expected a number"),
        ("once_at_visit", "ASIDE.GUESS == 'x'",
         "found 'ASIDE.GUESS', of a form that its author alone reads, expected an item that all read"),
    ],
)  # fmt: skip
@pytest.mark.requirement("FRM-01")
def test_items_of_other_forms_are_known(placement: str, holds: str, problem: str | None) -> None:
    content = small(placement=placement, checks=[CHECK | {"holds": holds}])
    problems = problems_of(content, **AROUND)
    expected = [] if problem is None else [f"checks.C.holds: {problem}"]
    assert [str(mistake) for mistake in problems.values()] == expected


def test_reasons_and_layouts_are_those_there_are() -> None:
    content = small(missing_reasons=["ND", "LAZY"], layout="grids")
    problems = problems_of(content, missing_reasons={"ND"}, layouts={"column", "grid"})
    assert [str(problem) for problem in problems.values()] == [
        "missing_reasons[2]: found 'LAZY', expected the code of a reason of the protocol: one of ND",
        "layout: found 'grids', expected a layout; did you mean 'grid'?",
    ]


def test_the_shipped_forms_may_name_each_other() -> None:
    forms = shipped()
    for name in SHIPPED:
        assert (
            parse(document(name), Surroundings(catalogue=catalogue_of(forms.values()))) == forms[name.upper()]
        )


def test_a_text_that_is_no_toml_is_one_mistake() -> None:
    with pytest.raises(FormError, match="the file: found not TOML"):
        read_form("code =")


def places(value: Any, steps: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for step, inner in inside for place in ((*steps, step), *places(inner, (*steps, step)))]


def change(content: Any, steps: tuple[Any, ...], replace: Callable[[Any, Any], None]) -> None:
    for step in steps[:-1]:
        content = content[step]
    replace(content, steps[-1])


DOCUMENTS: dict[str, Callable[[], dict[str, Any]]] = {
    "never_seen": never_seen,
    **{name: partial(document, name) for name in SHIPPED},
}
PLACES = [(name, steps) for name, read in DOCUMENTS.items() for steps in places(read())]
ODD: tuple[Any, ...] = (
    True, 0, -1, 7, 10**9, 1.5, float("nan"), "", "x", "A", "A >", "no code", "x" * 3000, [], ["x"], [1], {}, {"a": 1},
    {"en": "x"}, "integer", "calculated", "heading", "SYSBP", "YES_NO1", "repeating", None,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from(ODD))
def test_whatever_stands_in_a_file_is_read_or_refused(place: tuple[str, tuple[Any, ...]], odd: Any) -> None:
    """Any one value replaced: no other exception; and what the schema marks in an editor, the reader refuses too."""
    name, steps = place
    content = DOCUMENTS[name]()
    change(content, steps, lambda holder, step: holder.__setitem__(step, odd))
    problems = problems_of(content)
    if odd is not None and odd == odd and not VALIDATOR.is_valid(content):
        assert problems


@given(st.sampled_from([place for place in PLACES if isinstance(place[1][-1], str)]))
def test_whatever_is_left_out_is_missed_or_not_needed(place: tuple[str, tuple[Any, ...]]) -> None:
    name, steps = place
    content = DOCUMENTS[name]()
    change(content, steps, lambda holder, step: holder.pop(step))
    problems = problems_of(content)
    if not VALIDATOR.is_valid(content):
        assert problems


def test_the_schema_is_one_and_the_shipped_forms_fit() -> None:
    Draft202012Validator.check_schema(schema())
    json.dumps(schema())
    for read in DOCUMENTS.values():
        assert [error.message for error in VALIDATOR.iter_errors(read())] == []


def test_a_form_comes_back_from_the_json_that_is_kept_of_it() -> None:
    for read in DOCUMENTS.values():
        content = read()
        form: Form = parse(content)
        assert parse(json.loads(json.dumps(content))) == form
        assert hash(parse(json.loads(json.dumps(content)))) == hash(form)


@pytest.mark.parametrize("condition", ["A{next}", "A{other}", "B{next}", "A{before} && A0"])
def test_the_largest_file_is_read_or_refused_in_bounded_time(condition: str) -> None:
    """1,000 items: one circle, 500 circles, names that there are not, and a chain of conditions."""
    items = [{"code": "A0", "type": "yes_no", "label": "A"}] if "before" in condition else []
    for number in range(len(items), 1000):
        names = condition.format(next=(number + 1) % 1000, other=number ^ 1, before=number - 1)
        items.append({"code": f"A{number}", "type": "yes_no", "label": "A", "show_when": names})
    started = clock.perf_counter()
    problems_of(small(items=items[::-1]))
    assert clock.perf_counter() - started < 10


def test_in_a_form_that_repeats_its_own_code_means_its_other_rows() -> None:
    rows = {"code": "ROWS", "repeat_label": "Row", "placement": "repeating"}
    holds = {"holds": "!ROWS.exists(r, r.A == A)"}
    assert problems_of(small(**rows, checks=[CHECK | holds]), **AROUND) == {}
    assert "checks.C.holds" in problems_of(
        small(**rows, checks=[CHECK | {"holds": "ROWS.exists(r, r.B > 1)"}]), **AROUND
    )


def test_a_circle_by_way_of_other_forms_is_refused_where_it_begins() -> None:
    """Also through rows; what is only checked, or depends on the same item of nothing, is no circle."""
    calculated = item("X", "calculated", calculate="B.Y + 1")
    first = parse(small(code="A", title=label("A"), items=[calculated, item("N", "integer")]))
    through = item("Y", "calculated", calculate="sum(C.map(c, c.Z))")
    second = parse(small(code="B", title=label("B"), items=[through, item("N", "integer")]))
    rows = {"code": "C", "title": label("C"), "placement": "repeating", "repeat_label": label("Row")}
    third = parse(small(**rows, items=[item("Z", "integer", show_when="A.X > 1")]))
    straight = parse(small(**rows, items=[item("Z", "integer", require_when="A.X > 1")]))
    assert [str(problem) for problem in circle_problems([first, second, third])] == [
        "a.toml: items.X: found the circle A.X → B.Y → C.Z → A.X, expected items that do not depend on themselves"
    ]
    assert circle_problems([first, second, straight]) == []
