"""A verdict per criterion with its reason, and one sentence for all."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.domain.eligibility import CriterionResult, CriterionVerdict, Verdict, judge, standing
from enrollment.protocol.model import Criterion
from tests.domain.enrollment.protocol.documents import protocol

CRITERIA = protocol("ketamine_naltrexone").criteria
Facts = dict[str, float | bool | None]


def eligible() -> Facts:
    """Facts that meet every criterion of KETNAL."""
    facts: Facts = {c.fact: c.expected for c in CRITERIA if c.kind == "confirm"}
    return facts | {"age": 45.0, "hamd17_total": 24.0, "failed_treatments": 4.0}


def sentence(result: CriterionResult) -> str:
    return result.message % result.params


def headline(verdict: Verdict) -> str:
    return verdict.headline % verdict.headline_params


def result_of(facts: Facts, fact: str) -> CriterionResult:
    criterion = next(c for c in CRITERIA if c.fact == fact)
    return next(r for r in judge(CRITERIA, facts).results if r.id == criterion.id)


def test_who_meets_every_criterion_is_eligible() -> None:
    """Thirteen criteria, all met."""
    verdict = judge(CRITERIA, eligible())
    assert verdict.verdict == "eligible"
    assert headline(verdict) == "Eligible: all 13 criteria are met"


def test_the_sentence_names_what_was_found_and_what_was_needed() -> None:
    """The words of the verdict page."""
    verdict = judge(CRITERIA, eligible() | {"hamd17_total": 18.0})
    assert verdict.verdict == "not eligible"
    assert headline(verdict) == "Not eligible: HAM-D 18, needs at least 20"


@pytest.mark.requirement("ELG-01")
@pytest.mark.parametrize(
    ("fact", "value", "verdict", "message"),
    [
        ("hamd17_total", 20.0, "met", "HAM-D 20"),
        ("hamd17_total", 19.0, "not met", "HAM-D 19, needs at least 20"),
        ("failed_treatments", 4.0, "met", "Failed treatments 4"),
        ("failed_treatments", 3.0, "not met", "Failed treatments 3, needs at least 4"),
        ("age", 18.0, "met", "Age 18 years"),
        ("age", 70.0, "met", "Age 70 years"),
        ("age", 17.0, "not met", "Age 17 years, needs 18 to 70"),
        ("age", 71.0, "not met", "Age 71 years, needs 18 to 70"),
        ("age", None, "unknown", "Age: not known yet"),
        ("consent", True, "met", "Consent: answered yes"),
        ("consent", False, "not met", "Consent: answered no"),
        ("consent", None, "unknown", "Consent: not known yet"),
        ("pregnancy", False, "met", "Pregnancy: answered no"),
        ("pregnancy", True, "not met", "Pregnancy: answered yes"),
    ],
)
def test_each_criterion_says_its_verdict_and_why(
    fact: str, value: float | bool | None, verdict: str, message: str
) -> None:
    """The bounds belong to what is allowed; an exclusion is met when it is absent."""
    result = result_of(eligible() | {fact: value}, fact)
    assert (result.verdict, sentence(result)) == (verdict, message)


def test_zero_is_a_value_and_not_a_missing_one() -> None:
    """No failed treatment is known and not enough; nothing recorded is unknown."""
    assert result_of(eligible() | {"failed_treatments": 0.0}, "failed_treatments").verdict == "not met"
    facts = eligible()
    del facts["failed_treatments"]
    assert result_of(facts, "failed_treatments").verdict == "unknown"
    assert result_of(eligible() | {"failed_treatments": math.nan}, "failed_treatments").verdict == "unknown"


def test_one_failed_criterion_decides_while_others_are_unknown() -> None:
    """A screen failure need not wait for the rest of the checklist."""
    verdict = judge(CRITERIA, {"age": 80.0})
    assert verdict.verdict == "not eligible"
    assert verdict.unknown == 12
    assert (
        headline(verdict) == "Not eligible already: Age 80 years, needs 18 to 70. Criteria not known yet: 12"
    )


def test_without_a_failure_an_unknown_fact_leaves_the_verdict_open() -> None:
    """The sentence counts what is known."""
    verdict = judge(CRITERIA, eligible() | {"opioids": None})
    assert verdict.verdict == "incomplete"
    assert headline(verdict) == "Not decided yet: 12 of 13 criteria are known"


def test_a_criterion_may_have_an_upper_bound_only() -> None:
    """Other trials ask for at most."""
    criterion = Criterion(
        "E1", "exclusion", "maximum", "QTc", "QTc at most 450 ms", "qtc", maximum=450.0, unit="ms"
    )
    assert [sentence(r) for r in judge([criterion], {"qtc": 451.5}).results] == [
        "QTc 451.5 ms, at most 450 allowed"
    ]
    assert judge([criterion], {"qtc": 450}).verdict == "eligible"


FACTS = st.fixed_dictionaries(
    {},
    optional={
        c.fact: st.none() | (st.booleans() if c.kind == "confirm" else st.floats(allow_nan=True, width=32))
        for c in CRITERIA
    },
)


@given(facts=FACTS)
def test_the_verdict_is_the_sum_of_the_criteria(facts: Facts) -> None:
    """Whatever is known: one result a criterion, every message can be said, and all can be kept as JSON."""
    verdict = judge(CRITERIA, facts)
    assert [r.id for r in verdict.results] == [c.id for c in CRITERIA]
    kinds = {r.verdict for r in verdict.results}
    worst = "not eligible" if "not met" in kinds else "incomplete" if "unknown" in kinds else "eligible"
    assert verdict.verdict == worst
    assert headline(verdict)
    for result in verdict.results:
        assert sentence(result)
        json.dumps(result.params)


@given(facts=FACTS, fact=st.sampled_from([c.fact for c in CRITERIA]))
def test_learning_a_fact_changes_no_other_criterion(facts: Facts, fact: str) -> None:
    """Each criterion is judged by its own fact alone."""
    before = judge(CRITERIA, {**facts, fact: None}).results
    after = judge(CRITERIA, {**eligible(), **facts, fact: eligible()[fact]}).results
    unknown = {c.id for c in CRITERIA if c.fact == fact or facts.get(c.fact) is None}
    assert [r for r in before if r.id not in unknown] == [r for r in after if r.id not in unknown]


def test_an_exclusion_is_absent_or_present() -> None:
    """One polarity of good and bad: met is good in either group, and each group has its own words for it."""
    inclusion, exclusion = (
        next(c for c in CRITERIA if c.group == group) for group in ("inclusion", "exclusion")
    )
    verdicts: tuple[CriterionVerdict, ...] = ("met", "not met", "unknown")
    standings = {
        (c.group, verdict): standing(c, CriterionResult(c.id, verdict, ""))
        for c in (inclusion, exclusion)
        for verdict in verdicts
    }
    assert standings == {
        ("inclusion", "met"): "met", ("inclusion", "not met"): "not met", ("inclusion", "unknown"): "unknown",
        ("exclusion", "met"): "absent", ("exclusion", "not met"): "present", ("exclusion", "unknown"): "unknown",
    }  # fmt: skip
