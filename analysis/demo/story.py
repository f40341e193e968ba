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
from typing import Any

from analysis.demo.invented import InventedParticipant, PeriodCourse
from analysis.demo.treatments import DOSES
from enrollment.protocol.model import Protocol
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
    *((22, 24), (31, 29), (18, 19), (27, 25), (14, 15), (35, 34)),
    *((20, 22), (25, 24), (16, 16), (29, 31), (23, 21), (12, 13)),
]
# Days from the last visit of period 1 to the second infusion.
INTERVALS = [33, 21, 24, 63, 28, 30, 31, 14, 35, 42, 48, 27]
DRUGS = tuple(DOSES)
# What did not go by the protocol, by place in the order below and period (0 is the first): never the baseline, day 1, or
# the last visit of the first period being there, on which the published figures rest.
DEVIATIONS: dict[tuple[int, int], dict[str, Any]] = {
    (2, 0): {"delays": {"DAY3": 3, "DAY7": 1}},
    (2, 1): {"missed": {"DAY7": "Participant was travelling"}},
    (3, 0): {"delays": {"DAY5": -1, "DAY14": 2}, "measured": frozenset({"BASELINE", "DAY1", "DAY14"})},
    (4, 0): {"mistyped": {"DAY5": 9}},
    (4, 1): {"missed": {"DAY3": "Did not come and could not be reached by telephone"}},
    (5, 0): {"gaps": {"DAY5": "interrupted"}},
    (5, 1): {"delays": {"DAY14": 5}},
    (6, 1): {"not_done": {"DAY5": "The rater was ill and nobody else is trained"}},
    (8, 0): {"delays": {"DAY14": -3}, "gaps": {"DAY7": "refused"}},
    (8, 1): {"delays": {"DAY3": 1, "DAY5": 1}},
    (9, 1): {"delays": {"DAY7": -2}, "missed": {"DAY14": "Moved away after day 7"}},
    (10, 0): {"delays": {"DAY3": -1}, "measured": frozenset({"BASELINE", "DAY1"})},
    (11, 1): {"delays": {"DAY5": 2}},
}
# Order of the completers over two sites, so that responders are not the first seven to come.
ORDER = [7, 0, 3, 9, 1, 5, 10, 2, 6, 8, 4, 11]
AT_FIRST_SITE = 7


def people(
    protocol: Protocol, sites: dict[str, Site], today: date, rng: random.Random
) -> list[InventedParticipant]:
    """Everybody of the demo, in the order of consent."""
    first, second = sites["01"], sites["02"]
    participants = []
    for n, index in enumerate(ORDER):
        site = first if n < AT_FIRST_SITE else second
        start = today - timedelta(days=520 - 34 * n)
        interval = INTERVALS[index]
        participants.append(
            _treated(protocol, site, start, rng, _both(protocol, start, interval, index, n, rng), "completed")
        )
    washing = today - timedelta(days=20)
    second_started = today - timedelta(days=1)
    participants.append(
        _treated(protocol, first, washing, rng, _one(protocol, washing, 27, 21, rng), "randomised")
    )
    left = replace(
        _treated(protocol, second, today - timedelta(days=180), rng, lambda arms: [], "withdrawn"),
        left_reason="Withdrew consent before the first infusion",
        left_on=today - timedelta(days=182),
    )
    participants.append(left)
    earlier = second_started - timedelta(days=_last_day(protocol) + 33)
    participants.append(
        _treated(protocol, second, earlier, rng, _begun(protocol, earlier, second_started, rng), "randomised")
    )
    participants += _failures(protocol, first, second, today, rng)
    participants += [
        _waiting(first, today - timedelta(days=3), rng, 26),
        _waiting(second, today - timedelta(days=2), rng, None),
    ]
    # What the investigators have to confirm, and the coordinators to randomise.
    for site in (first, second):
        participants += [
            _screened(protocol, site, today - timedelta(days=2), rng, "eligible"),
            _screened(protocol, site, today - timedelta(days=1), rng, "screening"),
        ]
    return sorted(participants, key=lambda person: person.consented_on)


def _facts(protocol: Protocol, total: int | None, age: int, treatments: int) -> dict[str, float | bool]:
    """Every checklist answer as the protocol wants it, and the numbers that are known."""
    facts: dict[str, float | bool] = {
        c.fact: bool(c.expected) for c in protocol.criteria if c.kind == "confirm"
    }
    facts |= {"age": age, "failed_treatments": treatments, "treatments_complete": True}
    return facts | ({"hamd17_total": total} if total is not None else {})


