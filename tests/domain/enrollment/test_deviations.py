"""Which rules a course breaks, held against a computation that knows nothing of the one in the product."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.domain.deviations import (
    Breach,
    ObservedCourse,
    ObservedPeriod,
    ObservedVisit,
    Rule,
    SignedConsent,
    breaches,
    classification,
    rules_of,
)
from enrollment.protocol.deviations import DeviationRules
from enrollment.protocol.file import parse
from enrollment.protocol.model import Protocol
from tests.domain.enrollment.protocol.documents import ketnal, problems_of

PROTOCOL = parse(ketnal())
DAY = date(2026, 3, 9)
CODES = [visit.code for visit in PROTOCOL.visits]
CAPSULE, DURATION = "INFUSION.CAPSULE_TO_START", "INFUSION.DURATION"


def on(n: int) -> date:
    return DAY + timedelta(days=n)


def period(number: int, start: int, **visits: Any) -> ObservedPeriod:
    """A period by the plan from day `start`, its visits on their days; `visits`: what is otherwise at one of them."""
    seen = []
    for position, spec in enumerate(PROTOCOL.visits):
        target = start + spec.day
        first = max(target - spec.before, start + 1) if spec.day else target
        visit = ObservedVisit(
            pk=10 * number + position,
            code=spec.code,
            day=spec.day,
            window=(on(first), on(target + spec.after)),
            planned_on=on(target),
            performed_on=on(target),
            ratings=dict.fromkeys(spec.instruments, on(target)),
        )
        seen.append(replace(visit, **visits.get(spec.code, {})))
    return ObservedPeriod(number, on(start), on(start), f"K{number}", tuple(seen))


def course(
    first: ObservedPeriod | None = None, second: ObservedPeriod | None = None, **more: Any
) -> ObservedCourse:
    periods = (first or period(1, 0), second or period(2, 47))
    return ObservedCourse(**{"consented_on": on(-9), "periods": periods, **more})


def broken(course: ObservedCourse, protocol: Protocol = PROTOCOL) -> list[tuple[str, int | None, str | None]]:
    """(rule, period, code of the visit) of each breach."""
    codes = {visit.pk: visit.code for _period, visit in course.visits()}
    return [(b.rule, b.period, codes.get(b.visit or 0)) for b in breaches(course, protocol)]


NOT_SEEN: dict[str, Any] = {"performed_on": None, "ratings": {}}
MISSED: dict[str, Any] = {**NOT_SEEN, "missed": True}


def at(day: int) -> dict[str, Any]:
    """A visit on that day, its rating too."""
    return {"performed_on": on(day), "ratings": {"HAMD17": on(day)}}


def test_a_course_by_the_plan_breaks_nothing() -> None:
    """Two periods, every visit on its day, 33 days of washout."""
    assert broken(course()) == []


@pytest.mark.parametrize(
    ("otherwise", "expected"),
    [
        (course(period(1, 0, DAY3=at(6))), [("visit_window", 1, "DAY3"), ("visit_order", 1, "DAY5")]),
        (course(period(1, 0, DAY5=MISSED)), [("visit_missed", 1, "DAY5")]),
        (course(period(1, 0, DAY7=at(4))), [("visit_window", 1, "DAY7"), ("visit_order", 1, "DAY7")]),
        (course(second=period(2, 27)), [("washout_minimum", 2, None)]),
        (course(second=period(2, 78)), [("washout_maximum", 2, None)]),
        (course(second=period(2, 28)), []),
        (course(second=period(2, 77)), []),
        (course(second=period(2, 13)), [("period_order", 2, None), ("washout_minimum", 2, None)]),
        (course(consented_on=on(0)), []),
        (course(consented_on=None), []),
        (course(period(1, 0, BASELINE=NOT_SEEN)), [("missing_baseline", 1, None)]),
        (course(period(1, 0, BASELINE=MISSED)), [("missing_baseline", 1, None)]),
        (course(left_on=on(50), second=period(2, 47, DAY5=MISSED)), []),
        (course(left_on=on(51), second=period(2, 47, DAY5=MISSED)), [("visit_missed", 2, "DAY5")]),
        (
            course(period(1, 0, DAY1={"ratings": {"HAMD17": on(-1)}})),
            [("rating_before_dose", 1, "DAY1")],
        ),
        (
            course(period(1, 0, BASELINE={"ratings": {"HAMD17": on(1)}})),
            [("rating_after_dose", 1, "BASELINE")],
        ),
        (
            course(period(1, 0, BASELINE={"values": {"INFUSION.KIT": "K2"}})),
            [("wrong_kit", 1, "BASELINE")],
        ),
        (course(period(1, 0, BASELINE={"values": {"INFUSION.KIT": " k 1"}})), []),
        (
            course(period(1, 0, BASELINE={"values": {CAPSULE: Decimal("50.1"), DURATION: Decimal(35)}})),
            [("tolerance", 1, "BASELINE")],
        ),
        (
            course(screening=(ObservedVisit(1, "SCREENING", recorded_on=(on(-12), on(-9))),)),
            [("before_consent", None, "SCREENING")],
        ),
    ],
)
def test_each_rule_breaks_by_itself(
    otherwise: ObservedCourse, expected: list[tuple[str, int | None, str | None]]
) -> None:
    """The bounds themselves are allowed; what follows from one cause by another rule is a breach of its own."""
    assert broken(otherwise) == expected


def test_a_dose_before_consent_is_a_breach_beside_its_visits() -> None:
    """Each visit, and the treatment."""
    rules = broken(course(consented_on=on(1)))
    assert rules == [("before_consent", 1, "BASELINE"), ("before_consent", 1, None)]


@pytest.mark.parametrize(
    ("approved_on", "breach"), [(on(-9), False), (on(-8), True), (on(-10), False), (None, True)]
)
def test_a_text_has_to_be_approved_by_the_day_it_was_signed(approved_on: date | None, breach: bool) -> None:
    """The day of the approval itself is allowed. Once, whatever follows from it."""
    found = breaches(course(consent=SignedConsent("2.0 (en)", approved_on)), PROTOCOL)
    expected = Breach(
        "consent_not_approved",
        on=on(-9),
        recorded="2.0 (en)",
        expected=approved_on.isoformat() if approved_on else "",
    )
    assert found == [expected] * breach


def test_of_a_text_that_was_not_recorded_nothing_is_known() -> None:
    assert broken(course(consent=None)) == []
    assert broken(course(consented_on=None, consent=SignedConsent("2.0 (en)"))) == []


def test_a_plan_breaks_nothing() -> None:
    """Of a period that was not dosed no window and no washout is judged."""
    planned = replace(period(2, 20, DAY3=at(40)), dosed_on=None)
    unseen = tuple(replace(visit, **NOT_SEEN) for visit in planned.visits)
    assert broken(course(second=replace(planned, visits=unseen))) == []


def test_a_baseline_that_is_still_to_be_entered_is_not_missing() -> None:
    """Right after the treatment nothing is known of it."""
    first = period(1, 0)
    unseen = tuple(replace(visit, **NOT_SEEN) for visit in first.visits)
    begun = ObservedCourse(consented_on=on(-9), periods=(replace(first, visits=unseen),))
    assert broken(begun) == []


def test_what_a_breach_says() -> None:
    """By how many days, and what stands against what."""
    otherwise = course(
        period(1, 0, DAY14=at(19), BASELINE={"values": {CAPSULE: Decimal(53), "INFUSION.KIT": "K9"}}),
        period(2, 52),
    )
    window, kit, tolerance = breaches(otherwise, PROTOCOL)
    assert (window.on, window.days) == (on(19), 3)
    assert (kit.recorded, kit.expected) == ("K9", "K1")
    assert (tolerance.subject, tolerance.recorded, tolerance.expected) == (
        "CAPSULE_TO_START",
        "53",
        "40–50 min",
    )


def test_every_rule_has_a_class_and_a_protocol_that_names_none_the_default() -> None:
    """Of a version loaded before classes were known, too."""
    document = ketnal()
    del document["deviations"]
    document["sources"] = {
        key: text for key, text in document["sources"].items() if not key.startswith("deviations")
    }
    earlier = parse(document)
    assert earlier.deviations is None
    for rule in get_args(Rule):
        if rule != "tolerance":
            assert classification(Breach(rule), rules_of(earlier)) == getattr(DeviationRules(), rule)
    assert classification(Breach("tolerance", subject="DURATION"), rules_of(PROTOCOL)) == "minor"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"visit_window": "major"}, "deviations.visit_window"),
        ({"visit_windows": "minor"}, "deviations.visit_windows"),
        ({"kit": "KIT"}, "deviations.kit"),
        ({"kit": "DOSING.KIT"}, "deviations.kit"),
    ],
)
def test_a_mistake_in_the_table_is_named_by_its_key(change: dict[str, Any], key: str) -> None:
    document = ketnal()
    document["deviations"] |= change
    assert key in problems_of(document)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"minimum": 51}, "minimum"),
        ({"item": "VITALITY.PULSE"}, "item"),
        ({"classification": "severe"}, "classification"),
        ({"code": "DURATION"}, "code"),
    ],
)
def test_a_mistake_in_a_tolerance_is_named_by_its_key(change: dict[str, Any], key: str) -> None:
    """Bounds the wrong way round, a form that is not named, an unknown class, a code twice."""
    document = ketnal()
    document["deviations"]["tolerances"][0] |= change
    assert any(
        problem.startswith("deviations.tolerances") and problem.endswith(f".{key}")
        for problem in problems_of(document)
    )


# What follows computes it all again, from days as numbers, one period and visit at a time.

day_numbers = st.integers(-3, 20)


@st.composite
def visits_of(draw: st.DrawFn, number: int, start: int, dosed: bool) -> tuple[ObservedVisit, ...]:
    seen = []
    for position, spec in enumerate(PROTOCOL.visits):
        went = draw(st.sampled_from(["seen", "seen", "seen", "missed", "open"]))
        performed = start + draw(day_numbers) if went == "seen" else None
        target = start + spec.day
        first = max(target - spec.before, start + 1) if spec.day else target
        rated = (
            draw(st.sampled_from(["same", "other", "none", "not_done"])) if performed is not None else "none"
        )
        rating = {"same": performed, "other": start + draw(day_numbers)}.get(rated)
        seen.append(
            ObservedVisit(
                pk=10 * number + position,
                code=spec.code,
                day=spec.day,
                window=(on(first), on(target + spec.after)),
                planned_on=on(target),
                performed_on=None if performed is None else on(performed),
                missed=went == "missed",
                ratings={} if rating is None else {"HAMD17": on(rating)},
                not_done=frozenset({"HAMD17"} if rated == "not_done" else ()),
                values=draw(
                    st.fixed_dictionaries(
                        {},
                        optional={
                            CAPSULE: st.integers(30, 60).map(Decimal),
                            "INFUSION.KIT": st.sampled_from(["K1", "k2", "K 2"]),
                        },
                    )
                ),
            )
        )
    return tuple(seen)


@st.composite
def courses(draw: st.DrawFn) -> ObservedCourse:
    periods = []
    for number, earliest, last in ((1, 0, 6), (2, 10, 90)):
        start = draw(st.integers(earliest, last))
        dosed = draw(st.booleans()) or draw(st.booleans())
        visits = draw(visits_of(number, start, dosed))
        periods.append(ObservedPeriod(number, on(start) if dosed else None, on(start), f"K{number}", visits))
    return ObservedCourse(
        consented_on=draw(st.none() | st.integers(-9, 4).map(on)),
        left_on=draw(st.none() | st.integers(0, 80).map(on)),
        periods=tuple(periods),
    )


def naive(course: ObservedCourse) -> Iterator[tuple[str, int, str | None]]:
    """The rules once more, as one would work them out on paper for this protocol."""
    numbered: dict[tuple[int, str], ObservedVisit] = {
        (p.number, v.code): v for p in course.periods for v in p.visits
    }
    doses = {p.number: p.dosed_on for p in course.periods}
    for (number, code), visit in numbered.items():
        dose, seen = doses[number], visit.performed_on
        rating = visit.ratings.get("HAMD17")
        if dose and seen and visit.window and not visit.window[0] <= seen <= visit.window[1]:
            yield "visit_window", number, code
        gone = course.left_on and visit.window and visit.window[0] > course.left_on
        if visit.missed and not gone and not (dose and code == "BASELINE"):
            yield "visit_missed", number, code
        earlier = [numbered[number, c].performed_on for c in CODES[: CODES.index(code)]]
        if seen and any(other and other > seen for other in earlier):
            yield "visit_order", number, code
        happened = [day for day in (seen, rating) if day]
        if course.consented_on and happened and min(happened) < course.consented_on:
            yield "before_consent", number, code
        if dose and rating and code != "BASELINE" and rating < dose:
            yield "rating_before_dose", number, code
        if dose and rating and code == "BASELINE" and rating > dose:
            yield "rating_after_dose", number, code
        kit = visit.values.get("INFUSION.KIT")
        if kit and str(kit).lower().replace(" ", "") != f"k{number}":
            yield "wrong_kit", number, code
        minutes = visit.values.get(CAPSULE)
        if minutes is not None and not 40 <= int(minutes) <= 50:
            yield "tolerance", number, code
    for number, dose in doses.items():
        if not dose:
            continue
        if course.consented_on and dose < course.consented_on:
            yield "before_consent", number, None
        base = numbered[number, "BASELINE"]
        later = any(numbered[number, code].performed_on for code in CODES[1:])
        if "HAMD17" not in base.ratings and (base.missed or "HAMD17" in base.not_done or later):
            yield "missing_baseline", number, None
    first, second = doses[1], doses[2]
    if second:
        seen_in_first = [v.performed_on for (n, _), v in numbered.items() if n == 1 and v.performed_on]
        if not first or second <= first or any(day > second for day in seen_in_first):
            yield "period_order", 2, None
        last = numbered[1, "DAY14"]
        anchor = last.performed_on or last.planned_on
        if first and anchor:
            yet_to_come = (
                [last.planned_on] if last.planned_on and not (last.performed_on or last.missed) else []
            )
            end = max([*seen_in_first, *yet_to_come], default=date.min)
            if second < max(anchor + timedelta(days=14), end):
                yield "washout_minimum", 2, None
            elif second > max(anchor + timedelta(days=63), end):
                yield "washout_maximum", 2, None


@given(courses())
def test_any_course_breaks_what_a_naive_computation_says(course: ObservedCourse) -> None:
    assert sorted(broken(course), key=repr) == sorted(naive(course), key=repr)


@given(courses())
def test_a_breach_has_one_identity_and_is_the_same_every_time(course: ObservedCourse) -> None:
    first, again = breaches(course, PROTOCOL), breaches(course, PROTOCOL)
    identities = [breach.identity for breach in first]
    assert len(set(identities)) == len(identities)
    assert first == again


@given(courses(), st.integers(1, 400))
def test_the_calendar_moves_no_breach(course: ObservedCourse, days: int) -> None:
    """The same course at another time of the year has the same breaches."""

    def moved(day: date | None) -> date | None:
        return day and day + timedelta(days=days)

    def later(visit: ObservedVisit) -> ObservedVisit:
        window = visit.window and (moved(visit.window[0]) or DAY, moved(visit.window[1]) or DAY)
        return replace(
            visit,
            window=window,
            planned_on=moved(visit.planned_on),
            performed_on=moved(visit.performed_on),
            ratings={code: moved(day) for code, day in visit.ratings.items()},
        )

    shifted = ObservedCourse(
        moved(course.consented_on),
        moved(course.left_on),
        periods=tuple(
            replace(
                p,
                dosed_on=moved(p.dosed_on),
                planned_on=moved(p.planned_on),
                visits=tuple(map(later, p.visits)),
            )
            for p in course.periods
        ),
    )
    assert broken(shifted) == broken(course)
