"""What happens in a trial: adverse events, deviations, and the end; complete, minimal and wrong."""

from datetime import date, timedelta
from typing import Any

import pytest

from assessments.domain.partial_date import PartialDate
from tests.domain.assessments.forms.filled import TODAY, at, filled, findings, problems, without

CRITERIA = ("DEATH", "LIFE_THREATENING", "HOSPITALISATION", "DISABILITY", "CONGENITAL", "IMPORTANT")
EVENT: dict[str, Any] = {
    "TERM": "Headache", "ONSET": PartialDate(2026, 3), "ONGOING": False, "END": PartialDate(2026, 3, 8),
    "SEVERITY": "MILD", "TREATED": False, "SERIOUS": False, "RELATED": "POSSIBLY RELATED",
    "ACTION": "DOSE NOT CHANGED", "OUTCOME": "RECOVERED/RESOLVED",
}  # fmt: skip
SERIOUS: dict[str, Any] = {
    **EVENT, "TERM": "Worsening of depression", "SERIOUS": True, "AWARE": at(8), "REPORTED": at(15),
    **dict.fromkeys(CRITERIA, False), "HOSPITALISATION": True, "ADMITTED": PartialDate(2026, 3, 7),
    "RELATED": "UNLIKELY RELATED", "NARRATIVE": "Admitted after a week without sleep.",
}  # fmt: skip


def test_an_event_that_is_not_serious_asks_nothing_of_serious_ones() -> None:
    evaluation = filled("ADVERSE_EVENT", EVENT)
    assert (evaluation.problems, evaluation.findings) == ((), ())
    of_serious = {*CRITERIA, "AWARE", "REPORTED", "ADMITTED", "DISCHARGED", "WARD", "EXPECTED", "FOLLOW_UPS"}
    assert not of_serious & set(evaluation.shown)


def test_a_serious_event_in_hospital() -> None:
    assert problems("ADVERSE_EVENT", SERIOUS) == findings("ADVERSE_EVENT", SERIOUS) == []
    assert problems("ADVERSE_EVENT", without(SERIOUS, "AWARE", "ADMITTED", "NARRATIVE")) == [
        ("AWARE", "required"), ("ADMITTED", "required"), ("NARRATIVE", "required"),
    ]  # fmt: skip
    outside = {**without(SERIOUS, "ADMITTED"), "HOSPITALISATION": False, "IMPORTANT": True}
    assert problems("ADVERSE_EVENT", outside) == []
    assert not {"ADMITTED", "DISCHARGED", "WARD"} & set(filled("ADVERSE_EVENT", outside).shown)


@pytest.mark.parametrize(("late", "asked"), [(0, []), (1, [("REPORTED", "REPORTED_24_HOURS")])])
def test_the_24_hours_count_from_awareness(late: int, asked: list[tuple[str, str]]) -> None:
    aware = at(15) - timedelta(hours=24, minutes=late)
    assert findings("ADVERSE_EVENT", {**SERIOUS, "AWARE": aware}) == asked


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"AWARE": at(8) + timedelta(days=1), "REPORTED": None}, ("AWARE", "AWARE_NOT_AHEAD")),
        ({"REPORTED": at(7)}, ("REPORTED", "REPORTED_AFTER_AWARE")),
        ({"DISCHARGED": PartialDate(2026, 3, 6)}, ("DISCHARGED", "DISCHARGED_AFTER_ADMITTED")),
        ({"DISCHARGED": PartialDate(2026, 4)}, ("DISCHARGED", "DISCHARGED_NOT_AHEAD")),
        ({"ONSET": PartialDate(2026, 3, 9), "END": PartialDate(2026, 3, 9), "AWARE": at(8) - timedelta(days=1)},
         ("AWARE", "AWARE_AFTER_ONSET")),
        ({"DEATH": True, "OUTCOME": "FATAL", "DEATH_DATE": PartialDate(2026, 2)},
         ("DEATH_DATE", "DEATH_AFTER_ONSET")),
        ({"DEATH": True, "OUTCOME": "FATAL", "DEATH_DATE": PartialDate(2026, 4)},
         ("DEATH_DATE", "DEATH_NOT_AHEAD")),
    ],
)  # fmt: skip
def test_days_of_an_event_are_in_order(changed: dict[str, Any], refused: tuple[str, str]) -> None:
    assert problems("ADVERSE_EVENT", {**SERIOUS, **changed}) == [refused]


@pytest.mark.parametrize("related", ["POSSIBLY RELATED", "RELATED"])
def test_a_serious_reaction_is_expected_or_not(related: str) -> None:
    """Only what may be a reaction is asked about."""
    reaction = {**SERIOUS, "RELATED": related}
    assert problems("ADVERSE_EVENT", reaction) == [("EXPECTED", "required")]
    for expected in (True, False):
        evaluation = filled("ADVERSE_EVENT", {**reaction, "EXPECTED": expected})
        assert evaluation.calculated == {"UNEXPECTED_REACTION": not expected}
    assert filled("ADVERSE_EVENT", SERIOUS).calculated == {}


