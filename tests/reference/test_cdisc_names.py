"""CDASH and SDTM names, and CDISC codes, of every shipped form, against what public packages hold of the standards.

`cdisc.json` says what was taken from where. Terms of the package of 2015 keep their codes in later ones: the terminology
adds and retires, it does not give a code another meaning.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from assessments.domain.form import CodeListItem, Form, Item
from assessments.domain.form_file import shipped

REFERENCE: dict[str, Any] = json.loads((Path(__file__).parent / "cdisc.json").read_text(encoding="utf-8"))
LISTS: dict[str, dict[str, Any]] = REFERENCE["code_lists"]
# A scale has a list of its own for the codes of its items.
SCALES = {
    "BPRS": "BPRS-A TESTCD",
    "C_SSRS": "C-SSRS SINCE LAST VISIT TESTCD",
    "C_SSRS_SCREENING": "C-SSRS SCREENING TESTCD",
}
BY_NAME = {code_list["name"]: code_list["terms"] for code_list in LISTS.values()}
ITEMS = [
    pytest.param(form, item, id=f"{form.code}.{item.code}")
    for form in shipped().values()
    for item in form.items
]


def answers(form: Form, item: Item) -> tuple[str | None, tuple[CodeListItem, ...]]:
    """The concept of the item's code list and its answers."""
    concept = next((own.cdisc_code for own in form.code_lists if own.code == item.code_list), None)
    is_yes_no = "yes_no" in (item.type, item.result)
    return ("C66742" if is_yes_no and not item.code_list else concept), form.choices(item)


@pytest.mark.parametrize(("form", "item"), ITEMS)
def test_names_are_those_of_the_standards(form: Form, item: Item) -> None:
    """A CDASH name may have the test code before it, as where a form asks for several results: SYSBP_VSORRES."""
    if item.cdash:
        test, _, variable = item.cdash.rpartition("_")
        assert variable in REFERENCE["cdash_variables"]
        assert test in ("", item.sdtm_test)
    if item.sdtm_variable:
        assert item.sdtm_variable in REFERENCE["sdtm_variables"]


@pytest.mark.parametrize(("form", "item"), [case for case in ITEMS if case.values[1].sdtm_test])  # type: ignore[union-attr]
def test_tests_have_their_codes(form: Form, item: Item) -> None:
    """A test code is of the domain's list, or the scale's, and the item's concept is that of the test."""
    tests = BY_NAME[SCALES.get(form.code, f"{form.domain}TESTCD")]
    assert item.sdtm_test in tests
    assert item.cdisc_code == tests[item.sdtm_test]


@pytest.mark.parametrize(("form", "item"), ITEMS)
def test_answers_are_terms_of_their_list(form: Form, item: Item) -> None:
    """Also where the list may be extended: an answer that has a code has the one of its term."""
    concept, choices = answers(form, item)
    if concept is None:
        assert not any(choice.cdisc_code for choice in choices)
        return
    terms = LISTS[concept]["terms"]
    for choice in choices:
        assert choice.cdisc_code == terms[choice.code], choice.code


@pytest.mark.parametrize(("form", "item"), ITEMS)
def test_a_variable_with_a_list_of_the_standard_has_that_list(form: Form, item: Item) -> None:
    lists = REFERENCE["variable_lists"]["sdtm"].get(item.sdtm_variable, [])
    ongoing = (item.cdash or "").endswith("ONGO")
    if item.type in ("choice", "yes_no") and lists and not ongoing:
        assert answers(form, item)[0] in lists


@pytest.mark.parametrize(("form", "item"), [case for case in ITEMS if case.values[1].units])  # type: ignore[union-attr]
def test_units_are_terms(form: Form, item: Item) -> None:
    for unit in item.units:
        assert unit.cdisc_code == BY_NAME["UNIT"][unit.code]