def _treated(
    protocol: Protocol,
    site: Site,
    start: date,
    rng: random.Random,
    courses: Callable[[tuple[str, ...]], list[PeriodCourse]],
    status: str,
) -> InventedParticipant:
    person = _screened(protocol, site, start - timedelta(days=9), rng, status)
    return replace(person, courses=courses)


def _screened(
    protocol: Protocol, site: Site, consented_on: date, rng: random.Random, status: str
) -> InventedParticipant:
    """Every criterion is known and met."""
    age, total = rng.randint(22, 68), rng.randint(22, 33)
    return InventedParticipant(
        site=site,
        consented_on=consented_on,
        age=age,
        sex=rng.choice("FM"),
        screening_total=total,
        status=status,
        treatments=tuple(rng.sample(DRUGS, 4)),
        facts=_facts(protocol, total, age, 4),
    )


def _both(
    protocol: Protocol,
    start: date,
    interval: int,
    index: int,
    n: int,
    rng: random.Random,
) -> Callable[[tuple[str, ...]], list[PeriodCourse]]:
    codes = [arm.code for arm in protocol.arms]
    by_arm = dict(zip(codes, (_totals(*pair, rng) for pair in COMPLETERS[index]), strict=True))
    beside = dict(zip(codes, map(_dissociation, DISSOCIATION[index]), strict=True))
    otherwise = [DEVIATIONS.get((n, period), {}) for period in (0, 1)]
    # The interval is counted from the day on which the last visit took place.
    last = start + timedelta(days=_last_day(protocol) + otherwise[0].get("delays", {}).get("DAY14", 0))
    days = (start, last + timedelta(days=interval))
    return lambda arms: [
        PeriodCourse(day, by_arm[arm], others=beside[arm], **deviations)
        for day, arm, deviations in zip(days, arms, otherwise, strict=True)
    ]


def _last_day(protocol: Protocol) -> int:
    return max(visit.day for visit in protocol.visits)


def _dissociation(total: int) -> dict[tuple[str, str], int]:
    return {("BASELINE", "CADSS"): total}


def _one(
    protocol: Protocol, start: date, baseline: int, day1: int, rng: random.Random
) -> Callable[[tuple[str, ...]], list[PeriodCourse]]:
    """In the washout; the second infusion is planned two days before its minimum is over, which the investigator
    answers for."""
    totals = _totals(baseline, day1, rng)
    rule = protocol.washout
    days = _last_day(protocol) + (rule.min_days if rule else 0) - 2
    override = (-2, "The infusion suite is closed for the two weeks that follow; agreed with the sponsor")
    second = PeriodCourse(start + timedelta(days=days), {}, override=override, given=False)
    return lambda arms: [PeriodCourse(start, totals, others=_dissociation(17)), second]


def _begun(
    protocol: Protocol, first: date, second: date, rng: random.Random
) -> Callable[[tuple[str, ...]], list[PeriodCourse]]:
    """Both infusions given, the second yesterday: its baseline is rated, its day 1 is due."""
    totals = _totals(26, 19, rng)
    return lambda arms: [
        PeriodCourse(first, totals, others=_dissociation(21)),
        PeriodCourse(second, {"BASELINE": 25}, others=_dissociation(19)),
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


def _failures(
    protocol: Protocol, first: Site, second: Site, today: date, rng: random.Random
) -> list[InventedParticipant]:
    """One misses the score, two have tried too little, one uses substances, one misses two criteria."""
    missed = [(18, 4, False), (24, 2, False), (16, 3, False), (27, 4, True), (22, 3, False)]
    participants = []
    for n, (total, treatments, uses) in enumerate(missed):
        age = rng.randint(22, 68)
        participants.append(
            InventedParticipant(
                site=first if n % 2 else second,
                consented_on=today - timedelta(days=430 - 70 * n),
                age=age,
                sex=rng.choice("FM"),
                screening_total=total,
                status="screen_failed",
                treatments=DRUGS[:treatments],
                facts=_facts(protocol, total, age, treatments) | {"substance_use": uses},
            )
        )
    return participants


def _waiting(site: Site, consented_on: date, rng: random.Random, total: int | None) -> InventedParticipant:
    """In screening: with a rating and treatments, or only just consented."""
    known = {"consent": True, "age": 41} | (
        {"hamd17_total": total, "failed_treatments": 4, "treatments_complete": True} if total else {}
    )
    return InventedParticipant(
        site=site,
        consented_on=consented_on,
        age=41,
        sex="F",
        screening_total=total,
        status="screening",
        treatments=DRUGS[:4] if total else (),
        facts=known,
    )
