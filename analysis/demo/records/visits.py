"""The forms of a visit: at screening, on the day of an infusion, and after it."""

import random
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from analysis.demo.records.exceptions import WAITS
from analysis.demo.records.filled import FilledForm, Profile, RatedVisit
from analysis.demo.records.scales import bprs, c_ssrs, craving, guesses, madrs, ymrs

KILOGRAMS_A_POUND = Decimal("0.45359237")
TENTH = Decimal("0.1")
MOST_DOSE = Decimal(60)
SYSTEMS = ("GENERAL", "SKIN", "HEAD_NECK", "HEART", "LUNGS", "ABDOMEN", "LIMBS", "NERVOUS")
ABNORMAL = {
    "SKIN": "Eczema of both elbows",
    "HEART": "Soft systolic murmur, known since childhood",
    "LIMBS": "Right knee stiff after an old injury",
}
AFTER_CAPSULE, INFUSION_MINUTES = 45, 40
# Rise of systolic, diastolic and pulse at the end of an infusion, with ketamine whatever the capsule was; and the share
# of it that there is so many minutes after its start.
RISE = (20, 8, 10)
SHARE = {15: 0.45, 30: 0.8, 45: 1.0, 60: 0.6, 75: 0.35, 90: 0.2, 105: 0.1, 120: 0.0}


def forms_of(profile: Profile, visit: RatedVisit) -> list[FilledForm]:
    """The same each time: chance comes from the participant's code, the period and the visit."""
    rng = random.Random(f"{profile.code} {visit.period} {visit.code}")  # noqa: S311 - invented data
    if visit.period is None:
        forms = list(_screening(profile, visit, rng))
    elif visit.kit:
        forms = list(_infusion_day(profile, visit, rng))
    else:
        forms = list(_afterwards(visit, rng))
    return forms


def _screening(profile: Profile, visit: RatedVisit, rng: random.Random) -> Iterator[FilledForm]:
    yield _examination(visit, rng)
    yield c_ssrs(visit, 11 * 60, rng)
    yield _urine(profile, visit, 9 * 60 + 10)
    yield _vitals(profile, visit, 9 * 60 + 30, rng, 0.0, first=True)
    yield madrs(visit, 10 * 60 + 50, rng)
    yield bprs(visit, 11 * 60 + 15, rng)
    yield ymrs(visit, 11 * 60 + 30, rng)


def _infusion_day(profile: Profile, visit: RatedVisit, rng: random.Random) -> Iterator[FilledForm]:
    """The HAM-D is rated at half past ten, the capsule follows."""
    capsule = 11 * 60 + rng.randint(0, 20)
    wait = WAITS.get((profile.code, visit.period), AFTER_CAPSULE + rng.randint(-2, 3))
    start = capsule + wait
    stop = start + INFUSION_MINUTES + rng.randint(-1, 1)
    weighed = profile.weight + Decimal(rng.randint(-9, 9)) * TENTH
    yield _urine(profile, visit, 9 * 60 + rng.randint(0, 9))
    yield _vitals(profile, visit, capsule - 20, rng, 0.0, first=True, weight=weighed)
    for minutes, share in SHARE.items():
        yield _vitals(profile, visit, start + minutes, rng, share)
    yield _infusion(profile, visit, (capsule, start, stop), weighed)
    yield bprs(visit, 10 * 60, rng)
    yield ymrs(visit, 10 * 60 + 8, rng)
    yield craving(visit, 10 * 60 + 15, rng)
    yield madrs(visit, 10 * 60 + 18, rng)
    yield c_ssrs(visit, 10 * 60 + 25, rng)


def _afterwards(visit: RatedVisit, rng: random.Random) -> Iterator[FilledForm]:
    if visit.code in ("DAY1", "DAY7", "DAY14"):
        yield craving(visit, 10 * 60 + 20, rng)
    yield madrs(visit, 10 * 60 + 50, rng)
    yield c_ssrs(visit, 11 * 60 + 5, rng)
    if visit.code == "DAY1":
        yield from guesses(visit, rng)


def _urine(profile: Profile, visit: RatedVisit, minutes: int) -> FilledForm:
    answers = {"TIME": visit.at(minutes), "OPIOIDS": "NEGATIVE", "DRUGS": "NEGATIVE"}
    if profile.can_be_pregnant:
        return FilledForm("URINE_SCREEN", answers | {"PREGNANCY_POSSIBLE": "Y", "PREGNANCY": "NEGATIVE"})
    return FilledForm("URINE_SCREEN", answers | {"PREGNANCY_POSSIBLE": "N"})


def _examination(visit: RatedVisit, rng: random.Random) -> FilledForm:
    """Every third has something, and none of it matters."""
    answers = {"DATE": visit.day.isoformat()} | dict.fromkeys(SYSTEMS, "NORMAL")
    if rng.random() < 1 / 3:
        system = rng.choice(sorted(ABNORMAL))
        answers |= {system: "ABNORMAL", f"{system}_FINDING": ABNORMAL[system], "SIGNIFICANT": "N"}
    return FilledForm("PHYSICAL_EXAM", answers)


def _vitals(
    profile: Profile,
    visit: RatedVisit,
    minutes: int,
    rng: random.Random,
    share: float,
    *,
    first: bool = False,
    weight: Decimal | None = None,
) -> FilledForm:
    """`share` of the rise that ketamine gives. `first`: of the visit, with the scales and the thermometer."""
    systolic, diastolic, pulse = (
        usual + round(rise * share * rng.uniform(0.8, 1.2)) + rng.randint(-3, 3)
        for usual, rise in zip((profile.systolic, profile.diastolic, profile.pulse), RISE, strict=True)
    )
    answers = {
        "TIME": visit.at(minutes),
        "POSITION": "SITTING" if first else "SUPINE",
        "SYSBP": str(systolic),
        "DIABP": str(diastolic),
        "PULSE": str(pulse),
        "OXYSAT": str(rng.randint(96, 99)),
    }
    if first:
        answers["WEIGHT"] = _weight(profile, profile.weight if weight is None else weight)
        answers["TEMP"] = f"36.{rng.randint(3, 9)} C"
    return FilledForm("VITALS", answers)


def _weight(profile: Profile, kilograms: Decimal) -> str:
    """As the scales of the site say it: a tenth of a pound is finer than a tenth of a kilogram."""
    if profile.pounds:
        return f"{(kilograms / KILOGRAMS_A_POUND).quantize(TENTH, ROUND_HALF_UP)} LB"
    return f"{kilograms} kg"


def _infusion(
    profile: Profile, visit: RatedVisit, times: tuple[int, int, int], weighed: Decimal
) -> FilledForm:
    capsule, start, stop = times
    dose = min((weighed / 2).quantize(TENTH, ROUND_HALF_UP), MOST_DOSE)
    return FilledForm(
        "INFUSION",
        {
            "OPIOID": "N",
            "WELL": "Y",
            "KIT": visit.kit,
            "CAPSULE_TIME": visit.at(capsule),
            "WEIGHT": _weight(profile, weighed),
            "WEIGHT_DATE": visit.day.isoformat(),
            "DRAWN": f"{dose} mg",
            "CHECKED_BY": "R. Castellan, nurse",
            "CHECKED_TIME": visit.at(start - 8),
            "GIVEN": "Y",
            "START": visit.at(start),
            "INTERRUPTED": "N",
            "STOP": visit.at(stop),
            "WHOLE_DOSE": "Y",
            **dict.fromkeys(("ALERT", "STABLE", "WALKS", "SAFE", "ACCOMPANIED"), "Y"),
            "DISCHARGED": visit.at(start + 165),
        },
    )
