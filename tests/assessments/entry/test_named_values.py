"""What expressions of a form read besides their own record: rows, other periods, parameters; and nothing more."""

import uuid
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from assessments.domain.form_file import FormError
from assessments.domain.values import Quantity, Value
from assessments.entry.checking import evaluation_of
from assessments.entry.codec import RecordEntry
from assessments.entry.selectors import definitions_of
from assessments.entry.services import correct_record, save_record, strike_out_record
from assessments.models import Record
from enrollment.models import ProtocolVersion, Visit
from tests.assessments.loaded import LABS, baseline_of, load_forms, place
from trialsite.accounts.models import Site, Study, User

pytestmark = pytest.mark.django_db

MEDS = {
    "code": "MEDS", "title": "Medication", "version": "1", "placement": "repeating", "repeat_label": "Medication",
    "items": [
        {"code": "NAME", "type": "text", "label": "Name"},
        {"code": "DOSE", "type": "integer", "label": "Dose"},
        {"code": "TAKEN", "type": "date", "label": "Taken"},
    ],
    "checks": [{"id": "TWICE", "holds": "!MEDS.exists(m, m.NAME == NAME)", "severity": "soft", "item": "NAME",
                "message": "Listed already."}],
}  # fmt: skip


def calculated(code: str, source: str, result: str = "number") -> dict[str, Any]:
    return {"code": code, "type": "calculated", "label": code, "calculate": source, "result": result}


SUMMARY = {
    "code": "SUMMARY", "title": "Summary", "version": "1", "placement": "once",
    "items": [
        {"code": "NOTE", "type": "text", "label": "Note"},
        calculated("DOSES", "sum(MEDS.map(m, m.DOSE))"),
        calculated("RECENT", "MEDS.exists(m, m.TAKEN + PROTOCOL.days_apart > today())", "yes_no"),
        calculated("LAB", "PERIOD1.BASELINE.LABS.RESULT"),
        calculated("LATER", "has(PERIOD2.BASELINE.LABS.RESULT)", "yes_no"),
    ],
}  # fmt: skip


@pytest.fixture
def protocol(study: Study, tmp_path: Path) -> ProtocolVersion:
    return load_forms(study, tmp_path, LABS, MEDS, SUMMARY, visit="BASELINE", parameters={"days_apart": 10})


@pytest.fixture
def baseline(protocol: ProtocolVersion, site: Site, coordinator: User, investigator: User) -> Visit:
    return baseline_of(protocol, site, coordinator, investigator)


def saved(visit: Visit, code: str, values: dict[str, Value], by: User, *, at_visit: bool = False) -> Record:
    here = place(visit.participant, visit if at_visit else None, definitions_of(visit.participant)[code])
    entry = RecordEntry(
        values=values, performed_on=visit.performed_on or date(2026, 1, 1) if at_visit else None
    )
    return save_record(here, entry, by=by, form_token=uuid.uuid4())


def summary(visit: Visit) -> dict[str, Value]:
    here = place(visit.participant, None, definitions_of(visit.participant)["SUMMARY"])
    return dict(evaluation_of(here, RecordEntry()).calculated)


def test_it_reads_the_rows_in_force_the_period_that_is_named_and_the_protocol(
    baseline: Visit, coordinator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """In one statement, however many rows there are; a row that is struck out says nothing any more."""
    assert summary(baseline) == {"DOSES": Decimal(0), "RECENT": False, "LATER": False}
    assert baseline.period is not None
    taken = date.today() - timedelta(days=5)
    saved(baseline, "MEDS", {"NAME": "A", "DOSE": 20, "TAKEN": taken - timedelta(days=90)}, coordinator)
    recent = saved(baseline, "MEDS", {"NAME": "B", "DOSE": 5, "TAKEN": taken}, coordinator)
    visit = baseline
    visit.performed_on = baseline.period.dosed_on
    saved(visit, "LABS", {"RESULT": Quantity(Decimal("7.5"), "", Decimal("7.5"))}, coordinator, at_visit=True)
    with django_assert_num_queries(1):
        assert summary(baseline) == {
            "DOSES": Decimal(25), "RECENT": True, "LAB": Decimal("7.5"), "LATER": False,
        }  # fmt: skip
    here = place(baseline.participant, None, recent.definition)
    strike_out_record(recent, here, by=coordinator, version=1, reason="another participant's")
    assert (summary(baseline)["DOSES"], summary(baseline)["RECENT"]) == (Decimal(20), False)


def test_a_row_is_none_of_its_own_other_rows(baseline: Visit, coordinator: User) -> None:
    first = saved(baseline, "MEDS", {"NAME": "A", "DOSE": 1}, coordinator)
    here = place(baseline.participant, None, first.definition)
    entry = RecordEntry(values={"NAME": "A", "DOSE": 2})
    assert [finding.check for finding in evaluation_of(here, entry).findings] == ["TWICE"]
    assert evaluation_of(here, entry, 1).findings == ()
    correct_record(first, here, entry, by=coordinator, version=1, reason="typed wrong")
    assert not baseline.participant.queries.exists()
    saved(baseline, "MEDS", {"NAME": "A", "DOSE": 3}, coordinator)
    assert [query.check_id for query in baseline.participant.queries.all()] == ["TWICE"]


def test_forms_that_follow_from_one_another_in_a_circle_are_not_loaded(study: Study, tmp_path: Path) -> None:
    meds = {**MEDS, "items": [*MEDS["items"], calculated("SHARE", "DOSE / SUMMARY.DOSES")]}
    looking = [*SUMMARY["items"], calculated("MOST", "max(MEDS.map(m, m.SHARE))")]
    looking[1] = calculated("DOSES", "sum(MEDS.map(m, m.SHARE))")
    with pytest.raises(FormError) as refusal:
        load_forms(
            study,
            tmp_path,
            LABS,
            meds,
            {**SUMMARY, "items": looking},
            visit="BASELINE",
            parameters={"days_apart": 1},
        )
    [problem] = refusal.value.problems
    assert "MEDS.SHARE → SUMMARY.DOSES → MEDS.SHARE" in str(problem)


def test_a_parameter_that_the_protocol_has_not_is_said(study: Study, tmp_path: Path) -> None:
    with pytest.raises(FormError) as refusal:
        load_forms(study, tmp_path, LABS, MEDS, SUMMARY, visit="BASELINE")
    assert "expected a parameter of the protocol" in str(refusal.value)
