"""Rating sheets by item number, and the guesses of the treatment: totals, ranges, what is shown and asked about."""

from typing import Any

import pytest

from assessments.domain.form_file import load
from tests.domain.assessments.forms.filled import at, filled, findings, problems, without


def sheet(count: int, value: int, **keys: Any) -> dict[str, Any]:
    """Every item with the same value."""
    return {"TIME": at(11), **{f"ITEM_{number}": value for number in range(1, count + 1)}, **keys}


SHEETS = {"MADRS": sheet(10, 3, PERIOD="WEEK"), "YMRS": sheet(11, 0), "BPRS": sheet(18, 1)}


@pytest.mark.parametrize(
    ("code", "lowest", "highest"), [("MADRS", 0, 60), ("YMRS", 0, 60), ("BPRS", 18, 126)]
)
def test_a_total_goes_from_the_sum_of_the_lowest_to_that_of_the_highest(
    code: str, lowest: int, highest: int
) -> None:
    items = [item for item in load(code).items if item.code.startswith("ITEM_")]
    for end, total in (("minimum", lowest), ("maximum", highest)):
        values = {item.code: int(getattr(item, end)) for item in items}
        assert filled(code, {**SHEETS[code], **values}).calculated["TOTAL"] == total
        beyond = values["ITEM_1"] + (1 if end == "maximum" else -1)
        assert problems(code, {**SHEETS[code], "ITEM_1": beyond}) == [("ITEM_1", "range")]


@pytest.mark.parametrize("code", SHEETS)
def test_a_sheet_is_complete_or_has_no_total(code: str) -> None:
    """A missing item is never counted as nothing."""
    assert problems(code, SHEETS[code]) == findings(code, SHEETS[code]) == []
    gap = without(SHEETS[code], "ITEM_4")
    assert problems(code, gap) == [("ITEM_4", "required")]
    assert problems(code, gap, {"ITEM_4": "ND"}) == []
    assert "TOTAL" not in filled(code, gap, {"ITEM_4": "ND"}).calculated
    tomorrow = {**SHEETS[code], "TIME": at(11).replace(day=10)}
    assert problems(code, tomorrow) == [("TIME", "TIME_NOT_AHEAD")]


@pytest.mark.parametrize("code", [*SHEETS, "C_SSRS", "C_SSRS_SCREENING"])
def test_sheets_say_numbers_and_no_wording(code: str) -> None:
    """Items that a scale words are called by their kind and number."""
    for item in load(code).items:
        if item.sdtm_variable == "QSORRES" and item.type in ("integer", "yes_no"):
            assert item.label.text().split(",")[0].split(":")[0].rpartition(" ")[2].isdigit()
            assert item.help is None


def test_madrs_asks_about_its_tenth_item() -> None:
    assert findings("MADRS", {**SHEETS["MADRS"], "ITEM_10": 4}) == [("ITEM_10", "ITEM_10_HIGH")]
    assert problems("MADRS", without(SHEETS["MADRS"], "PERIOD")) == [("PERIOD", "required")]


def test_ymrs_asks_about_odd_points_and_about_mania() -> None:
    assert findings("YMRS", {**SHEETS["YMRS"], "ITEM_5": 3}) == [("ITEM_5", "ITEM_5_EVEN")]
    assert findings("YMRS", {**SHEETS["YMRS"], "ITEM_4": 3}) == []
    assert findings("YMRS", {**SHEETS["YMRS"], "ITEM_5": 8, "ITEM_9": 4}) == []
    assert findings("YMRS", {**SHEETS["YMRS"], "ITEM_5": 8, "ITEM_9": 6}) == [("TOTAL", "usual")]


def test_bprs_adds_up_the_positive_symptoms() -> None:
    values = {**SHEETS["BPRS"], "ITEM_4": 2, "ITEM_11": 3, "ITEM_12": 4, "ITEM_15": 5}
    assert filled("BPRS", values).calculated == {"TOTAL": 28, "POSITIVE": 14}


QUIET: dict[str, Any] = {
    "TIME": at(11), "IDEATION_1": False, "IDEATION_2": False,
    **{f"BEHAVIOUR_{number}": False for number in (1, 2, 3, 4, 5)},
}  # fmt: skip
IDEATION: dict[str, Any] = {
    **QUIET, "IDEATION_1": True, "IDEATION_2": True, "IDEATION_3": True, "IDEATION_4": False, "IDEATION_5": False,
    **{f"INTENSITY_{number}": 2 for number in (1, 2, 3, 4, 5)}, "IDEATION_TEXT": "In the evenings, without a plan",
}  # fmt: skip
VERSIONS = {"C_SSRS": {"BEHAVIOUR_7": False}, "C_SSRS_SCREENING": {"PERIOD": "SIX MONTHS"}}


@pytest.mark.parametrize(("code", "own"), VERSIONS.items())
def test_without_ideation_and_behaviour_the_interview_is_short(code: str, own: dict[str, Any]) -> None:
    evaluation = filled(code, {**QUIET, **own})
    assert (evaluation.problems, evaluation.findings) == ((), ())
    assert evaluation.calculated == {"MOST_SEVERE": 0, "BEHAVIOUR_6": False}
    assert set(evaluation.required) == {*QUIET, *own}