def test_an_end_goes_with_the_outcome() -> None:
    open_ended = {**EVENT, "OUTCOME": "RECOVERING/RESOLVING"}
    assert findings("ADVERSE_EVENT", open_ended) == [("OUTCOME", "ENDED_OUTCOME")]
    assert findings("ADVERSE_EVENT", {**without(open_ended, "END"), "ONGOING": True}) == []


DEVIATION: dict[str, Any] = {
    "WHAT": "Day 3 visit on day 5", "CATEGORY": "VISIT WINDOW", "CLASS": "MINOR", "DATE": PartialDate(2026, 3, 5),
    "NOTICED": date(2026, 3, 6), "ACTION": "Visits are now booked at randomisation.", "REPORTED": False,
}  # fmt: skip


def test_a_deviation() -> None:
    assert problems("DEVIATION", DEVIATION) == findings("DEVIATION", DEVIATION) == []
    assert problems("DEVIATION", {**DEVIATION, "REPORTED": True}) == [
        ("REPORTED_TO", "required"), ("REPORTED_ON", "required"),
    ]  # fmt: skip
    reported = {**DEVIATION, "REPORTED": True, "REPORTED_TO": ("SPONSOR", "ETHICS COMMITTEE")}
    assert problems("DEVIATION", {**reported, "REPORTED_ON": date(2026, 3, 6)}) == []
    assert problems("DEVIATION", {**reported, "REPORTED_ON": date(2026, 3, 5)}) == [
        ("REPORTED_ON", "REPORTED_AFTER_NOTICED")
    ]
    assert problems("DEVIATION", {**DEVIATION, "NOTICED": date(2026, 3, 4)}) == [
        ("NOTICED", "NOTICED_AFTER_DATE")
    ]
    assert problems("DEVIATION", {**DEVIATION, "NOTICED": date(2026, 3, 10)}) == [
        ("NOTICED", "NOTICED_NOT_AHEAD")
    ]


def test_an_important_deviation_is_reported() -> None:
    assert findings("DEVIATION", {**DEVIATION, "CLASS": "IMPORTANT"}) == [
        ("REPORTED", "IMPORTANT_UNREPORTED")
    ]


ENDS: dict[str, tuple[dict[str, Any], str]] = {
    "COMPLETED": ({"DATE": TODAY}, "COMPLETED"),
    "TREATMENT": ({"DATE": TODAY, "REASON": "ADVERSE EVENT"}, "ADVERSE EVENT"),
    "FOLLOW-UP": ({"DATE": TODAY, "REASON": "WITHDRAWAL BY SUBJECT"}, "WITHDRAWAL BY SUBJECT"),
    "DATA": ({"DATE": TODAY, "REASON": "WITHDRAWAL BY SUBJECT", "DATA_USED": True}, "WITHDRAWAL BY SUBJECT"),
    "LOST": ({"DATE": TODAY, "LAST_CONTACT": date(2026, 2, 9), "ATTEMPTS": "Three calls, one letter"},
             "LOST TO FOLLOW-UP"),
    "DEATH": ({"DEATH_DATE": PartialDate(2026, 3)}, "DEATH"),
}  # fmt: skip


@pytest.mark.parametrize("status", ENDS)
def test_each_end_asks_for_what_belongs_to_it(status: str) -> None:
    """And gives the disposition as the standard calls it."""
    values, disposition = ENDS[status]
    evaluation = filled("END_OF_STUDY", {"STATUS": status, **values})
    assert (evaluation.problems, evaluation.findings) == ((), ())
    assert evaluation.calculated == {"DISPOSITION": disposition}
    assert set(problems("END_OF_STUDY", {"STATUS": status})) == {(code, "required") for code in values}
    headings = [code for code in evaluation.shown if code.startswith("AFTER_")]
    assert headings == ([] if status == "COMPLETED" else [f"AFTER_{status.replace('-', '_')}"])


def test_another_reason_is_named() -> None:
    other = {"STATUS": "TREATMENT", "DATE": TODAY, "REASON": "OTHER"}
    assert problems("END_OF_STUDY", other) == [("REASON_TEXT", "required")]
    assert problems("END_OF_STUDY", {**other, "REASON_TEXT": "Moved abroad"}) == []


def test_the_end_of_a_study_lies_behind() -> None:
    tomorrow = TODAY + timedelta(days=1)
    assert problems("END_OF_STUDY", {"STATUS": "COMPLETED", "DATE": tomorrow}) == [("DATE", "DATE_NOT_AHEAD")]
    lost = {"STATUS": "LOST", **ENDS["LOST"][0], "DATE": date(2026, 2, 1)}
    assert problems("END_OF_STUDY", lost) == [("LAST_CONTACT", "LAST_CONTACT_BEFORE")]
    dead = {"STATUS": "DEATH", "DEATH_DATE": PartialDate(2026, 4)}
    assert problems("END_OF_STUDY", dead) == [("DEATH_DATE", "DEATH_NOT_AHEAD")]
