"""Ratings: entered once, corrected with a reason, never lost between two people."""

import uuid
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, transaction

from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment
from assessments.rating.services import complete, correct
from enrollment import services
from enrollment.models import Visit
from enrollment.selectors import today_at
from tests.conftest import MakeUser, items, rate
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import User
from trialsite.audit.models import Event, Outbox
from trialsite.lib.errors import Conflict

pytestmark = pytest.mark.django_db


def entry(total: int = 20, on: date | None = None, **more: Any) -> AssessmentEntry:
    """A complete rating of nine days ago."""
    made = AssessmentEntry(
        items=items(total), rater="Rita Rater", performed_on=on or date.today() - timedelta(days=9)
    )
    return replace(made, **more)


def with_items(**values: int | None) -> dict[str, int | None]:
    return items(20) | values


def enter(visit: Visit, made: AssessmentEntry, by: User, token: uuid.UUID | None = None) -> Assessment:
    return complete(visit, "HAMD17", made, by=by, form_token=token or uuid.uuid4())


def refusal(visit: Visit, made: AssessmentEntry, by: User) -> dict[str, list[str]]:
    """The fields of a refused entry and their sentences; nothing was saved."""
    with pytest.raises(ValidationError) as caught:
        enter(visit, made, by)
    assert not visit.assessments.exists()
    visit.refresh_from_db()
    assert visit.status == Visit.Status.PLANNED
    return caught.value.message_dict


def events_of(assessment: Assessment) -> list[Event]:
    found = Event.objects.filter(table_name="assessments_assessment", row_pk=str(assessment.pk))
    return list(found.order_by("n"))


def test_a_complete_rating_has_its_total_and_the_visit_took_place(visit: Visit, coordinator: User) -> None:
    """Items, rater, date and time are kept; the visit is done on the day of the rating."""
    on = today_at(visit.participant.site) - timedelta(days=9)
    saved = enter(visit, entry(31, on, lookback_days=1), coordinator)
    saved.refresh_from_db()
    assert (saved.total, saved.status, saved.rater) == (31, "complete", "Rita Rater")
    assert sum(saved.items.values()) == 31
    assert (saved.performed_on, saved.lookback_days, saved.entered_by) == (on, 1, coordinator)
    visit.refresh_from_db()
    assert (visit.status, visit.performed_on) == (Visit.Status.DONE, on)


@pytest.mark.parametrize("given", ["HAMD116A", "HAMD116B"])
def test_weight_is_rated_by_one_of_two_items(given: str, visit: Visit, coordinator: User) -> None:
    """16A or 16B, either makes the rating complete."""
    values = with_items(**({"HAMD116A": None, "HAMD116B": None} | {given: 1}))
    saved = enter(visit, entry(items=values), coordinator)
    assert saved.items[given] == 1
    assert saved.total == sum(v for v in values.values() if v is not None)


def test_both_weight_items_are_refused(visit: Visit, coordinator: User) -> None:
    """The sentence names both."""
    said = refusal(visit, entry(items=with_items(HAMD116A=1, HAMD116B=1)), coordinator)
    assert said == {"HAMD116A": ["Rate only one of 16A and 16B."]}


def test_three_on_the_weight_item_is_not_three_points(visit: Visit, coordinator: User) -> None:
    """The paper form's "not assessed" is a missing item, said so."""
    said = refusal(visit, entry(items=with_items(HAMD116A=3)), coordinator)
    assert "not assessed" in said["HAMD116A"][0]


@pytest.mark.requirement("ENT-01")
@pytest.mark.parametrize(
    ("code", "value"), [("HAMD101", 5), ("HAMD104", 3), ("HAMD109", 5), ("HAMD101", -1), ("HAMD117", 3)]
)
def test_an_item_out_of_its_range_is_refused_by_field(
    code: str, value: int, visit: Visit, coordinator: User
) -> None:
    """0 to 4 or 0 to 2, in the edition of this protocol."""
    said = refusal(visit, entry(items=with_items(**{code: value})), coordinator)
    assert f"{value} is not possible" in said[code][0]


def test_an_item_of_another_instrument_is_refused(visit: Visit, coordinator: User) -> None:
    """Nothing but the instrument's own items is kept."""
    assert "HAMD199" in refusal(visit, entry(items=with_items(HAMD199=1)), coordinator)


@pytest.mark.requirement("ENT-02")
def test_an_item_without_value_needs_its_reason(visit: Visit, coordinator: User) -> None:
    """Never 0 in silence; a value and a reason together are refused too."""
    said = refusal(visit, entry(items=with_items(HAMD104=None)), coordinator)
    assert set(said) == {"HAMD104"}
    said = refusal(visit, entry(missing={"HAMD104": "refused"}), coordinator)
    assert "Keep only one" in said["HAMD104"][0]
    said = refusal(visit, entry(items=with_items(HAMD104=None), missing={"HAMD104": "because"}), coordinator)
    assert "not one of the listed reasons" in said["HAMD104"][0]