@pytest.mark.parametrize(
    ("answers", "most_severe"),
    [
        ({"IDEATION_1": True}, 1),
        ({"IDEATION_2": True, "IDEATION_3": False, "IDEATION_4": False, "IDEATION_5": False}, 2),
        ({"IDEATION_2": True, "IDEATION_3": True, "IDEATION_4": False, "IDEATION_5": False}, 3),
        ({"IDEATION_2": True, "IDEATION_3": True, "IDEATION_4": True, "IDEATION_5": False}, 4),
        ({"IDEATION_2": True, "IDEATION_3": False, "IDEATION_4": True, "IDEATION_5": True}, 5),
        ({"IDEATION_2": True, "IDEATION_3": True}, None),
    ],
)
def test_the_most_severe_ideation_follows_and_is_unknown_while_one_is_open(
    answers: dict[str, bool], most_severe: int | None
) -> None:
    assert filled("C_SSRS", {**QUIET, **answers}).calculated.get("MOST_SEVERE") == most_severe


@pytest.mark.parametrize(("code", "own"), VERSIONS.items())
def test_ideation_is_described_and_rated(code: str, own: dict[str, Any]) -> None:
    described = {**IDEATION, **own}
    assert problems(code, described) == findings(code, described) == []
    assert filled(code, described).calculated["INTENSITY_TOTAL"] == 10
    assert problems(code, without(described, "INTENSITY_2", "IDEATION_TEXT")) == [
        ("INTENSITY_2", "required"), ("IDEATION_TEXT", "required"),
    ]  # fmt: skip
    assert problems(code, {**described, "INTENSITY_1": 0}) == [("INTENSITY_1", "range")]
    assert problems(code, {**described, "INTENSITY_5": 0}) == []


@pytest.mark.parametrize(("code", "own"), VERSIONS.items())
@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ({"IDEATION_4": True}, [("IDEATION_4", "INTENT")]),
        ({"IDEATION_5": True}, [("IDEATION_5", "INTENT_AND_PLAN")]),
        ({"BEHAVIOUR_5": True, "BEHAVIOUR_TEXT": "Bought rope"}, [("BEHAVIOUR_6", "SUICIDAL_BEHAVIOUR")]),
    ],
)
def test_intent_and_behaviour_are_asked_about_and_need_action(
    code: str, own: dict[str, Any], answers: dict[str, Any], asked: list[tuple[str, str]]
) -> None:
    positive = {**IDEATION, **own, **answers}
    assert findings(code, positive) == asked
    assert problems(code, positive) == [("TOLD", "required"), ("DONE", "required")]
    acted = {**positive, "TOLD": at(11, 5), "DONE": "Seen by the investigator, brought to the ward"}
    assert problems(code, acted) == []
    assert findings(code, {**acted, "TOLD": at(10, 55)}) == [*asked, ("TOLD", "TOLD_AFTER_ASKED")]


def test_an_attempt_is_counted_dated_and_rated() -> None:
    attempt = {**QUIET, "BEHAVIOUR_1": True, "BEHAVIOUR_7": True, "TOLD": at(11, 5), "DONE": "Ambulance"}
    assert problems("C_SSRS", attempt) == [
        ("BEHAVIOUR_1_COUNT", "required"), ("BEHAVIOUR_TEXT", "required"),
        ("LETHAL_DATE", "required"), ("LETHALITY_1", "required"),
    ]  # fmt: skip
    assert findings("C_SSRS", attempt) == [
        ("BEHAVIOUR_6", "SUICIDAL_BEHAVIOUR"), ("BEHAVIOUR_7", "DEATH_REPORTED"),
    ]  # fmt: skip
    assert "LETHALITY_2" in filled("C_SSRS", {**attempt, "LETHALITY_1": 0}).required
    assert "LETHALITY_2" not in filled("C_SSRS", {**attempt, "LETHALITY_1": 4}).shown


@pytest.mark.parametrize("code", ["GUESS_PARTICIPANT", "GUESS_RATER"])
def test_a_guess_has_its_confidence_and_reason(code: str) -> None:
    """Not knowing has neither."""
    assert problems(code, {"GUESS": "DK"}) == []
    assert filled(code, {"GUESS": "DK"}).shown == ("GUESS",)
    assert problems(code, {"GUESS": "NAL"}) == [("CONFIDENCE", "required"), ("REASON", "required")]
    guess = {"GUESS": "NAL", "CONFIDENCE": 0, "REASON": "MOOD"}
    assert problems(code, guess) == findings(code, guess) == []
    assert problems(code, {**guess, "REASON": "OTHER"}) == [("REASON_TEXT", "required")]
    assert problems(code, {**guess, "CONFIDENCE": 101}) == [("CONFIDENCE", "type")]
    assert findings(code, {**guess, "GUESS": "DK"}) == [("CONFIDENCE", "not_shown"), ("REASON", "not_shown")]
