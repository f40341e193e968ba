"""Steps of an infusion day: on the records of its forms, once, in any order, and nothing that happened is refused."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from assessments.infusion.page import day_page
from assessments.infusion.selectors import DayPlace, day_place_for
from assessments.infusion.services import StepConflict, check_dose, save_step
from assessments.models import DoseCheck, Record, StepSave
from enrollment.models import Period, WrongKit
from enrollment.selectors import today_at
from trialsite.accounts.models import User
from trialsite.audit.models import Event
from trialsite.review.models import Query

from .conftest import Save, record_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def today(place: DayPlace) -> str:
    return today_at(place.participant.site).isoformat()


def test_each_step_goes_into_the_same_record(place: DayPlace, save: Save, today: str) -> None:
    """It stays incomplete until all is answered, and is signed, locked and exported like any other."""
    save("recheck", OPIOID="N")
    save("capsule", WELL="Y", KIT=place.period.kit_number, CAPSULE_TIME="0:05")
    save("weight", WEIGHT="70.5", WEIGHT_DATE=today, DRAWN="35.3")
    record = record_of(place)
    assert (record.status, record.version) == (Record.Status.INCOMPLETE, 3)
    assert record.items["CAPSULE_TIME"].startswith(f"{today}T00:05")
    assert record.items["DOSE"] == "35.3"
    save("check", CHECKED_BY="R. Castellan", CHECKED_TIME="0:40")
    save("start", START="0:50")
    save("stop", STOP="1:30", WHOLE_DOSE="Y")
    save("discharge", ALERT="Y", STABLE="Y", WALKS="Y", SAFE="Y", ACCOMPANIED="Y", DISCHARGED="1:40")
    assert record_of(place).status == Record.Status.COMPLETE


def test_the_start_is_the_day_of_the_dosing(place: DayPlace, save: Save) -> None:
    """One place for one value: the windows of the visits follow from it."""
    save("start", START="0:10")
    period = Period.objects.get(pk=place.period.pk)
    assert period.dosed_on == today_at(place.participant.site)
    assert place.participant.visits.get(code="DAY1", period=period).planned_on


def test_another_kit_than_the_assigned_one_is_told_with_the_start(place: DayPlace, save: Save) -> None:
    """Nothing is lost while it is asked what happened; what happened is recorded."""
    save("capsule", KIT="K-9999", CAPSULE_TIME="0:05")
    with pytest.raises(ValidationError) as refused:
        save("start", START="0:50")
    assert "reason" in refused.value.message_dict
    save("start", START="0:50", reason="The boxes were mixed up")
    assert WrongKit.objects.get(period=place.period).given == "K-9999"


def test_what_is_sent_again_is_saved_once(place: DayPlace, save: Save) -> None:
    token = save("vital_signs", TIME="0:20", SYSBP="140", DIABP="85", PULSE="80")
    save("vital_signs", token=token, TIME="0:20", SYSBP="140", DIABP="85", PULSE="80")
    capsule = save("capsule", CAPSULE_TIME="0:05")
    save("capsule", token=capsule, CAPSULE_TIME="0:05")
    assert Record.objects.filter(visit=place.visit, form="VITALS").count() == 1
    assert record_of(place).version == 1
    assert StepSave.objects.filter(participant=place.participant).count() == 2


def test_the_database_takes_a_token_once(place: DayPlace, save: Save, coordinator: User) -> None:
    save("capsule", token=(token := uuid.uuid4()), CAPSULE_TIME="0:05")
    again = StepSave(
        token=token,
        participant=place.participant,
        record=record_of(place),
        step="capsule",
        saved_by=coordinator,
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save(force_insert=True)


def test_a_saved_answer_changes_with_a_reason(place: DayPlace, save: Save) -> None:
    save("capsule", CAPSULE_TIME="0:05", KIT="K-1")
    with pytest.raises(ValidationError) as refused:
        save("capsule", CAPSULE_TIME="0:06", was_item_CAPSULE_TIME="0:05")
    assert "reason" in refused.value.message_dict
    save("capsule", CAPSULE_TIME="0:06", was_item_CAPSULE_TIME="0:05", reason="misread the clock")
    record = record_of(place)
    assert "T00:06" in record.items["CAPSULE_TIME"]
    assert record.items["KIT"] == "K-1"
    event = Event.objects.filter(table_name="assessments_record", row_pk=str(record.pk)).latest("n")
    assert event.reason == "misread the clock"


def test_two_people_who_record_another_time_are_told(place: DayPlace, save: Save, investigator: User) -> None:
    """Neither overwrites the other; the same time twice is no conflict."""
    save("start", START="0:10")
    save("start", by=investigator, START="0:10")
    with pytest.raises(StepConflict) as conflict:
        save("start", by=investigator, START="0:12")
    assert "0:10" in conflict.value.taken["item_START"]
    assert "T00:10" in record_of(place).items["START"]


def test_what_one_leaves_alone_stays_as_another_saved_it(
    place: DayPlace, save: Save, investigator: User
) -> None:
    """A page that was open before the other's save sends its blank fields, and takes nothing away."""
    save("capsule", KIT="K-1", WELL="Y")
    save("capsule", by=investigator, CAPSULE_TIME="0:05")
    assert record_of(place).items.keys() >= {"KIT", "WELL", "CAPSULE_TIME"}


def test_outside_a_tolerance_the_reason_is_kept_or_asked_for(place: DayPlace, save: Save) -> None:
    save("capsule", CAPSULE_TIME="0:05")
    save("start", START="1:05")
    asked = Query.objects.open().filter(participant=place.participant, form="INFUSION")
    assert [query.field for query in asked] == ["CAPSULE_TO_START"]
    [line] = day_page(place).breaches
    assert "60 minutes after the capsule" in line
    save("start", comment_CAPSULE_TO_START__usual="The line was placed at the second attempt")
    assert [query.status for query in asked.all()] == [Query.Status.ANSWERED]
    assert record_of(place).comments == {
        "CAPSULE_TO_START usual": "The line was placed at the second attempt"
    }


