"""Deviations file themselves, once each, and follow every correction."""

import uuid
from dataclasses import replace
from datetime import date
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from assessments.deviations.services import settle_deviations
from assessments.domain.entry import AssessmentEntry
from assessments.entry.codec import read_fields
from assessments.entry.selectors import FormPlace, places_at
from assessments.entry.services import correct_record, save_record, strike_out_record
from assessments.models import Assessment, Deviation, DeviationTurn, Record
from assessments.rating.services import correct
from enrollment import services
from enrollment.models import Participant, Visit
from enrollment.selectors import today_at
from tests.assessments.importing import run
from tests.assessments.test_import_running import in_items
from tests.conftest import items, rate
from tests.enrollment.steps import days, dose, leave, plan
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import User
from trialsite.audit.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DEV-01")]
Told = tuple[str, int | None, str | None, str, int | None]


def filed(participant: Participant) -> list[Told]:
    """(rule, period, visit, state, days) of each."""
    rows = Deviation.objects.filter(participant=participant).order_by("pk")
    return list(rows.values_list("rule", "period", "visit__code", "status", "days"))


def visit_of(participant: Participant, code: str, number: int = 1) -> Visit:
    return Visit.objects.select_related("participant__site", "participant__study", "period").get(
        participant=participant, period__number=number, code=code
    )


def redate(rating: Assessment, on: date, by: User) -> None:
    saved = Assessment.objects.select_related("visit__participant__site").get(pk=rating.pk)
    entry = AssessmentEntry(items=items(20), rater="R", performed_on=on)
    correct(saved, entry, by=by, version=saved.version, reason="read the wrong line")


def infusion(visit: Visit, by: User, **answers: str) -> tuple[Record, FormPlace]:
    place = next(place for place in places_at(visit) if place.form.code == "INFUSION")
    return save_record(place, _typed(place, answers), by=by, form_token=uuid.uuid4()), place


def _typed(place: FormPlace, answers: dict[str, str]) -> Any:
    assert place.visit
    assert place.visit.period
    day = place.visit.period.dosed_on
    times = {
        name: f"{day} {text}" if name.endswith(("TIME", "START", "STOP")) else text
        for name, text in answers.items()
    }
    comments = {"CAPSULE_TO_START__usual": "late line", "DURATION__usual": "pump"}
    fields = {
        **{f"item_{code}": text for code, text in times.items()},
        **{f"comment_{code}": text for code, text in comments.items()},
        "performed_on": str(day),
        "not_done_reason": "",
    }
    typed = read_fields(place.form, fields, ZoneInfo(place.participant.site.timezone))
    assert not typed.unreadable
    required = [item for item in place.form.items if item.required and item.code not in typed.entry.values]
    missing = {item.code: "UNK" for item in required if "UNK" in place.form.reasons(item)}
    return replace(typed.entry, missing={**missing})


@pytest.fixture
def today(randomised: Participant) -> date:
    return today_at(randomised.site)


@pytest.fixture
def given(randomised: Participant, coordinator: User, today: date) -> Participant:
    """Given forty days ago, its baseline rated."""
    dose(randomised, 1, today - days(40), coordinator)
    rate(visit_of(randomised, "BASELINE"), 25, coordinator)
    assert filed(randomised) == []
    return randomised


def test_a_visit_outside_its_window_follows_every_correction(
    given: Participant, coordinator: User, today: date
) -> None:
    """Filed with the save; corrected, it stays and says so; wrong again, it is the same one."""
    rating = rate(visit_of(given, "DAY3"), 20, coordinator, on=today - days(34))
    assert filed(given) == [("visit_window", 1, "DAY3", "open", 2)]
    event = Event.objects.get(table_name="assessments_deviation")
    assert (event.chain, event.actor) == (f"participant:{given.pk}", coordinator.pk)
    redate(rating, today - days(37), coordinator)
    assert filed(given) == [("visit_window", 1, "DAY3", "corrected", 2)]
    redate(rating, today - days(33), coordinator)
    assert filed(given) == [("visit_window", 1, "DAY3", "open", 3)]
    assert [(turn.kind, turn.written_by) for turn in DeviationTurn.objects.all()] == [
        ("corrected", None),
        ("returned", None),
    ]


