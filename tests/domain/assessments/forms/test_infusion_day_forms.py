"""The forms of the infusion day: what is shown, required, refused, asked about and calculated."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from assessments.domain.evaluate import references
from assessments.domain.expression import Reference
from assessments.domain.form_file import load
from tests.domain.assessments.forms.filled import amount, at, filled, findings, problems, without

SCREEN: dict[str, Any] = {
    "TIME": at(8), "OPIOIDS": "NEGATIVE", "DRUGS": "NEGATIVE", "PREGNANCY_POSSIBLE": True, "PREGNANCY": "NEGATIVE",
}  # fmt: skip


def test_urine_screens() -> None:
    """Each is negative, positive, or not done for a reason."""
    assert problems("URINE_SCREEN", SCREEN) == findings("URINE_SCREEN", SCREEN) == []
    assert problems("URINE_SCREEN", {"TIME": at(8)}) == [
        ("OPIOIDS", "required"), ("DRUGS", "required"), ("PREGNANCY_POSSIBLE", "required"),
    ]  # fmt: skip
    undone = dict.fromkeys(("OPIOIDS", "DRUGS", "PREGNANCY"), "ND")
    possible = {"TIME": at(8), "PREGNANCY_POSSIBLE": True}
    assert problems("URINE_SCREEN", possible, undone) == []
    assert findings("URINE_SCREEN", possible, undone) == [("OPIOIDS", "NOT_SCREENED")]
    assert problems("URINE_SCREEN", {**SCREEN, "TIME": at(8).replace(day=10)}) == [("TIME", "TIME_NOT_AHEAD")]


def test_a_pregnancy_test_is_asked_for_where_pregnancy_is_possible() -> None:
    """Nobody is taken for a man by omission."""
    asked = without(SCREEN, "PREGNANCY")
    assert problems("URINE_SCREEN", asked) == [("PREGNANCY", "required")]
    assert problems("URINE_SCREEN", {**asked, "PREGNANCY_POSSIBLE": False}) == []
    assert problems("URINE_SCREEN", without(asked, "PREGNANCY_POSSIBLE")) == [
        ("PREGNANCY_POSSIBLE", "required")
    ]


def test_a_positive_screen_is_asked_about_and_explained() -> None:
    positive = {**SCREEN, "OPIOIDS": "POSITIVE", "DRUGS": "POSITIVE", "PREGNANCY": "POSITIVE"}
    assert problems("URINE_SCREEN", positive) == [("POSITIVE_FOR", "required"), ("EXPLANATION", "required")]
    explained = {**positive, "POSITIVE_FOR": ("CANNABINOIDS", "OTHER"), "EXPLANATION": "Tramadol until 7 Mar"}
    assert problems("URINE_SCREEN", explained) == [("OTHER_DRUG", "required")]
    assert findings("URINE_SCREEN", {**explained, "OTHER_DRUG": "Kratom"}) == [
        ("OPIOIDS", "OPIOIDS_POSITIVE"), ("DRUGS", "DRUGS_POSITIVE"), ("PREGNANCY", "PREGNANT"),
    ]  # fmt: skip


SYSTEMS = ("GENERAL", "SKIN", "HEAD_NECK", "HEART", "LUNGS", "ABDOMEN", "LIMBS", "NERVOUS")
EXAM: dict[str, Any] = {"DATE": date(2026, 3, 9), **dict.fromkeys(SYSTEMS, "NORMAL")}


def test_a_physical_examination_asks_only_what_is_abnormal() -> None:
    assert problems("PHYSICAL_EXAM", EXAM) == findings("PHYSICAL_EXAM", EXAM) == []
    assert filled("PHYSICAL_EXAM", EXAM).shown == ("DATE", *SYSTEMS)
    murmur = {**EXAM, "HEART": "ABNORMAL"}
    assert problems("PHYSICAL_EXAM", murmur) == [("HEART_FINDING", "required"), ("SIGNIFICANT", "required")]
    assert problems("PHYSICAL_EXAM", {**murmur, "HEART_FINDING": "Murmur 2/6", "SIGNIFICANT": False}) == []
    assert problems("PHYSICAL_EXAM", without(EXAM, "SKIN"), {"SKIN": "ND"}) == []
    liver = {**EXAM, "ABDOMEN": "ABNORMAL", "ABDOMEN_FINDING": "Liver 3 cm", "SIGNIFICANT": True}
    assert findings("PHYSICAL_EXAM", liver) == [("ABDOMEN", "LIVER_KNOWN")]
    assert problems("PHYSICAL_EXAM", {**EXAM, "DATE": date(2026, 3, 10)}) == [("DATE", "DATE_NOT_AHEAD")]


def test_craving_is_a_point_on_a_line() -> None:
    """Zero is an answer."""
    assert problems("KETAMINE_CRAVING", {"TIME": at(13), "CRAVING": 0}) == []
    assert problems("KETAMINE_CRAVING", {"TIME": at(13), "CRAVING": 101}) == [("CRAVING", "type")]
    assert problems("KETAMINE_CRAVING", {"TIME": at(13)}) == [("CRAVING", "required")]


DAY: dict[str, Any] = {
    "OPIOID": False, "WELL": True, "KIT": "K-1042", "CAPSULE_TIME": at(9),
    "WEIGHT": amount("70.3", "kg"), "WEIGHT_DATE": date(2026, 3, 9), "DRAWN": amount("35.2", "mg"),
    "CHECKED_BY": "M. Lee", "CHECKED_TIME": at(9, 35), "GIVEN": True,
    "START": at(9, 45), "INTERRUPTED": False, "STOP": at(10, 25), "WHOLE_DOSE": True,
    "ALERT": True, "STABLE": True, "WALKS": True, "SAFE": True, "ACCOMPANIED": True, "DISCHARGED": at(12, 30),
}  # fmt: skip


def test_an_infusion_as_planned() -> None:
    """0.5 mg/kg of 70.3 kg is 35.15: in decimals and rounded half away, 35.2 mg."""
    evaluation = filled("INFUSION", DAY)
    assert (evaluation.problems, evaluation.findings) == ((), ())
    assert evaluation.calculated == {
        "DOSE": Decimal("35.2"), "CAPSULE_TO_START": 45, "DURATION": 40, "RECEIVED": Decimal("35.2"),
    }  # fmt: skip


def test_the_dose_has_a_maximum_and_goes_by_the_weight_in_kilograms() -> None:
    heavy = {**DAY, "WEIGHT": amount("150.0", "kg"), "DRAWN": amount("60.0", "mg")}
    assert filled("INFUSION", heavy).calculated["DOSE"] == 60
    assert findings("INFUSION", heavy) == []
    pounds = {**DAY, "WEIGHT": amount("155.0", "LB", "70.3")}
    assert filled("INFUSION", pounds).calculated["DOSE"] == Decimal("35.2")
    assert "DOSE" not in filled("INFUSION", without(DAY, "WEIGHT")).calculated


@pytest.mark.parametrize(
    ("changed", "asked"),
    [
        ({"OPIOID": True}, ("OPIOID", "OPIOID_10_DAYS")),
        ({"WELL": False}, ("WELL", "NOT_WELL")),
        ({"WEIGHT_DATE": date(2026, 3, 1)}, ("WEIGHT_DATE", "WEIGHT_RECENT")),
        ({"DRAWN": amount("35.3", "mg")}, ("DRAWN", "DRAWN_AS_CALCULATED")),
        ({"CHECKED_TIME": at(9, 46)}, ("CHECKED_TIME", "CHECKED_BEFORE_START")),
        ({"CAPSULE_TIME": at(9, 6)}, ("CAPSULE_TO_START", "usual")),
        ({"CAPSULE_TIME": at(8, 54)}, ("CAPSULE_TO_START", "usual")),
        ({"STOP": at(10, 19)}, ("DURATION", "usual")),
        ({"STOP": at(10, 31)}, ("DURATION", "usual")),
        ({"SAFE": False}, ("DISCHARGED", "DISCHARGE_CRITERIA")),
    ],
)
def test_what_should_not_have_happened_is_asked_about_and_never_refused(
    changed: dict[str, Any], asked: tuple[str, str]
) -> None:
    day = {**DAY, **changed}
    assert problems("INFUSION", day) == []
    assert findings("INFUSION", day) == [asked]


@pytest.mark.parametrize(
    "changed", [{"CAPSULE_TIME": at(9, 5)}, {"CAPSULE_TIME": at(8, 55)}, {"STOP": at(10, 30)}]
)
def test_the_tolerances_include_their_ends(changed: dict[str, Any]) -> None:
    assert findings("INFUSION", {**DAY, **changed}) == []


def test_a_capsule_after_the_infusion_is_recorded_as_it_happened() -> None:
    late = {**DAY, "CAPSULE_TIME": at(10)}
    assert problems("INFUSION", late) == []
    assert findings("INFUSION", late) == [
        ("CAPSULE_TIME", "CAPSULE_BEFORE_START"), ("CAPSULE_TO_START", "usual"),
    ]  # fmt: skip
    assert filled("INFUSION", late).calculated["CAPSULE_TO_START"] == -15


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"STOP": at(9, 40)}, ("STOP", "STOP_AFTER_START")),
        ({"WEIGHT_DATE": date(2026, 3, 10)}, ("WEIGHT_DATE", "WEIGHT_NOT_AHEAD")),
        ({"DISCHARGED": at(10, 20)}, ("DISCHARGED", "DISCHARGE_AFTER_STOP")),
        ({"WEIGHT": amount("20.0", "kg")}, ("WEIGHT", "range")),
        ({"WHOLE_DOSE": False, "WHY_NOT_WHOLE": "Hypertension", "AMOUNT": amount("35.2", "mg")},
         ("AMOUNT", "AMOUNT_WITHIN")),
        ({"INTERRUPTED": True, "INTERRUPTIONS": "Line moved", "INTERRUPTED_FOR": 40},
         ("INTERRUPTED_FOR", "INTERRUPTED_WITHIN")),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(changed: dict[str, Any], refused: tuple[str, str]) -> None:
    assert problems("INFUSION", {**DAY, **changed}) == [refused]


def test_an_interrupted_infusion_that_was_stopped_early() -> None:
    stopped = {**DAY, "INTERRUPTED": True, "WHOLE_DOSE": False}
    assert problems("INFUSION", stopped) == [
        ("INTERRUPTIONS", "required"), ("INTERRUPTED_FOR", "required"),
        ("AMOUNT", "required"), ("WHY_NOT_WHOLE", "required"),
    ]  # fmt: skip
    told = {
        **stopped, "INTERRUPTIONS": "10:00 to 10:05, blood pressure 182/104", "INTERRUPTED_FOR": 5,
        "AMOUNT": amount("26.4", "mg"), "WHY_NOT_WHOLE": "Blood pressure stayed above 180",
    }  # fmt: skip
    assert problems("INFUSION", told) == findings("INFUSION", told) == []
    assert filled("INFUSION", told).calculated["RECEIVED"] == Decimal("26.4")


def test_a_capsule_without_an_infusion() -> None:
    """Nothing of the infusion is asked for; the discharge is."""
    infusion = ("START", "INTERRUPTED", "STOP", "WHOLE_DOSE")
    none = {**without(DAY, *infusion), "WELL": False, "GIVEN": False}
    assert problems("INFUSION", none) == [("WHY_NOT_GIVEN", "required")]
    assert problems("INFUSION", {**none, "WHY_NOT_GIVEN": "Blood pressure 172/98"}) == []
    assert findings("INFUSION", none) == []
    assert not {*infusion, "DURATION", "RECEIVED"} & set(filled("INFUSION", none).shown)
    assert findings("INFUSION", {**DAY, "GIVEN": False, "WHY_NOT_GIVEN": "x"}) == [
        (code, "not_shown") for code in infusion
    ]


@pytest.mark.parametrize(
    ("item", "check"), [("OPIOIDS", "OPIOID_SCREEN_POSITIVE"), ("PREGNANCY", "PREGNANT")]
)
def test_an_infusion_despite_a_positive_screen_of_the_visit_is_asked_about(item: str, check: str) -> None:
    """A screen that is not entered yet is no finding of the infusion."""
    screen = Reference(item, "URINE_SCREEN")
    assert screen in references(load("INFUSION"))
    positive = filled("INFUSION", DAY, others={screen: "POSITIVE"})
    assert [(finding.item, finding.check) for finding in positive.findings] == [("GIVEN", check)]
    assert filled("INFUSION", DAY, others={screen: "NEGATIVE"}).findings == ()
    none = {
        **without(DAY, "START", "INTERRUPTED", "STOP", "WHOLE_DOSE"),
        "GIVEN": False,
        "WHY_NOT_GIVEN": "x",
    }
    assert filled("INFUSION", none, others={screen: "POSITIVE"}).findings == ()