def test_a_remark_answers_what_is_asked_about_vital_signs(place: DayPlace, save: Save) -> None:
    save("vital_signs", TIME="0:20", SYSBP="172", DIABP="88", PULSE="90", remark="no symptoms")
    [row] = Record.objects.filter(visit=place.visit, form="VITALS")
    assert row.comments == {"SYSBP usual": "no symptoms"}
    [query] = Query.objects.open().filter(participant=place.participant)
    assert query.status == Query.Status.ANSWERED


def test_interruptions_add_up(place: DayPlace, save: Save) -> None:
    save("interruption", **{"from": "0:20", "until": "0:24", "why": "line blocked"})
    save("interruption", **{"from": "0:30", "until": "0:31", "why": "pump alarm"})
    items = record_of(place).items
    assert items["INTERRUPTIONS"] == "00:20–00:24: line blocked\n00:30–00:31: pump alarm"
    assert (items["INTERRUPTED"], items["INTERRUPTED_FOR"]) == (True, 5)


def test_the_impossible_is_refused_by_its_field(place: DayPlace, save: Save) -> None:
    save("start", START="0:10")
    with pytest.raises(ValidationError) as refused:
        save("stop", STOP="0:05", WHOLE_DOSE="Y")
    assert "item_STOP" in refused.value.message_dict
    with pytest.raises(ValidationError):
        save("stop", STOP="half past", WHOLE_DOSE="Y")
    assert "STOP" not in record_of(place).items


def test_an_infusion_that_was_not_given_leaves_the_period_undosed(place: DayPlace, save: Save) -> None:
    save("start", GIVEN="N", WHY_NOT_GIVEN="blood pressure")
    assert Period.objects.get(pk=place.period.pk).dosed_on is None
    assert day_page(place).due == ()


def test_the_second_person_checks_the_dose(
    place: DayPlace, save: Save, coordinator: User, investigator: User, today: str
) -> None:
    """In their own name; the first person is not the second, and neither is a stranger to the site."""
    with pytest.raises(ValidationError):
        check_dose(place, by=investigator, asked_by=coordinator, version=1)
    save("weight", WEIGHT="70.5", WEIGHT_DATE=today, DRAWN="35.3")
    with pytest.raises(ValidationError):
        check_dose(place, by=coordinator, asked_by=coordinator, version=1)
    check_dose(place, by=investigator, asked_by=coordinator, version=1)
    record = record_of(place)
    assert record.items["CHECKED_BY"] == investigator.printed_name
    event = Event.objects.filter(table_name="assessments_record", row_pk=str(record.pk)).latest("n")
    assert event.actor == investigator.pk
    assert day_page(place).checked_as_it_stands
    save("weight", DRAWN="40", was_item_DRAWN="35.3", WEIGHT="70.5", was_item_WEIGHT="70.5",
         WEIGHT_DATE=today, was_item_WEIGHT_DATE=today, reason="drawn up again")  # fmt: skip
    assert not day_page(place).checked_as_it_stands


def test_nobody_is_their_own_second_person_in_the_database(
    place: DayPlace, save: Save, coordinator: User, today: str
) -> None:
    save("weight", WEIGHT="70.5", WEIGHT_DATE=today, DRAWN="35.3")
    check = DoseCheck(
        record=record_of(place), participant=place.participant, checked_by=coordinator, asked_by=coordinator,
        weight=70, weighed_on=today, drawn=35,
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        check.save(force_insert=True)


def test_who_may_not_enter_saves_nothing(place: DayPlace, make_user: object) -> None:
    monitor = make_user("monitor", place.participant.site)  # type: ignore[operator]
    with pytest.raises(PermissionDenied):
        save_step(place, "recheck", {"item_OPIOID": "N"}, today_at(place.participant.site), by=monitor,
                  token=uuid.uuid4())  # fmt: skip


def test_a_day_is_entered_later_from_paper(place: DayPlace, coordinator: User) -> None:
    """Times typed alone are times of the day that one says."""
    day = today_at(place.participant.site) - timedelta(days=2)
    save_step(place, "start", {"item_START": "11:45"}, day, by=coordinator, token=uuid.uuid4())
    assert record_of(place).items["START"].startswith(f"{day}T11:45")
    assert record_of(place).performed_on == day
    assert day_page(day_place_for(coordinator, place.visit.pk, "assessment.view")).day == day


def test_two_times_that_were_mixed_up_are_asked_about(place: DayPlace, save: Save) -> None:
    """14:05 to 14:00 would be nearly a day; over midnight is well possible."""
    save("start", START="0:10")
    interruption = {"from": "14:05", "why": "line blocked"}
    with pytest.raises(ValidationError) as refused:
        save("interruption", **interruption, until="14:00")
    assert refused.value.message_dict == {
        "until": ["From 14:05 to 14:00 would be 23 hours. Check both times."]
    }
    save("interruption", **{**interruption, "from": "23:55"}, until="0:05")
    assert record_of(place).items["INTERRUPTED_FOR"] == 10


def test_a_stop_says_nothing_of_an_interruption_that_was_refused(place: DayPlace, save: Save) -> None:
    """The device still holds it: "not interrupted" would be made up."""
    save("start", START="0:10")
    save("stop", STOP="0:50", interruption_refused="1")
    assert "INTERRUPTED" not in record_of(place).items
    save("interruption", **{"from": "0:20", "until": "0:25", "why": "line blocked"})
    assert record_of(place).items["INTERRUPTED"] is True