@pytest.mark.requirement("ENT-02")
def test_a_rating_with_an_item_missing_has_no_total(visit: Visit, coordinator: User) -> None:
    """The other items are kept, and why this one is not there."""
    values = with_items(HAMD104=None)
    saved = enter(visit, entry(items=values, missing={"HAMD104": "refused"}), coordinator)
    assert (saved.total, saved.status, saved.missing) == (None, "entered", {"HAMD104": "refused"})
    assert len(saved.items) == 16


def test_date_and_rater_are_needed_and_possible(visit: Visit, coordinator: User) -> None:
    """All that is wrong is said at once, by field."""
    today = today_at(visit.participant.site)
    assert set(refusal(visit, AssessmentEntry(items=items(20)), coordinator)) == {"performed_on", "rater"}
    assert "future" in refusal(visit, entry(on=today + timedelta(days=1)), coordinator)["performed_on"][0]
    assert visit.participant.consented_on
    before = visit.participant.consented_on - timedelta(days=1)
    assert "before the consent" in refusal(visit, entry(on=before), coordinator)["performed_on"][0]
    assert set(refusal(visit, entry(rater="  "), coordinator)) == {"rater"}


def test_a_rating_not_done_has_its_reason_and_no_items(visit: Visit, coordinator: User) -> None:
    """What was half typed is not kept as data; the visit did not take place by it."""
    saved = enter(visit, entry(not_done_reason="rater was ill"), coordinator)
    assert (saved.status, saved.total, saved.items) == ("not_done", None, {})
    visit.refresh_from_db()
    assert visit.status == Visit.Status.PLANNED


def test_sending_a_form_twice_makes_one_record(visit: Visit, coordinator: User) -> None:
    """The second send of one form finds the first's record, and the trail holds one entry."""
    token = uuid.uuid4()
    first = enter(visit, entry(20), coordinator, token)
    again = enter(visit, entry(20), coordinator, token)
    assert again.pk == first.pk
    assert [event.op for event in events_of(first)] == ["I"]


@pytest.mark.requirement("ENT-04")
def test_the_same_form_with_other_values_is_a_conflict(visit: Visit, coordinator: User) -> None:
    """What was typed after a first send whose answer was lost is not dropped in silence."""
    token = uuid.uuid4()
    enter(visit, entry(20), coordinator, token)
    for changed in (entry(21), entry(20, rater="Somebody else"), entry(20, lookback_days=7)):
        with pytest.raises(Conflict):
            enter(visit, changed, coordinator, token)
    assert visit.assessments.get().total == 20


def test_a_second_form_for_the_same_rating_is_a_conflict(visit: Visit, coordinator: User) -> None:
    """Whoever comes second is given what is saved; nothing is overwritten."""
    first = enter(visit, entry(20), coordinator)
    with pytest.raises(Conflict) as caught:
        enter(visit, entry(30), coordinator)
    assert caught.value.current.pk == first.pk
    assert visit.assessments.get().total == 20


@pytest.mark.requirement("AUD-03")
def test_a_correction_keeps_was_now_and_why(visit: Visit, coordinator: User) -> None:
    """The saved value changes, the version counts, the trail keeps the old value, the reason and the person."""
    saved = enter(visit, entry(20), coordinator)
    later = today_at(visit.participant.site) - timedelta(days=8)
    correct(saved, entry(24, later), by=coordinator, version=1, reason="item 1 misread")
    saved.refresh_from_db()
    assert (saved.total, saved.version, saved.performed_on) == (24, 2, later)
    _, change = events_of(saved)
    assert (change.reason, change.actor) == ("item 1 misread", coordinator.pk)
    assert change.old
    assert change.new
    assert (change.old["total"], change.new["total"]) == (20, 24)
    visit.refresh_from_db()
    assert visit.performed_on == later


def test_a_correction_without_a_reason_is_refused(visit: Visit, coordinator: User) -> None:
    """By the service, in words, at its field."""
    saved = enter(visit, entry(20), coordinator)
    with pytest.raises(ValidationError) as caught:
        correct(saved, entry(24), by=coordinator, version=1, reason="  ")
    assert set(caught.value.message_dict) == {"reason"}
    saved.refresh_from_db()
    assert (saved.total, saved.version) == (20, 1)


def test_the_database_refuses_a_silent_correction(visit: Visit, coordinator: User) -> None:
    """Whoever writes: without a reason, and by deleting."""
    saved = enter(visit, entry(20), coordinator)
    mine = Assessment.objects.filter(pk=saved.pk)
    with (
        pytest.raises(DatabaseError, match="without a reason"),
        transaction.atomic(),
        audit_context(coordinator),
    ):
        mine.update(rater="Another")
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        mine._raw_delete("default")
    assert mine.get().total == 20


