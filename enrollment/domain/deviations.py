"""Which rules of the protocol a participant's course breaks. Values in, breaches out.

A breach has an identity that does not change with its figures: its rule, the period and the visit, and of a tolerance which
one. The same course always has the same breaches, in the same order, each once. A plan breaks nothing: rules look at what
took place. Nothing here depends on today, so that a breach appears and disappears with what is recorded alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from enrollment.domain import washout
from enrollment.domain.schedule import deviation_days, visits_after_dose, wrong_side_of_dose
from enrollment.protocol.deviations import DeviationClass, DeviationRules, Tolerance
from enrollment.protocol.model import Protocol

Rule = Literal[
    "visit_window",
    "visit_missed",
    "visit_order",
    "period_order",
    "washout_minimum",
    "washout_maximum",
    "before_consent",
    "consent_not_approved",
    "missing_baseline",
    "rating_before_dose",
    "rating_after_dose",
    "wrong_kit",
    "tolerance",
]


@dataclass(frozen=True, slots=True)
class ObservedVisit:
    """A visit as it went. `ratings`: instrument → day of those that were done (None: without a day); `not_done`:
    instruments that were not; `recorded_on`: days of the records of forms; `values`: "FORM.ITEM" → what was recorded."""

    pk: int
    code: str
    day: int = 0
    window: tuple[date, date] | None = None
    planned_on: date | None = None
    performed_on: date | None = None
    missed: bool = False
    ratings: Mapping[str, date | None] = field(default_factory=dict)
    not_done: frozenset[str] = frozenset()
    recorded_on: tuple[date, ...] = ()
    values: Mapping[str, str | Decimal] = field(default_factory=dict)

    def days(self) -> list[date]:
        """On which something took place there."""
        rated = [day for day in self.ratings.values() if day]
        return [*([self.performed_on] if self.performed_on else []), *rated, *self.recorded_on]


@dataclass(frozen=True, slots=True)
class ObservedPeriod:
    """A period as it went, its visits in the order of the protocol. `kit`: the number that was assigned."""

    number: int
    dosed_on: date | None = None
    planned_on: date | None = None
    kit: str = ""
    visits: tuple[ObservedVisit, ...] = ()

    def washout_dates(self) -> washout.PeriodDates:
        """What the washout after it rests on."""
        visits = [
            washout.VisitDates(
                visit.day, visit.planned_on, visit.performed_on, bool(visit.performed_on or visit.missed)
            )
            for visit in self.visits
        ]
        return washout.PeriodDates(self.dosed_on, self.planned_on, visits)


@dataclass(frozen=True, slots=True)
class SignedConsent:
    """The text that was signed, and since when it is approved at the site; None: it is not."""

    label: str
    approved_on: date | None = None


@dataclass(frozen=True, slots=True)
class ObservedCourse:
    """A participant's way through the trial. `consent`: None where no text was recorded; `screening`: visits outside the
    periods."""

    consented_on: date | None = None
    left_on: date | None = None
    screening: tuple[ObservedVisit, ...] = ()
    periods: tuple[ObservedPeriod, ...] = ()
    consent: SignedConsent | None = None

    def visits(self) -> Iterator[tuple[ObservedPeriod | None, ObservedVisit]]:
        for visit in self.screening:
            yield None, visit
        for period in self.periods:
            for visit in period.visits:
                yield period, visit


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that a course breaks: in which period, at which visit (pk), of a tolerance which one (`subject`). `on`: the
    day; `days`: by how many, negative for too early; `recorded` and `expected`: what stands against what."""

    rule: Rule
    period: int | None = None
    visit: int | None = None
    subject: str = ""
    on: date | None = None
    days: int | None = None
    recorded: str = ""
    expected: str = ""

    @property
    def identity(self) -> tuple[str, str, int | None, int | None]:
        return self.rule, self.subject, self.period, self.visit


def breaches(course: ObservedCourse, protocol: Protocol) -> list[Breach]:
    """Everything that `course` breaks, in the order of the rules."""
    return [breach for rule in RULES for breach in rule(course, protocol)]