def test_settling_again_changes_nothing(given: Participant, coordinator: User, today: date) -> None:
    """However often: no row, no turn, no entry of the trail."""
    rate(visit_of(given, "DAY3"), 20, coordinator, on=today - days(34))
    before = filed(given), Event.objects.count(), list(Deviation.objects.values())
    with audit_context(coordinator, reason="again"):
        settle_deviations([given.pk], by=coordinator)
        settle_deviations([given.pk], by=coordinator)
    assert (filed(given), Event.objects.count(), list(Deviation.objects.values())) == before


def test_the_database_keeps_one_of_each(given: Participant, coordinator: User, today: date) -> None:
    """A second row of the same rule, period and visit is refused, without a visit too."""
    dose(given, 2, today - days(20), coordinator, reason="as it was")
    [deviation] = Deviation.objects.filter(rule="washout_minimum")
    deviation.pk = None
    with (
        pytest.raises(IntegrityError, match="deviation_once"),
        transaction.atomic(),
        audit_context(coordinator, reason="twice"),
    ):
        deviation.save(force_insert=True)


def test_what_was_said_is_written_once(given: Participant, coordinator: User, today: date) -> None:
    """The web's role can neither change nor delete a turn."""
    rating = rate(visit_of(given, "DAY3"), 20, coordinator, on=today - days(34))
    redate(rating, today - days(37), coordinator)
    for statement in (
        "update assessments_deviationturn set kind = 'returned'",
        "delete from assessments_deviation",
    ):
        with (
            pytest.raises(Exception, match=r"refused|denied|never deleted"),
            transaction.atomic(),
            audit_context(coordinator, reason="x"),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_a_corrected_dose_moves_what_hangs_on_it(given: Participant, coordinator: User, today: date) -> None:
    """The washout of the second period, and the windows of the first: the dates of two services in one transaction."""
    dose(given, 2, today - days(20), coordinator, reason="as it was")
    assert filed(given) == [("washout_minimum", 2, None, "open", -8)]
    dose(given, 1, today - days(50), coordinator, reason="wrong page")
    assert filed(given)[0] == ("washout_minimum", 2, None, "corrected", -8)
    assert ("visit_window", 1, "BASELINE", "open", 10) in filed(given)


def test_an_override_of_the_washout_is_filed_once_given(
    randomised: Participant, coordinator: User, investigator: User, today: date
) -> None:
    """The plan is none yet."""
    dose(randomised, 1, today - days(25), coordinator)
    plan(randomised, 2, today, investigator, override="travels for three months", reason="asked for")
    assert filed(randomised) == []
    dose(randomised, 2, today, investigator, reason="travels for three months")
    assert filed(randomised) == [("washout_minimum", 2, None, "open", -3)]


def test_a_missed_visit_and_the_way_back(given: Participant, coordinator: User) -> None:
    services.mark_missed(visit_of(given, "DAY5"), by=coordinator, reason="ill")
    assert filed(given) == [("visit_missed", 1, "DAY5", "open", None)]
    services.reopen_visit(visit_of(given, "DAY5"), by=coordinator, reason="wrong person")
    assert filed(given) == [("visit_missed", 1, "DAY5", "corrected", None)]


def test_a_missed_visit_after_leaving_is_none(
    given: Participant, coordinator: User, investigator: User, today: date
) -> None:
    """Withdrawn on day 4: day 7 could not take place any more. The withdrawal taken back, it was missed."""
    services.mark_missed(visit_of(given, "DAY7"), by=coordinator, reason="gone")
    leave(given, investigator, on=today - days(36))
    assert filed(given) == [("visit_missed", 1, "DAY7", "corrected", None)]
    services.take_back_withdrawal(given, by=investigator, reason="came back")
    assert filed(given) == [("visit_missed", 1, "DAY7", "open", None)]


def test_a_later_visit_shows_that_the_baseline_is_missing(
    randomised: Participant, coordinator: User, today: date
) -> None:
    dose(randomised, 1, today - days(10), coordinator)
    assert filed(randomised) == []
    rate(visit_of(randomised, "DAY1"), 20, coordinator)
    assert filed(randomised) == [("missing_baseline", 1, None, "open", None)]
    rate(visit_of(randomised, "BASELINE"), 25, coordinator)
    assert filed(randomised) == [("missing_baseline", 1, None, "corrected", None)]


def test_times_and_kit_of_the_infusion(given: Participant, coordinator: User) -> None:
    """53 minutes and the kit of another: both filed with the record, each at its rule; corrected with it."""
    visit = visit_of(given, "BASELINE")
    wrong = {"KIT": "K-0000", "CAPSULE_TIME": "09:00", "GIVEN": "Y", "START": "09:53", "STOP": "10:33"}
    record, place = infusion(visit, coordinator, **wrong)
    assert filed(given) == [
        ("wrong_kit", 1, "BASELINE", "open", None),
        ("tolerance", 1, "BASELINE", "open", None),
    ]
    kit, tolerance = Deviation.objects.order_by("pk")
    assert visit.period
    assert (kit.recorded, kit.expected, kit.classification) == (
        "K-0000",
        visit.period.kit_number,
        "important",
    )
    assert (tolerance.subject, tolerance.recorded) == ("CAPSULE_TO_START", "53")
    right = {**wrong, "KIT": visit.period.kit_number.lower(), "START": "09:45", "STOP": "10:25"}
    correct_record(record, place, _typed(place, right), by=coordinator, version=1, reason="misread")
    assert {row[3] for row in filed(given)} == {"corrected"}


def test_a_consent_after_the_screening_visit_is_filed(screened: Participant, coordinator: User) -> None:
    """Written past the services, which refuse it today: what is there already is filed by the command."""
    with audit_context(User.objects.system(), reason="an earlier version let it"):
        Participant.objects.filter(pk=screened.pk).update(consented_on=today_at(screened.site) - days(99))
    call_command("file_deviations", stdout=StringIO())
    assert filed(screened) == [("before_consent", None, "SCREENING", "open", -1)]
    screened.refresh_from_db()
    services.record_screening(
        screened,
        by=coordinator,
        version=screened.version,
        consented_on=today_at(screened.site) - days(100),
        age=40,
        sex="F",
        checklist={},
        reason="misread",
    )
    assert filed(screened) == [("before_consent", None, "SCREENING", "corrected", -1)]


def test_the_command_files_what_earlier_versions_left_and_then_nothing(
    given: Participant, coordinator: User, today: date
) -> None:
    """Data written without the effects, as before this version."""
    with audit_context(coordinator, reason="as an earlier version"):
        Visit.objects.filter(participant=given, period__number=1, code="DAY5").update(
            status="done", performed_on=today - days(30)
        )
    for expected in ("1 deviations filed.\n", "0 deviations filed.\n"):
        out = StringIO()
        call_command("file_deviations", stdout=out)
        assert out.getvalue() == expected
    assert filed(given) == [("visit_window", 1, "DAY5", "open", 4)]
    assert Event.objects.filter(table_name="assessments_deviation").get().actor == User.objects.system().pk


def test_an_import_files_as_the_browser_does(given: Participant, today: date, tmp_path: Any) -> None:
    """The same rating from a file."""
    file = tmp_path / "ratings.csv"
    file.write_text("\n".join(in_items(items(20), given.code, "DAY3", today - days(34))))
    done = run(file, "KETNAL", "--reason", "paper")
    assert not done.error, done.error
    assert filed(given) == [("visit_window", 1, "DAY3", "open", 2)]


def test_a_row_set_aside_takes_its_cause_along(given: Participant, coordinator: User, today: date) -> None:
    """Vital signs that were struck out were not taken before consent."""
    place = next(p for p in places_at(visit_of(given, "BASELINE")) if p.form.code == "VITALS")
    fields = {"performed_on": str(today - days(40)), "not_done_reason": "", "item_PULSE": "70"}
    typed = read_fields(place.form, fields, ZoneInfo(given.site.timezone)).entry
    required = [item for item in place.form.items if item.required and item.code not in typed.values]
    entry = replace(typed, missing={i.code: "ND" for i in required if "ND" in place.form.reasons(i)})
    record = save_record(place, entry, by=coordinator, form_token=uuid.uuid4())
    with audit_context(User.objects.system(), reason="an earlier version let it"):
        Record.objects.filter(pk=record.pk).update(performed_on=today - days(120))
        settle_deviations([given.pk], by=coordinator)
    assert ("before_consent", 1, "BASELINE", "open", -20) in filed(given)
    strike_out_record(record, place, by=coordinator, version=1, reason="of somebody else")
    assert ("before_consent", 1, "BASELINE", "corrected", -20) in filed(given)