@pytest.mark.parametrize(
    "values",
    [
        {"items": {"HAMD101": "2"}},
        {"items": {"HAMD101": 2.5}},
        {"items": {"HAMD101": -1}},
        {"items": ["HAMD101"]},
        {"items": {"HAMD101": 1}, "missing": {"HAMD101": "refused"}},
        {"missing": {"HAMD101": ""}},
        {"total": None},
        {"status": "entered"},
        {"status": "not_done", "total": None},
    ],
)
def test_the_database_keeps_the_shape_of_a_rating(
    values: dict[str, Any], visit: Visit, coordinator: User
) -> None:
    """Whole numbers by item, an item rated or missing but not both, a total only of a complete rating, why not done."""
    saved = enter(visit, entry(20), coordinator)
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        audit_context(coordinator, reason="by hand"),
    ):
        Assessment.objects.filter(pk=saved.pk).update(**values)


def test_an_old_version_is_a_conflict(visit: Visit, coordinator: User) -> None:
    """The second of two corrections that began on the same version changes nothing."""
    saved = enter(visit, entry(20), coordinator)
    correct(saved, entry(24), by=coordinator, version=1, reason="misread")
    with pytest.raises(Conflict) as caught:
        correct(saved, entry(28), by=coordinator, version=1, reason="other page")
    assert (caught.value.current.total, caught.value.current.version) == (24, 2)


def test_a_correction_sent_again_is_saved_once(visit: Visit, coordinator: User, make_user: MakeUser) -> None:
    """Its answer was lost: the second send is answered like the first. What differs in anything is a conflict."""
    saved = enter(visit, entry(20), coordinator)
    colleague = make_user("investigator", visit.participant.site)
    for _ in range(2):
        assert correct(saved, entry(21), by=coordinator, version=1, reason="misread ").version == 2
    assert [event.op for event in events_of(saved)] == ["I", "U"]
    for values, by, reason in (
        (entry(22), coordinator, "misread"),
        (entry(21), colleague, "misread"),
        (entry(21), coordinator, "mistyped"),
    ):
        with pytest.raises(Conflict):
            correct(saved, values, by=by, version=1, reason=reason)
    correct(saved, entry(20), by=coordinator, version=2, reason="it was 20")
    with pytest.raises(Conflict):
        correct(saved, entry(21), by=coordinator, version=1, reason="misread")


def test_a_missed_visit_takes_no_rating(visit: Visit, coordinator: User) -> None:
    """Until that is taken back."""
    services.mark_missed(visit, by=coordinator, reason="abroad")
    visit.refresh_from_db()
    with pytest.raises(ValidationError, match="marked as missed"):
        enter(visit, entry(), coordinator)


def test_a_rating_waits_for_a_recompute(visit: Visit, coordinator: User) -> None:
    """What it means for the participant is owed in the same transaction as the rating."""
    Outbox.objects.all().delete()
    rate(visit, 20, coordinator, on=date.today() - timedelta(days=9))
    owed = set(Outbox.objects.values_list("kind", "subject"))
    assert ("recompute", visit.participant_id) in owed


@pytest.mark.parametrize(
    "role", ["monitor", "datamanager", "pharmacist", "statistician", "safety", "auditor", "admin"]
)
def test_only_the_site_enters_and_corrects(
    role: str, visit: Visit, coordinator: User, make_user: MakeUser
) -> None:
    """The services refuse everybody else."""
    person = make_user(role)
    with pytest.raises(PermissionDenied):
        enter(visit, entry(), person)
    saved = enter(visit, entry(), coordinator)
    with pytest.raises(PermissionDenied):
        correct(saved, entry(24), by=person, version=1, reason="r")


def test_a_rating_that_was_not_done_after_all_takes_its_visit_back(visit: Visit, coordinator: User) -> None:
    """The visit is to come again, its date gone, so that it shows as overdue or is marked missed."""
    saved = enter(visit, entry(), coordinator)
    not_done = AssessmentEntry(items={}, not_done_reason="Rated on the wrong form")
    correct(saved, not_done, by=coordinator, version=1, reason="wrong participant")
    visit.refresh_from_db()
    assert (visit.status, visit.performed_on) == (Visit.Status.PLANNED, None)


def test_a_form_sent_again_for_another_visit_is_refused_in_words(visit: Visit, coordinator: User) -> None:
    saved = enter(visit, entry(), coordinator)
    other = Visit.objects.filter(period=visit.period).exclude(pk=visit.pk).first()
    assert other
    with pytest.raises(ValidationError, match="another visit"):
        enter(other, entry(), coordinator, saved.form_token)
