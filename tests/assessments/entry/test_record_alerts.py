"""Alerts of forms: raised with the save of a record, open until somebody has acted, whatever is corrected meanwhile."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from assessments.domain.values import Value
from assessments.entry.codec import RecordEntry
from assessments.entry.selectors import FormPlace, definitions_of, form_of
from assessments.entry.services import correct_record, reinstate_record, save_record, strike_out_record
from assessments.models import Record, SafetyAlert
from assessments.safety.services import acknowledge
from enrollment.models import Visit
from tests.conftest import MakeUser
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, User
from trialsite.audit.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SAF-01")]
AsUser = Callable[[User], Client]
ACTION = "Measured again after five minutes: 150. Observed for an hour, no symptoms."


@pytest.fixture
def vitals(baseline: Visit) -> FormPlace:
    definition = definitions_of(baseline.participant)["VITALS"]
    return FormPlace(baseline.participant, baseline, definition, form_of(definition))


def entry(place: FormPlace, systolic: int, **more: Value) -> RecordEntry:
    assert place.visit
    assert place.visit.period
    assert place.visit.period.dosed_on
    day = place.visit.period.dosed_on
    zone = ZoneInfo(place.participant.site.timezone)
    taken = datetime.combine(day, time(10), zone)
    values: dict[str, Value] = {"TIME": taken, "SYSBP": systolic, "DIABP": 85, "PULSE": 70, **more}
    return RecordEntry(values=values, performed_on=day)


def save(place: FormPlace, systolic: int, by: User, **more: Any) -> Record:
    return save_record(place, entry(place, systolic, **more), by=by, form_token=uuid.uuid4())


def test_a_vital_sign_outside_its_limit_raises_an_alert_with_the_save(
    vitals: FormPlace, coordinator: User
) -> None:
    """In the participant's chain, by whoever saved, with the values that the rule names."""
    save(vitals, 179, coordinator)
    assert not SafetyAlert.objects.exists()
    record = save(vitals, 184, coordinator)
    alert = SafetyAlert.objects.get()
    assert (alert.record, alert.rule, alert.site) == (record, "CIRCULATION", vitals.participant.site)
    assert alert.values == {"SYSBP": 184, "DIABP": 85, "PULSE": 70}
    assert alert.text.startswith("Vital signs 2: Blood pressure or pulse is outside its limit (")
    assert "Systolic blood pressure: 184 mmHg" in alert.text
    written = Event.objects.get(table_name="assessments_safetyalert")
    assert (written.chain, written.actor) == (f"participant:{vitals.participant.pk}", coordinator.pk)


def test_a_correction_marks_it_and_takes_none_back(
    vitals: FormPlace, coordinator: User, investigator: User, as_user: AsUser
) -> None:
    record = save(vitals, 184, coordinator)
    record = correct_record(
        record, vitals, entry(vitals, 148), by=coordinator, version=1, reason="read from the line below"
    )
    alert = SafetyAlert.objects.open().get()
    page = as_user(investigator).get(f"/alerts/{alert.pk}/").content.decode()
    assert "184 mmHg" in page
    assert "The record has since been corrected." in page
    strike_out_record(record, vitals, by=coordinator, version=2, reason="entered twice")
    assert (
        "The row has since been struck out."
        in as_user(investigator).get(f"/alerts/{alert.pk}/").content.decode()
    )
    assert SafetyAlert.objects.open().count() == 1


def test_an_open_alert_is_not_doubled_and_another_value_after_the_action_is_told(
    vitals: FormPlace, coordinator: User, investigator: User
) -> None:
    record = save(vitals, 184, coordinator)
    record = correct_record(record, vitals, entry(vitals, 190), by=coordinator, version=1, reason="misread")
    assert SafetyAlert.objects.count() == 1
    acknowledge(SafetyAlert.objects.get(), by=investigator, action=ACTION)
    record = correct_record(record, vitals, entry(vitals, 184), by=coordinator, version=2, reason="misread")
    assert not SafetyAlert.objects.open().exists()
    record = correct_record(record, vitals, entry(vitals, 192), by=coordinator, version=3, reason="misread")
    assert SafetyAlert.objects.open().count() == 1


def test_a_row_that_is_reinstated_is_told_of_again(vitals: FormPlace, coordinator: User) -> None:
    """Struck out before the value was seen to be dangerous: reinstated it is as saved."""
    record = save(vitals, 120, coordinator)
    record = strike_out_record(record, vitals, by=coordinator, version=1, reason="entered twice")
    with audit_context(coordinator, reason="as by an older version, which raised none"):
        Record.objects.filter(pk=record.pk).update(items=record.items | {"SYSBP": 200})
    record.refresh_from_db()
    reinstate_record(record, vitals, by=coordinator, version=2, reason="it is another one")
    assert SafetyAlert.objects.open().count() == 1


def test_an_alert_stands_on_every_page_of_those_who_act(
    vitals: FormPlace, coordinator: User, make_user: MakeUser, site: Site, as_user: AsUser
) -> None:
    save(vitals, 184, coordinator)
    alert = SafetyAlert.objects.get()
    for role in ("investigator", "safety"):
        client = as_user(make_user(role, site))
        assert "outside its limit" in client.get("/studies/KETNAL/").content.decode()
        assert f"/alerts/{alert.pk}/" in client.get("/studies/KETNAL/calendar/").content.decode()
    answer = client.post(f"/alerts/{alert.pk}/", {"action": ACTION}, follow=True).content.decode()
    assert ACTION in answer
    assert f"/alerts/{alert.pk}/" not in client.get("/studies/KETNAL/calendar/").content.decode()


def test_the_database_keeps_an_alert_to_one_source(vitals: FormPlace, coordinator: User) -> None:
    """Of a rating or of a record; of a record with its text."""
    save(vitals, 184, coordinator)
    for values in ({"record": None}, {"text": ""}, {"item": "HAMD103"}, {"value": 3}):
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            audit_context(coordinator, reason="by hand"),
        ):
            SafetyAlert.objects.update(**values)


def test_no_record_is_saved_without_its_alert(
    vitals: FormPlace, coordinator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_rows: object, **_options: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(SafetyAlert.objects, "bulk_create", refuse)
    with pytest.raises(RuntimeError):
        save(vitals, 184, coordinator)
    assert not Record.objects.filter(form="VITALS").exists()


def test_what_cannot_be_told_is_silent(vitals: FormPlace, coordinator: User) -> None:
    values = entry(vitals, 120).values
    left = {code: value for code, value in values.items() if code in ("TIME", "PULSE")}
    without = replace(entry(vitals, 120), values=left)
    save_record(vitals, without, by=coordinator, form_token=uuid.uuid4())
    assert not SafetyAlert.objects.exists()