def classification(breach: Breach, rules: DeviationRules) -> DeviationClass:
    """The class that the protocol gives it. Raises KeyError for a tolerance that the protocol has not."""
    if breach.rule == "tolerance":
        return {tolerance.code: tolerance.classification for tolerance in rules.tolerances}[breach.subject]
    importance: DeviationClass = getattr(rules, breach.rule)
    return importance


def _dosed(course: ObservedCourse) -> Iterator[tuple[ObservedPeriod, date]]:
    """The periods whose treatment was given: the windows of the others are a plan's."""
    for period in course.periods:
        if period.dosed_on:
            yield period, period.dosed_on


def _visit_window(course: ObservedCourse, protocol: Protocol) -> Iterator[Breach]:
    for period, _dosed_on in _dosed(course):
        for visit in period.visits:
            if visit.window and visit.performed_on:
                days = deviation_days(*visit.window, visit.performed_on)
                if days:
                    yield Breach("visit_window", period.number, visit.pk, on=visit.performed_on, days=days)


def _visit_missed(course: ObservedCourse, protocol: Protocol) -> Iterator[Breach]:
    """Unless the participant had left before the visit could take place. Of a baseline that was missed, `missing_baseline`
    speaks."""
    for period, visit in course.visits():
        first = visit.window[0] if visit.window else None
        left = course.left_on and first and course.left_on < first
        baseline = period and period.dosed_on and visit.code == protocol.endpoints.baseline_visit
        if visit.missed and period and not left and not baseline:
            yield Breach("visit_missed", period.number, visit.pk, on=visit.planned_on)


def _visit_order(course: ObservedCourse, protocol: Protocol) -> Iterator[Breach]:
    """A visit before one that the protocol has earlier."""
    for period in course.periods:
        latest = None
        for visit in period.visits:
            if visit.performed_on is None:
                continue
            if latest and visit.performed_on < latest:
                days = (visit.performed_on - latest).days
                yield Breach("visit_order", period.number, visit.pk, on=visit.performed_on, days=days)
            latest = max(latest or visit.performed_on, visit.performed_on)


def _period_order(course: ObservedCourse, protocol: Protocol) -> Iterator[Breach]:
    """A treatment before that of the period before, or before one of its visits that took place."""
    for before, period in pairwise(course.periods):
        if period.dosed_on is None:
            continue
        days = [visit.performed_on for visit in before.visits if visit.performed_on]
        too_early = any(period.dosed_on < day for day in days)
        if before.dosed_on is None or period.dosed_on <= before.dosed_on or too_early:
            yield Breach("period_order", period.number, on=period.dosed_on)


def _washout(course: ObservedCourse, protocol: Protocol) -> Iterator[Breach]:
    if protocol.washout is None:
        return
    for before, period in pairwise(course.periods):
        if not (before.dosed_on and period.dosed_on):
            continue
        window = washout.window(protocol.washout, before.washout_dates())
        outside = washout.days_outside(window, period.dosed_on) if window else 0
        if outside:
            rule: Rule = "washout_minimum" if outside < 0 else "washout_maximum"
            yield Breach(rule, period.number, on=period.dosed_on, days=outside)


def _before_consent(course: ObservedCourse, protocol: Protocol) -> Iterator[Breach]:
    """Of whom a consent date is known; once for each visit, and once for each treatment."""
    if course.consented_on is None:
        return
    for period, visit in course.visits():
        first = min(visit.days(), default=course.consented_on)
        if first < course.consented_on:
            days = (first - course.consented_on).days
            number = period.number if period else None
            yield Breach("before_consent", number, visit.pk, on=first, days=days)
    for period, dosed_on in _dosed(course):
        if dosed_on < course.consented_on:
            days = (dosed_on - course.consented_on).days
            yield Breach("before_consent", period.number, on=dosed_on, days=days)


def _consent_not_approved(course: ObservedCourse, protocol: Protocol) -> Iterator[Breach]:
    """A text that was not approved at the site on the day it was signed. Of an unrecorded one nothing is known."""
    consent, signed_on = course.consent, course.consented_on
    if consent is None or signed_on is None:
        return
    if consent.approved_on is None or consent.approved_on > signed_on:
        approved = consent.approved_on.isoformat() if consent.approved_on else ""
        yield Breach("consent_not_approved", on=signed_on, recorded=consent.label, expected=approved)


