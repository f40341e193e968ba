"""Scales beside the HAM-D, in keeping with it."""

import random
from collections.abc import Mapping, Sequence

from analysis.demo.records.filled import FilledForm, RatedVisit

MADRS_PER_HAMD = 1.15
PERIOD_RATED = {"DAY1": "DAY", "DAY3": "VISIT", "DAY5": "VISIT"}
# Items of the BPRS that go with depression: somatic concern, anxiety, withdrawal, guilt, mood, retardation, affect.
DEPRESSIVE = (1, 2, 3, 5, 9, 13, 16)
# Of the YMRS without the items that count double, and at most so many points in all: nobody here is manic.
SINGLE = (1, 2, 3, 4, 7, 10, 11)
MOST_MANIC = 3
IDEATION = (
    "",
    "Wishes at times not to wake up; no thought of doing anything.",
    "Thinks of being dead on bad days; no method, no intent.",
    "Has thought of a method; no intent, would not act on it. Crisis numbers given.",
)


def madrs(visit: RatedVisit, minutes: int, rng: random.Random) -> FilledForm:
    """Item 10 goes with the HAM-D's item 3."""
    total = round(visit.total * MADRS_PER_HAMD + rng.uniform(-2, 2))
    suicidality = min(visit.suicidality, len(IDEATION) - 1)
    points = _spread(dict.fromkeys(range(1, 10), 6), total - suicidality, rng)
    answers = {"TIME": visit.at(minutes), "PERIOD": PERIOD_RATED.get(visit.code, "WEEK")}
    return FilledForm("MADRS", answers | _items({**points, 10: suicidality}))


def bprs(visit: RatedVisit, minutes: int, rng: random.Random) -> FilledForm:
    """1 of 7 wherever the item has nothing to do with depression."""
    points = _spread(dict.fromkeys(DEPRESSIVE, 4), round(visit.total * 0.45), rng)
    return FilledForm(
        "BPRS",
        {"TIME": visit.at(minutes)} | _items({item: 1 + points.get(item, 0) for item in range(1, 19)}),
    )


def ymrs(visit: RatedVisit, minutes: int, rng: random.Random) -> FilledForm:
    points = _spread(dict.fromkeys(SINGLE, 1), rng.randint(0, MOST_MANIC), rng)
    irritability = rng.choice((0, 0, 2))
    items = {item: points.get(item, 0) for item in range(1, 12)} | {5: irritability}
    return FilledForm("YMRS", {"TIME": visit.at(minutes)} | _items(items))


def c_ssrs(visit: RatedVisit, minutes: int, rng: random.Random) -> FilledForm:
    """Ideation as the HAM-D's item 3 has it, never with intent; no behaviour."""
    severity = min(visit.suicidality, len(IDEATION) - 1)
    answers = {
        "TIME": visit.at(minutes),
        "IDEATION_1": _yes(severity >= 1),
        "IDEATION_2": _yes(severity >= 2),
        **{f"BEHAVIOUR_{item}": "N" for item in (1, 2, 3, 4, 5, 7)},
    }
    if severity >= 2:
        answers |= {"IDEATION_3": _yes(severity >= 3), "IDEATION_4": "N", "IDEATION_5": "N"}
    if severity:
        answers |= {f"INTENSITY_{item}": str(rng.randint(1, 1 + severity)) for item in range(1, 6)}
        answers["IDEATION_TEXT"] = IDEATION[severity]
    if visit.period is None:
        return FilledForm("C_SSRS_SCREENING", answers | {"PERIOD": "SIX MONTHS"})
    return FilledForm("C_SSRS", answers)


def craving(visit: RatedVisit, minutes: int, rng: random.Random) -> FilledForm:
    mark = rng.choice((0, 0, 2, 4, 7, 11, 16))
    return FilledForm("KETAMINE_CRAVING", {"TIME": visit.at(minutes), "CRAVING": str(mark)})


def guesses(visit: RatedVisit, rng: random.Random) -> list[FilledForm]:
    """By participant and rater, from what everybody sees: whether the mood has lifted since the infusion."""
    baseline = visit.baseline or visit.total
    lifted = 2 * (baseline - visit.total) >= baseline
    return [_guess("GUESS_PARTICIPANT", lifted, rng), _guess("GUESS_RATER", lifted, rng)]


def _guess(form: str, lifted: bool, rng: random.Random) -> FilledForm:
    likely, other = ("PLA", "NAL") if lifted else ("NAL", "PLA")
    guess = rng.choice((likely, likely, likely, other, "DK") if lifted else (likely, other, "DK"))
    if guess == "DK":
        return FilledForm(form, {"GUESS": guess})
    reason = "MOOD" if guess == likely else rng.choice(("HUNCH", "SIDE EFFECTS"))
    return FilledForm(form, {"GUESS": guess, "CONFIDENCE": str(rng.randint(20, 80)), "REASON": reason})


def _spread(maxima: Mapping[int, int], total: int, rng: random.Random) -> dict[int, int]:
    """Points by item that add up to `total`, or to as many as there can be, spread by chance."""
    pool = [item for item, maximum in maxima.items() for _ in range(maximum)]
    drawn: Sequence[int] = rng.sample(pool, max(0, min(total, len(pool))))
    return {item: drawn.count(item) for item in maxima}


def _items(points: Mapping[int, int]) -> dict[str, str]:
    return {f"ITEM_{item}": str(value) for item, value in points.items()}


def _yes(answer: bool) -> str:
    return "Y" if answer else "N"
