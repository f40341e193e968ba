"""What the trial's forms about a participant make of entries: complete, minimal and wrong ones."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assessments.domain.form_file import FOLDER, Surroundings, catalogue_of, load, read_form, shipped
from assessments.domain.partial_date import PartialDate
from assessments.domain.typed import read_typed
from tests.domain.assessments.forms.filled import amount, filled, findings, problems, without

VISITS = {"SCREENING", "BASELINE", "DAY1", "DAY3", "DAY5", "DAY7", "DAY14"}


@pytest.mark.parametrize("code", shipped())
def test_a_form_names_only_what_there_is(code: str) -> None:
    """Forms, items, visits of the trial, and reasons for missing values."""
    text = (FOLDER / f"{code.lower()}.toml").read_text(encoding="utf-8")
    around = Surroundings(catalogue_of(shipped().values()), VISITS, {"ND", "UNK", "NA"}, {"column"})
    assert read_form(text, around) == load(code)


@pytest.mark.parametrize(
    ("code", "item"),
    [
        ("DEMOGRAPHY", "DATE"), ("MEDICAL_HISTORY", "TERM"), ("FAILED_TREATMENT", "KIND"), ("CONMED", "NAME"),
        ("ADVERSE_EVENT", "SERIOUS"), ("DEVIATION", "WHAT"), ("END_OF_STUDY", "STATUS"), ("INFUSION", "GIVEN"),
    ],
)  # fmt: skip
def test_what_a_record_stands_on_is_never_missing_for_a_reason(code: str, item: str) -> None:
    assert (item, "reason") in problems(code, {}, {item: "UNK"})


PLACES = {
    "once": "once for a participant", "repeating": "one row per", "once_at_visit": "once at a visit",
    "repeating_at_visit": "one row per measurement, at a visit",
}  # fmt: skip


@pytest.mark.parametrize("code", shipped())
def test_docs_list_the_form_where_it_belongs(code: str) -> None:
    text = (Path(__file__).parents[4] / "docs" / "forms.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `")]
    (place,) = [row[2].strip() for row in rows if f"`{code}`" in row[1]]
    assert place.startswith(PLACES[load(code).placement])


@pytest.mark.parametrize("code", shipped())
def test_an_empty_form_asks_only_for_what_is_required(code: str) -> None:
    """Nobody is asked about a value that is not there."""
    evaluation = filled(code, {})
    assert {problem.rule for problem in evaluation.problems} <= {"required"}
    assert evaluation.findings == ()
    assert evaluation.required


PERSON: dict[str, Any] = {
    "DATE": date(2026, 3, 2), "BIRTH": PartialDate(1980, 3, 2), "SEX": "F",
    "ETHNICITY": "NOT HISPANIC OR LATINO", "RACE": ("ASIAN", "WHITE"),
}  # fmt: skip


def test_demography_counts_the_age_where_the_birth_date_tells_it() -> None:
    evaluation = filled("DEMOGRAPHY", PERSON)
    assert (evaluation.problems, evaluation.findings) == ((), ())
    assert evaluation.calculated == {"AGE_COUNTED": 46, "AGE": 46}
    assert "AGE_STATED" not in evaluation.shown


def test_demography_asks_for_the_age_where_the_birth_date_does_not_tell_it() -> None:
    """With the year alone it can be two; an age alone is enough, and neither is not."""
    year = {"DATE": date(2026, 3, 2), "BIRTH": PartialDate(1980), "SEX": "M"}
    assert problems("DEMOGRAPHY", year) == [("AGE_STATED", "required")]
    assert filled("DEMOGRAPHY", {**year, "AGE_STATED": 45}).calculated == {"AGE": 45}
    alone = {**without(year, "BIRTH"), "AGE_STATED": 45}
    assert problems("DEMOGRAPHY", alone) == []
    assert filled("DEMOGRAPHY", alone).calculated == {"AGE": 45}
    assert problems("DEMOGRAPHY", without(year, "BIRTH")) == [("BIRTH", "required")]
    assert problems("DEMOGRAPHY", without(year, "BIRTH"), {"BIRTH": "NA"}) == [("AGE_STATED", "required")]


def test_demography_refuses_impossible_days_and_asks_about_unusual_ages() -> None:
    assert problems("DEMOGRAPHY", {**PERSON, "DATE": date(2026, 3, 10)}) == [("DATE", "DATE_NOT_AHEAD")]
    assert problems("DEMOGRAPHY", {**PERSON, "BIRTH": PartialDate(2027)}) == [
        ("BIRTH", "BIRTH_BEFORE_DATE"), ("AGE_STATED", "required"),
    ]  # fmt: skip
    assert findings("DEMOGRAPHY", {**PERSON, "BIRTH": PartialDate(2009, 3, 2)}) == [("AGE", "usual")]


CONDITION: dict[str, Any] = {
    "TERM": "Hypothyroidism", "PSYCHIATRIC": False, "ONSET": PartialDate(2011), "ONGOING": True, "CONTROLLED": True,
}  # fmt: skip


def test_medical_history() -> None:
    assert problems("MEDICAL_HISTORY", CONDITION) == findings("MEDICAL_HISTORY", CONDITION) == []
    over = {**without(CONDITION, "CONTROLLED"), "ONGOING": False}
    assert problems("MEDICAL_HISTORY", over) == [("END", "required")]
    assert problems("MEDICAL_HISTORY", over, {"END": "UNK"}) == []
    assert problems("MEDICAL_HISTORY", {**over, "END": PartialDate(2010, 12)}) == [("END", "END_AFTER_ONSET")]
    assert problems("MEDICAL_HISTORY", {**over, "END": PartialDate(2026, 4)}) == [("END", "END_NOT_AHEAD")]
    assert problems("MEDICAL_HISTORY", without(CONDITION, "ONSET"), {"ONSET": "UNK"}) == []


def test_a_psychiatric_disorder_is_asked_whether_it_excludes() -> None:
    disorder = {**CONDITION, "TERM": "Alcohol use disorder", "PSYCHIATRIC": True}
    assert problems("MEDICAL_HISTORY", disorder) == [("EXCLUDES", "required")]
    assert findings("MEDICAL_HISTORY", {**disorder, "EXCLUDES": True}) == [("EXCLUDES", "EXCLUDING_DISORDER")]
    assert findings("MEDICAL_HISTORY", {**disorder, "EXCLUDES": False}) == []
    assert "EXCLUDES" not in filled("MEDICAL_HISTORY", CONDITION).shown


COURSE: dict[str, Any] = {
    "KIND": "ANTIDEPRESSANT", "NAME": "Sertraline", "DOSE": amount("200", "mg/day"),
    "WEEKS": 12, "CURRENT_EPISODE": True, "ADEQUATE": True, "OUTCOME": "INSUFFICIENT",
}  # fmt: skip


def test_a_failed_treatment() -> None:
    """A medication has a name and a dose, electroconvulsive therapy its sessions."""
    assert problems("FAILED_TREATMENT", COURSE) == findings("FAILED_TREATMENT", COURSE) == []
    assert problems("FAILED_TREATMENT", without(COURSE, "NAME", "DOSE")) == [
        ("NAME", "required"), ("DOSE", "required"),
    ]  # fmt: skip
    series = {**without(COURSE, "NAME", "DOSE"), "KIND": "ECT"}
    assert problems("FAILED_TREATMENT", series) == [("SESSIONS", "required")]
    assert problems("FAILED_TREATMENT", {**series, "SESSIONS": 12}) == []
    assert problems("FAILED_TREATMENT", {**series, "SESSIONS": 0}) == [("SESSIONS", "range")]


@pytest.mark.parametrize(
    ("outcome", "failed"), [("NONE", True), ("INSUFFICIENT", True), ("INTOLERANT", False), ("HELPED", False)]
)
def test_what_counts_as_failed_is_the_lack_of_benefit(outcome: str, failed: bool) -> None:
    assert filled("FAILED_TREATMENT", {**COURSE, "OUTCOME": outcome}).calculated["FAILED"] is failed


def test_an_adequate_course_is_long_enough_and_was_tolerated() -> None:
    assert findings("FAILED_TREATMENT", {**COURSE, "WEEKS": 7}) == [("ADEQUATE", "ADEQUATE_AND_SHORT")]
    assert findings("FAILED_TREATMENT", {**COURSE, "WEEKS": 7, "ADEQUATE": False}) == []
    assert findings("FAILED_TREATMENT", {**COURSE, "OUTCOME": "INTOLERANT"}) == [
        ("OUTCOME", "INTOLERANT_AND_ADEQUATE")
    ]


MEDICATION: dict[str, Any] = {
    "NAME": "Salbutamol", "INDICATION": "Asthma", "DOSE": amount("2", ""), "UNIT": "PUFF",
    "FREQUENCY": "PRN", "ROUTE": "RESPIRATORY (INHALATION)", "START": PartialDate(2019), "ONGOING": True, "OPIOID": False,
}  # fmt: skip


def test_a_concomitant_medication() -> None:
    assert problems("CONMED", MEDICATION) == findings("CONMED", MEDICATION) == []
    assert problems("CONMED", without(MEDICATION, "UNIT")) == [("UNIT", "required")]
    unknown = without(MEDICATION, "DOSE", "UNIT", "START")
    assert problems("CONMED", unknown, {"DOSE": "UNK", "START": "UNK"}) == []
    stopped = {**MEDICATION, "ONGOING": False}
    assert problems("CONMED", stopped) == [("END", "required")]
    assert problems("CONMED", {**stopped, "END": PartialDate(2018)}) == [("END", "END_AFTER_START")]
    assert problems("CONMED", {**MEDICATION, "START": PartialDate(2026, 3, 10)}) == [
        ("START", "START_NOT_AHEAD")
    ]


def test_a_medication_is_typed_as_people_write_it() -> None:
    typed = {
        "NAME": "Salbutamol", "INDICATION": "Asthma", "DOSE": "2", "UNIT": "puffs", "FREQUENCY": "as needed",
        "ROUTE": "Inhaled", "START": "UN UNK 2019", "ONGOING": "y", "OPIOID": "no",
    }  # fmt: skip
    form = load("CONMED")
    assert {code: read_typed(form, form.by_code[code], text) for code, text in typed.items()} == MEDICATION


@pytest.mark.parametrize(
    ("end", "checks"),
    [
        (None, [("OPIOID", "OPIOID_NOW")]),
        (PartialDate(2026, 2, 26), []),
        (PartialDate(2026, 2, 27), [("OPIOID", "OPIOID_10_DAYS")]),
        (PartialDate(2026, 2), [("END", "OPIOID_EXACT_DAY")]),
    ],
)
def test_an_opioid_is_asked_about_until_ten_days_after_its_last_dose(
    end: PartialDate | None, checks: list[tuple[str, str]]
) -> None:
    opioid = {**MEDICATION, "NAME": "Tramadol", "OPIOID": True, "ONGOING": end is None}
    if end:
        opioid["END"] = end
    assert findings("CONMED", opioid) == checks
    assert problems("CONMED", opioid) == []
    assert findings("CONMED", {**opioid, "OPIOID": False}) == []
