"""The demo trial: invented people whose figures are those of the article.

From the article: 14 started, 12 completed both arms; 7 of 12 responded to ketamine after placebo, 5 of these 7
in remission; none of the 7 responded after naltrexone; 14 to 63 days, mean 33, from the end of the first condition
to the start of the second; mean day-1 reductions of 22.3 and 5.6. Those means are over the seven: over all twelve,
22.3 would need every one of the seven to fall to 0, and two of them did not even reach 7. Everything else, the order
of treatments and the values of the other five included, is invented.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from analysis.synthetic import Course, Person
from enrollment.domain.protocol import Protocol
from trialsite.accounts.models import Site

# (baseline, day 1) after placebo and after naltrexone. The first seven respond after placebo: their
# reductions add up to 156 (mean 22.3) and 39 (mean 5.6).
COMPLETERS = [
    ((28, 4), (27, 22)),
    ((27, 5), (28, 22)),
    ((30, 6), (29, 22)),
    ((26, 3), (25, 21)),
    ((31, 7), (30, 24)),
    ((34, 14), (33, 28)),
    ((33, 14), (32, 26)),
    ((24, 17), (25, 20)),
    ((26, 20), (24, 19)),
    ((25, 15), (26, 21)),
    ((29, 24), (28, 22)),
    ((22, 16), (23, 18)),
]
# CADSS total at the end of the infusion after placebo and after naltrexone, of the same twelve. In the source trial
# dissociation did not differ.
DISSOCIATION = [
    (22, 24), (31, 29), (18, 19), (27, 25), (14, 15), (35, 34),
    (20, 22), (25, 24), (16, 16), (29, 31), (23, 21), (12, 13),
]  # fmt: skip
# Days from the last visit of period 1 to the second infusion.
INTERVALS = [33, 21, 24, 63, 28, 30, 31, 14, 35, 42, 48, 27]
DRUGS = ("Sertraline", "Venlafaxine", "Bupropion", "Mirtazapine", "Escitalopram", "Duloxetine")
# Order of the completers over two sites, so that responders are not the first seven to come.
ORDER = [7, 0, 3, 9, 1, 5, 10, 2, 6, 8, 4, 11]
AT_FIRST_SITE = 7


def people(rules: Protocol, sites: dict[str, Site], today: date, rng: random.Random) -> list[Person]:
    """Everybody of the demo, in the order of consent."""
    first, second = sites["01"], sites["02"]
    found = []
    for n, index in enumerate(ORDER):
        site = first if n < AT_FIRST_SITE else second
        start = today - timedelta(days=520 - 34 * n)
        interval = INTERVALS[index]
        found.append(
            _treated(rules, site, start, rng, _both(rules, start, interval, index, rng), "completed")
        )
    washing = today - timedelta(days=20)
    second_started = today - timedelta(days=1)
    found.append(_treated(rules, first, washing, rng, _one(rules, washing, 27, 21, rng), "randomised"))
    earlier = second_started - timedelta(days=_last_day(rules) + 33)
    found.append(
        _treated(rules, second, earlier, rng, _begun(rules, earlier, second_started, rng), "randomised")
    )
    found += _failures(rules, first, second, today, rng)
    found += [
        _waiting(first, today - timedelta(days=3), rng, 26),
        _waiting(second, today - timedelta(days=2), rng, None),
    ]
    # What the investigators have to confirm, and the coordinators to randomise.
    for site in (first, second):
        found += [
            _screened(rules, site, today - timedelta(days=2), rng, "eligible"),
            _screened(rules, site, today - timedelta(days=1), rng, "screening"),
        ]
    return sorted(found, key=lambda person: person.consented_on)


def _facts(rules: Protocol, total: int | None, age: int, treatments: int) -> dict[str, float | bool]:
    """Every checklist answer as the protocol wants it, and the numbers that are known."""
    facts: dict[str, float | bool] = {c.fact: bool(c.expected) for c in rules.criteria if c.kind == "confirm"}
    facts |= {"age": age, "failed_treatments": treatments, "treatments_complete": True}
    return facts | ({"hamd17_total": total} if total is not None else {})


def _treated(
    rules: Protocol,
    site: Site,
    start: date,
    rng: random.Random,
    courses: Callable[[tuple[str, ...]], list[Course]],
    status: str,
) -> Person:
    person = _screened(rules, site, start - timedelta(days=9), rng, status)
    return replace(person, courses=courses)


def _screened(rules: Protocol, site: Site, consented_on: date, rng: random.Random, status: str) -> Person:
    """Every criterion is known and met."""
    age, total = rng.randint(22, 68), rng.randint(22, 33)
    return Person(
        site=site, consented_on=consented_on, age=age, sex=rng.choice("FM"), screening_total=total,
        status=status, treatments=tuple(rng.sample(DRUGS, 4)), facts=_facts(rules, total, age, 4),
    )  # fmt: skip


def _both(
    rules: Protocol,
    start: date,
    interval: int,
    index: int,
    rng: random.Random,
) -> Callable[[tuple[str, ...]], list[Course]]:
    codes = [arm.code for arm in rules.arms]
    by_arm = dict(zip(codes, (_totals(*pair, rng) for pair in COMPLETERS[index]), strict=True))
    beside = dict(zip(codes, map(_dissociation, DISSOCIATION[index]), strict=True))
    days = (start, start + timedelta(days=_last_day(rules) + interval))
    return lambda arms: [
        Course(day, by_arm[arm], others=beside[arm]) for day, arm in zip(days, arms, strict=True)
    ]


def _last_day(rules: Protocol) -> int:
    return max(visit.day for visit in rules.visits)


def _dissociation(total: int) -> dict[tuple[str, str], int]:
    return {("BASELINE", "CADSS"): total}


def _one(
    rules: Protocol, start: date, baseline: int, day1: int, rng: random.Random
) -> Callable[[tuple[str, ...]], list[Course]]:
    totals = _totals(baseline, day1, rng)
    return lambda arms: [Course(start, totals, others=_dissociation(17))]


def _begun(
    rules: Protocol, first: date, second: date, rng: random.Random
) -> Callable[[tuple[str, ...]], list[Course]]:
    """Both infusions given, the second yesterday: its baseline is rated, its day 1 is due."""
    totals = _totals(26, 19, rng)
    return lambda arms: [
        Course(first, totals, others=_dissociation(21)),
        Course(second, {"BASELINE": 25}, others=_dissociation(19)),
    ]


def _totals(baseline: int, day1: int, rng: random.Random) -> dict[str, int]:
    """A course over the visits: from day 1 the score drifts back towards baseline."""
    drift = {"DAY3": 0.08, "DAY5": 0.2, "DAY7": 0.35, "DAY14": 0.6}
    later = {
        code: day1 + round((baseline - day1) * share + rng.uniform(-1, 1)) for code, share in drift.items()
    }
    return {
        "BASELINE": baseline,
        "DAY1": day1,
        **{code: max(0, min(52, total)) for code, total in later.items()},
    }


def _failures(rules: Protocol, first: Site, second: Site, today: date, rng: random.Random) -> list[Person]:
    """One misses the score, two have tried too little, one uses substances, one misses two criteria."""
    missed = [(18, 4, False), (24, 2, False), (16, 3, False), (27, 4, True), (22, 3, False)]
    found = []
    for n, (total, treatments, uses) in enumerate(missed):
        age = rng.randint(22, 68)
        found.append(
            Person(
                site=first if n % 2 else second,
                consented_on=today - timedelta(days=430 - 70 * n),
                age=age,
                sex=rng.choice("FM"),
                screening_total=total,
                status="screen_failed",
                treatments=DRUGS[:treatments],
                facts=_facts(rules, total, age, treatments) | {"substance_use": uses},
            )
        )
    return found


def _waiting(site: Site, consented_on: date, rng: random.Random, total: int | None) -> Person:
    """In screening: with a rating and treatments, or only just consented."""
    known = {"consent": True, "age": 41} | (
        {"hamd17_total": total, "failed_treatments": 4, "treatments_complete": True} if total else {}
    )
    return Person(
        site=site, consented_on=consented_on, age=41, sex="F", screening_total=total, status="screening",
        treatments=DRUGS[:4] if total else (), facts=known,
    )  # fmt: skip
