"""Alerts in a form's file: checked when it is read, raised by values."""

from datetime import date
from typing import Any

import pytest

from assessments.domain.evaluate import evaluate
from assessments.domain.form_file import load
from tests.domain.assessments.forms.documents import never_seen, problems_of


@pytest.mark.parametrize(
    ("keys", "key", "found"),
    [
        ({"when": "NOBODY > 1"}, "alerts.A.when", "'NOBODY'"),
        ({"when": "INTEGER1"}, "alerts.A.when", "INTEGER1"),
        ({"text": "in one language"}, "", ""),
        ({"text": {"en": "in one of two"}}, "alerts.A.text", "languages en"),
    ],
)
def test_a_mistake_is_told_by_its_key(keys: dict[str, Any], key: str, found: str) -> None:
    alert = {"id": "A", "when": "INTEGER1 > 3", "text": {"en": "act", "de": "handeln"}, **keys}
    problems = problems_of(never_seen() | {"alerts": [alert]})
    assert (list(problems)) == ([key] if key else [])
    if key:
        assert found in str(problems[key])


def test_two_of_one_id_are_refused() -> None:
    alert = {"id": "A", "when": "INTEGER1 > 3", "text": "act"}
    assert list(problems_of(never_seen() | {"alerts": [alert, alert]})) == ["alerts.A"]


def test_a_form_that_its_author_alone_reads_raises_none() -> None:
    """Others would read in the alert what is withheld from them."""
    alert = {"id": "A", "when": "INTEGER1 > 3", "text": "act"}
    assert list(problems_of(never_seen() | {"alerts": [alert], "readers": "author", "row_title": []})) == [
        "alerts"
    ]


@pytest.mark.parametrize(
    ("values", "raised"),
    [
        ({"IDEATION_1": True, "IDEATION_2": False}, False),
        ({"IDEATION_2": True, "IDEATION_4": True}, True),
        ({"BEHAVIOUR_1": True}, True),
        # No longer asked: it is kept, and says nothing.
        ({"IDEATION_2": False, "IDEATION_4": True}, False),
        ({}, False),
    ],
)
@pytest.mark.parametrize("code", ["C_SSRS", "C_SSRS_SCREENING"])
def test_a_positive_c_ssrs_is_an_alert(code: str, values: dict[str, bool], raised: bool) -> None:
    evaluation = evaluate(load(code), values, today=date(2026, 3, 2))
    assert [alert.alert.id for alert in evaluation.alerts] == (["POSITIVE"] if raised else [])
    if raised:
        assert set(evaluation.alerts[0].values) == values.keys() - {"IDEATION_2", "BEHAVIOUR_1"} | (
            {"BEHAVIOUR_6"} if "BEHAVIOUR_1" in values else set()
        )


@pytest.mark.parametrize(
    ("values", "raised"),
    [({"SYSBP": 179, "DIABP": 109, "PULSE": 139, "OXYSAT": 88}, []), ({"SYSBP": 180}, ["CIRCULATION"]),
     ({"PULSE": 39, "OXYSAT": 87}, ["CIRCULATION", "OXYGEN"])],
)  # fmt: skip
def test_a_vital_sign_outside_its_limit_is_an_alert(values: dict[str, int], raised: list[str]) -> None:
    evaluation = evaluate(load("VITALS"), values, today=date(2026, 3, 2))
    assert [alert.alert.id for alert in evaluation.alerts] == raised
