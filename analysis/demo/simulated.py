"""The people of a simulated trial, with what goes otherwise than planned. The same seed and rates give the same people."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from typing import Any

from analysis.demo.invented import InventedParticipant, PeriodCourse
from assessments.domain.instrument import load
from enrollment.protocol.model import Protocol, VisitSpec, WashoutRule
from trialsite.accounts.models import Site

BEGIN = date(2024, 1, 8)
MISSED = ("Participant was travelling", "Participant was ill", "Could not be reached", "Public holiday")
NOT_DONE = ("No trained rater available", "Participant broke the interview off", "Source document lost")
GAPS = ("not_assessed", "refused", "not_applicable", "interrupted", "not_recorded", "other")
OVERRIDES = (
    "Travel of the participant; agreed with the sponsor",
    "Infusion suite not available in the rule's days",
)
LEFT = ("Lost to follow-up", "Withdrew consent", "Adverse event", "Moved away")


def _rate(default: float, help_: str) -> Any:
    return field(default=default, metadata={"help": help_})


@dataclass(frozen=True, slots=True)
class Rates:
    """How often something goes otherwise than planned, each from 0 to 1. The defaults are our choice, of the order that
    monitors of trials are used to; 0 everywhere is a trial without a blemish."""

    screen_failures: float = _rate(0.1, "of those screened, not eligible")
    withdrawals: float = _rate(0.08, "of those randomised, leave after the first period")
    missed: float = _rate(0.03, "of visits, did not take place")
    not_done: float = _rate(0.01, "of visits, the rating was not done")
    missing_items: float = _rate(0.02, "of ratings, one item is missing with a reason")
    measured: float = _rate(0.3, "of ratings, an item is rated by its alternative (16B, weight measured)")
    moved: float = _rate(0.08, "of visits, a day or two early or late")
    out_of_window: float = _rate(0.03, "of visits, outside their window")
    wrong_dates: float = _rate(0.01, "of ratings, dated wrong at first and corrected later")
    washouts: float = _rate(
        0.04, "of washouts, shorter or longer than the rule, three of four with an override"
    )

    def __post_init__(self) -> None:
        for rate in fields(self):
            if not 0 <= getattr(self, rate.name) <= 1:
                raise ValueError(f"--{rate.name.replace('_', '-')}: a rate lies between 0 and 1.")


def people(
    protocol: Protocol, sites: list[Site], n: int, rates: Rates, rng: random.Random
) -> Iterator[InventedParticipant]:
    """`n` people who come over 600 days; ratings fall more under the first arm."""
    for _ in range(n):
        yield _person(protocol, rng.choice(sites), rates, rng)


def _person(protocol: Protocol, site: Site, rates: Rates, rng: random.Random) -> InventedParticipant:
    consented = BEGIN + timedelta(days=rng.randrange(600))
    total = rng.randint(20, 34)
    common: dict[str, Any] = {
        "site": site,
        "consented_on": consented,
        "age": rng.randint(18, 70),
        "sex": rng.choice("FM"),
    }
    if rng.random() < rates.screen_failures:
        total = rng.randint(8, 19)
        return InventedParticipant(
            **common, screening_total=total, status="screen_failed", facts={"hamd17_total": total}
        )
    leaves = rng.random() < rates.withdrawals
    courses = _courses(protocol, consented + timedelta(days=9), total, leaves, rates, rng)
    seen_last = max(course.dosed_on for course in courses.values()) + timedelta(
        days=max(visit.day + visit.after for visit in protocol.visits) + 14
    )
    return InventedParticipant(
        **common,
        screening_total=total,
        status="withdrawn" if leaves else "completed",
        left_reason=rng.choice(LEFT) if leaves else "",
        left_on=seen_last if leaves else None,
        courses=lambda arms: [courses[n, arm] for n, arm in enumerate(arms) if (n, arm) in courses],
    )


def _courses(
    protocol: Protocol, start: date, total: int, leaves: bool, rates: Rates, rng: random.Random
) -> dict[tuple[int, str], PeriodCourse]:
    """A course for each arm in each period lived, so that it does not matter here which arm comes."""
    courses, day = {}, start
    override: tuple[int, str] | None = None
    for n in range(1 if leaves and len(protocol.periods) > 1 else len(protocol.periods)):
        happened = _happened(protocol, rates, rng)
        for rank, arm in enumerate(protocol.arms):
            effect = max(0.0, min(0.95, rng.gauss(0.5 - 0.3 * rank, 0.25)))
            courses[n, arm.code] = PeriodCourse(
                day,
                _totals(protocol, total, effect, rng),
                others=_others(protocol, rng),
                override=override,
                **happened,
            )
        if protocol.washout:
            if protocol.washout.anchor == "last_visit":
                last = max(protocol.visits, key=lambda visit: visit.day)
                seen = not (last.code in happened["missed"] or last.code in happened["not_done"])
                day += timedelta(days=last.day + (happened["delays"].get(last.code, 0) if seen else 0))
            interval, override = _interval(protocol.washout, rates, rng)
            day += timedelta(days=interval)
    return courses


def _totals(protocol: Protocol, total: int, effect: float, rng: random.Random) -> dict[str, int]:
    """The effect wanes by a tenth every three days."""
    totals = {}
    for visit in protocol.visits:
        share = effect * (0.9 ** (visit.day / 3)) if visit.day else 0.0
        totals[visit.code] = max(0, min(52, round(total * (1 - share) + rng.gauss(0, 1.5))))
    return totals


def _others(protocol: Protocol, rng: random.Random) -> dict[tuple[str, str], int]:
    return {
        (visit.code, code): rng.randint(0, load(code).total_maximum // 2)
        for visit in protocol.visits
        for code in visit.instruments
        if code != protocol.endpoints.instrument
    }


def _happened(protocol: Protocol, rates: Rates, rng: random.Random) -> dict[str, Any]:
    """What goes otherwise in a period, as `PeriodCourse` takes it. The day of the dose itself takes place as it does."""
    deviations: dict[str, Any] = {name: {} for name in ("delays", "missed", "not_done", "gaps", "mistyped")}
    measured = set()
    for visit in protocol.visits:
        if visit.day and rng.random() < rates.missed:
            deviations["missed"][visit.code] = rng.choice(MISSED)
        elif visit.day and rng.random() < rates.not_done:
            deviations["not_done"][visit.code] = rng.choice(NOT_DONE)
        if rng.random() < rates.missing_items:
            deviations["gaps"][visit.code] = rng.choice(GAPS)
        if rng.random() < rates.measured:
            measured.add(visit.code)
        if visit.day and (days := _moved(visit, rates, rng)):
            deviations["delays"][visit.code] = days
        if visit.day and rng.random() < rates.wrong_dates:
            deviations["mistyped"][visit.code] = rng.randint(7, 30)
    return deviations | {"measured": frozenset(measured)}


def _moved(visit: VisitSpec, rates: Rates, rng: random.Random) -> int:
    """Days off the plan, never to the day of the dose or before it."""
    drawn = rng.random()
    if drawn < rates.out_of_window:
        days = rng.choice([visit.after + rng.randint(1, 5), -visit.before - 1])
    elif drawn < rates.out_of_window + rates.moved:
        days = rng.randint(-visit.before, visit.after)
    else:
        days = 0
    return max(days, 1 - visit.day)


def _interval(rule: WashoutRule, rates: Rates, rng: random.Random) -> tuple[int, tuple[int, str] | None]:
    """Days of a washout, and the override where it breaks the rule and somebody answered for it."""
    if rng.random() >= rates.washouts:
        return min(rule.max_days, max(rule.min_days, round(rng.gauss(rule.target_days, 9)))), None
    outside = rng.choice([-min(rng.randint(1, 4), rule.min_days), rng.randint(1, 10)])
    days = (rule.min_days if outside < 0 else rule.max_days) + outside
    answered = outside and rng.random() < 0.75
    return days, (outside, rng.choice(OVERRIDES)) if answered else None
