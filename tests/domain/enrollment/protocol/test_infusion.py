"""What of an infusion day a protocol file cannot say, and what its forms must have."""

import re
from typing import Any

import pytest

from assessments.domain.form_file import load
from assessments.domain.infusion_form import problems
from enrollment.protocol.file import parse
from tests.domain.enrollment.protocol.documents import ketnal, problems_of


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("visit", "BASELIEN", "did you mean 'BASELINE'?"),
        ("form", "CONMED", "the code of a form of the visit"),
        ("vital_signs_tolerance", 8, "at most half of vital_signs_every"),
        ("vital_signs_every", 121, "at most vital_signs_until, 120"),
        ("capsule_tolerance", 46, "at most capsule_minutes, 45"),
        ("dose_maximum", 60.05, "a multiple of dose_step, 0.1"),
        ("capsule_tolerance", 6, "39, as infusion has it"),
        ("ratings", [{"instrument": "HAMD", "minutes": 40, "tolerance": 5}], "an instrument of the visit"),
    ],
)
def test_contradictions_are_named(key: str, value: Any, expected: str) -> None:
    content = ketnal()
    content["infusion"][key] = value
    assert any(expected in str(problem) for problem in problems_of(content).values())


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("dose_per_kg", 0.4, r"items.DOSE.calculate: found 31.7 for 63.3 kg, expected 25.3"),
        ("dose_maximum", 50.0, r"items.DOSE.calculate: found 60"),
        ("form", "VITALS", r"placement: found 'repeating_at_visit', expected 'once_at_visit'"),
    ],
)
def test_a_form_that_says_otherwise_is_refused(key: str, value: Any, expected: str) -> None:
    content = ketnal()
    day = parse(content).infusion
    assert day
    forms = {code: load(code) for code in ("INFUSION", "VITALS")}
    assert list(problems(day, forms, {})) == []
    content["infusion"][key] = value
    other = parse(content).infusion
    assert other
    assert any(re.search(expected, str(problem)) for problem in problems(other, forms, {}))


def test_a_form_that_asks_elsewhere_than_at_the_tolerance_is_refused() -> None:
    content = ketnal()
    content["infusion"]["infusion_tolerance"] = 6
    content["deviations"]["tolerances"][1] |= {"minimum": 34, "maximum": 46}
    day = parse(content).infusion
    assert day
    forms = {code: load(code) for code in ("INFUSION", "VITALS")}
    assert any("items.DURATION" in str(problem) for problem in problems(day, forms, {}))