def _missing_baseline(course: ObservedCourse, protocol: Protocol) -> Iterator[Breach]:
    """A treatment without the rating that change is measured against. Known once the baseline was missed or its rating
    not done, or a later visit took place."""
    end = protocol.endpoints
    for period, dosed_on in _dosed(course):
        codes = [visit.code for visit in period.visits]
        if end.baseline_visit not in codes:
            continue
        place = codes.index(end.baseline_visit)
        baseline = period.visits[place]
        if end.instrument in baseline.ratings:
            continue
        went_on = any(visit.performed_on for visit in period.visits[place + 1 :])
        if baseline.missed or end.instrument in baseline.not_done or went_on:
            yield Breach("missing_baseline", period.number, on=dosed_on)


def _rating_side(course: ObservedCourse, protocol: Protocol) -> Iterator[Breach]:
    """Ratings on the wrong side of their dose, by days alone; once for each visit and side."""
    after_dose = visits_after_dose(protocol.visits, protocol.endpoints.baseline_visit)
    for period, dosed_on in _dosed(course):
        for visit in period.visits:
            days = sorted(day for day in visit.ratings.values() if day)
            sides = {day: wrong_side_of_dose(visit.code in after_dose, day, dosed_on) for day in days}
            wrong = [day for day in days if sides[day]]
            if wrong:
                rule: Rule = "rating_before_dose" if visit.code in after_dose else "rating_after_dose"
                farthest = wrong[0] if wrong[0] < dosed_on else wrong[-1]
                offset = (farthest - dosed_on).days
                yield Breach(rule, period.number, visit.pk, on=farthest, days=offset)


def _wrong_kit(course: ObservedCourse, protocol: Protocol) -> Iterator[Breach]:
    """The number that was recorded with the treatment is not the one assigned. Neither says what is in a kit."""
    item = rules_of(protocol).kit
    for period in course.periods:
        for visit in period.visits:
            recorded = str(visit.values.get(item or "", ""))
            if recorded and period.kit and _plain(recorded) != _plain(period.kit):
                yield Breach(
                    "wrong_kit",
                    period.number,
                    visit.pk,
                    on=period.dosed_on or visit.performed_on,
                    recorded=recorded,
                    expected=period.kit,
                )


def _plain(kit: str) -> str:
    """Blanks and capitals do not make another kit."""
    return "".join(kit.split()).casefold()


def _tolerances(course: ObservedCourse, protocol: Protocol) -> Iterator[Breach]:
    for tolerance in rules_of(protocol).tolerances:
        for period, visit in course.visits():
            value = visit.values.get(tolerance.item)
            if isinstance(value, Decimal) and not within(tolerance, value):
                yield Breach(
                    "tolerance",
                    period.number if period else None,
                    visit.pk,
                    tolerance.code,
                    on=visit.performed_on,
                    recorded=f"{value:f}",
                    expected=bounds_text(tolerance),
                )


def within(tolerance: Tolerance, value: Decimal) -> bool:
    """Both bounds are allowed."""
    low, high = tolerance.minimum, tolerance.maximum
    return (low is None or value >= Decimal(str(low))) and (high is None or value <= Decimal(str(high)))


def bounds_text(tolerance: Tolerance) -> str:
    """ "40–50 min", "≥ 40 min"."""
    unit = f" {tolerance.unit}" if tolerance.unit else ""
    if tolerance.minimum is None:
        return f"≤ {tolerance.maximum:g}{unit}"
    if tolerance.maximum is None:
        return f"≥ {tolerance.minimum:g}{unit}"
    return f"{tolerance.minimum:g}–{tolerance.maximum:g}{unit}"


def rules_of(protocol: Protocol) -> DeviationRules:
    """Those of a file that says nothing of deviations too."""
    return protocol.deviations or DeviationRules()


# A further rule is a function here, its name in `Rule`, its class in DeviationRules, its words in
# assessments/deviations/text.py.
RULES: Sequence[Callable[[ObservedCourse, Protocol], Iterator[Breach]]] = (
    _visit_window,
    _visit_missed,
    _visit_order,
    _period_order,
    _washout,
    _before_consent,
    _consent_not_approved,
    _missing_baseline,
    _rating_side,
    _wrong_kit,
    _tolerances,
)
