"""The records of forms in the demo: all of a trial, plausible, and nothing that follows from a treatment."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from statistics import correlation
from typing import Any

import pytest
from django.db import transaction

from assessments.entry.effects import hear_criteria
from assessments.entry.selectors import forms_at
from assessments.models import Assessment, Record
from enrollment.models import Participant, Visit
from enrollment.selectors import facts_of
from trialsite.audit.models import Event
from trialsite.review.models import Query, Signature

pytestmark = pytest.mark.usefixtures("demo")


def records(form: str) -> Iterator[Record]:
    of_trial = Record.objects.in_force().filter(participant__study__code="KETNAL", form=form)
    return (
        of_trial.select_related("participant", "visit__period").order_by("participant__code", "pk").iterator()
    )


def items(form: str) -> list[dict[str, Any]]:
    return [record.items for record in records(form)]


def of_infusions() -> dict[tuple[int, int], list[dict[str, Any]]]:
    """(participant, period) → vital signs of the day of the infusion, in the order of the day."""
    days: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    for record in records("VITALS"):
        if record.visit and record.visit.period:
            days[record.participant_id, record.visit.period.number].append(record.items)
    return days


def test_every_form_is_there_at_every_visit_that_took_place() -> None:
    recorded: dict[int | None, set[str]] = defaultdict(set)
    for record in Record.objects.in_force().filter(participant__study__code="KETNAL"):
        recorded[record.visit_id].add(record.form)
        assert record.visit is None or record.performed_on == record.visit.performed_on
    visits = Visit.objects.filter(participant__study__code="KETNAL")
    done = visits.filter(status="done").select_related("participant__protocol")
    assert done.count() > 150
    assert {visit.pk: set(forms_at(visit)) for visit in done} == {
        visit.pk: recorded[visit.pk] for visit in done
    }
    assert not any(recorded[visit.pk] for visit in visits.exclude(status="done"))
    of_participants = {
        "MEDICAL_HISTORY",
        "FAILED_TREATMENT",
        "CONMED",
        "ADVERSE_EVENT",
        "DEVIATION",
        "END_OF_STUDY",
    }
    assert recorded[None] == of_participants


def test_as_many_treatments_failed_as_eligibility_was_judged_on() -> None:
    """What criteria say of the rows is what stands as a fact."""
    people = Participant.objects.filter(study__code="KETNAL", facts__name="failed_treatments")
    assert people.count() > 15
    for participant in people:
        before = facts_of(participant)
        with transaction.atomic():
            hear_criteria(participant)
        assert facts_of(participant) == before


def test_an_infusion_goes_by_the_protocol() -> None:
    """The kit of the period but for one, half a milligram for each kilogram, 45 minutes after the capsule, for 40 in all."""
    waits, wrong_kits = [], []
    for record in records("INFUSION"):
        assert record.visit
        assert record.visit.period
        if record.items["KIT"] != record.visit.period.kit_number:
            wrong_kits.append((record.participant.code, record.visit.period.number))
            assert record.items["KIT"] == record.visit.period.wrong_kits.get().given
        assert abs(float(record.items["RECEIVED"]) - float(record.items["WEIGHT"]["standard"]) / 2) < 0.06
        assert 39 <= int(record.items["DURATION"]) <= 41
        waits.append(int(record.items["CAPSULE_TO_START"]))
    assert wrong_kits == [("02-006", 1)]
    assert len(waits) == 27
    assert sorted(waits)[-1] == 53
    assert all(40 <= wait <= 50 for wait in sorted(waits)[:-1])


def test_blood_pressure_rises_with_an_infusion_and_is_back_two_hours_later() -> None:
    for measurements in of_infusions().values():
        systolic = [measurement["SYSBP"] for measurement in measurements]
        times = [datetime.fromisoformat(measurement["TIME"]) for measurement in measurements]
        assert times == sorted(times)
        assert len(times) >= 4
        assert 10 <= max(systolic) - systolic[0] <= 60
        assert 0 < systolic.index(max(systolic)) < len(systolic) - 1
        assert abs(systolic[-1] - systolic[0]) <= 6
        assert "WEIGHT" in measurements[0]


def test_other_scales_go_with_the_hamd() -> None:
    ratings = Assessment.objects.filter(participant__study__code="KETNAL", instrument="HAMD17")
    totals = {rating.visit_id: rating.total for rating in ratings if rating.total is not None}
    for form, least in (("MADRS", 0.95), ("BPRS", 0.9)):
        pairs = [
            (
                totals[record.visit_id],
                int(record.items["TOTAL"]),
            )
            for record in records(form)
            if record.visit_id in totals and "TOTAL" in record.items
        ]
        assert correlation(*zip(*pairs, strict=True)) > least
    assert max(int(sheet["TOTAL"]) for sheet in items("YMRS")) <= 12


def test_who_had_a_dissociation_had_it_in_both_periods() -> None:
    """As often with one capsule as with the other."""
    periods: dict[str, set[int]] = defaultdict(set)
    days = {
        (period.participant_id, str(period.dosed_on)): period.number
        for participant in Participant.objects.filter(study__code="KETNAL")
        for period in participant.periods.exclude(dosed_on=None)
    }
    for record in records("ADVERSE_EVENT"):
        if record.items["TERM"] == "Dissociation":
            periods[record.participant.code].add(days[record.participant_id, record.items["ONSET"]])
    assert len(periods) >= 3
    assert all(numbers == {1, 2} for numbers in periods.values())


def test_one_of_the_adverse_events_is_serious_and_was_reported_in_time() -> None:
    events = items("ADVERSE_EVENT")
    assert len(events) >= 12
    [serious] = [event for event in events if event["SERIOUS"]]
    assert serious["RELATED"] == "NOT RELATED"
    reported, aware = (datetime.fromisoformat(serious[item]) for item in ("REPORTED", "AWARE"))
    assert 0 < (reported - aware).total_seconds() <= 24 * 3600


def test_who_ended_the_study_has_the_form_that_says_so() -> None:
    ends = {record.participant_id: record.items["STATUS"] for record in records("END_OF_STUDY")}
    status = {"completed": "COMPLETED", "withdrawn": "FOLLOW-UP"}
    participants = Participant.objects.filter(study__code="KETNAL")
    assert ends == {one.pk: status[one.status] for one in participants if one.status in status}


def test_not_everything_went_smoothly() -> None:
    """A reason in place of a value, a form not done, a row struck out, a correction, checks answered and one not."""
    of_trial = Record.objects.filter(participant__study__code="KETNAL")
    assert Counter(of_trial.values_list("status", flat=True)).keys() == {
        "complete", "incomplete", "not_done", "struck_out",
    }  # fmt: skip
    assert [record.missing for record in of_trial.filter(status="incomplete")] == [{"CRAVING": "ND"}]
    assert all(record.status_reason for record in of_trial.filter(status__in=["not_done", "struck_out"]))
    corrected = of_trial.get(status="complete", version=2)
    reasons = Event.objects.filter(table_name="assessments_record", row_pk=str(corrected.pk))
    assert reasons.latest("n").reason == "Read from the line below on the source page"
    forms = set(of_trial.values_list("form", flat=True))
    asked = Query.objects.filter(participant__study__code="KETNAL", form__in=forms).exclude(check_id="")
    assert Counter(asked.values_list("status", flat=True)) == {"open": 1, "answered": 4}


def test_what_was_signed_has_the_records_in_it() -> None:
    """Nothing was entered after it, so that the signature of the locked casebook stands."""
    signed = Signature.objects.filter(participant__study__code="KETNAL", visit=None, voided_at=None)
    assert [signature.participant.records.exists() for signature in signed] == [True]
