"""Looks of the board: frozen, hashed, signed; what blinded people learn of them."""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client

from analysis.blinded.figures import LookState
from analysis.interim_data import InterimData, data_of, look_sentence, pause_reason
from analysis.models import Look
from analysis.monitoring import closed
from analysis.monitoring.records import SafetyVerdict
from analysis.monitoring.services.looks import decide, record_events, request_look
from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment
from assessments.rating.services import correct
from enrollment.models import EnrollmentPause, Period
from enrollment.selectors import today_at
from enrollment.services import resume_enrollment, screen
from tests.analysis.conftest import Work, as_closed
from tests.analysis.monitoring.reading import look_test, monitored, present
from tests.conftest import confirmed_session, items
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Study, User
from trialsite.audit.models import Event


@pytest.fixture
def trial(demo: str) -> Study:
    return Study.objects.get(code="KETNAL")


def person(name: str) -> User:
    return User.objects.get(username=name)


def session_of(name: str) -> str:
    """A live session of that person."""
    client = Client()
    client.force_login(person(name), backend="django.contrib.auth.backends.ModelBackend")
    return client.session.session_key or ""


def sign(study: Study, decision: str, reason: str = "Efficacy of naltrexone's blockade is plain.") -> Look:
    return decide(
        study.looks.get(number=1),
        by=person("statistician"),
        recommendation="efficacy" if decision == "stop" else "continue",
        decision=decision,
        reason=reason,
        session_key=confirmed_session(person("statistician")),
    )


def test_the_demo_has_its_first_look_frozen(trial: Study) -> None:
    """Twelve completers: look 1 is taken, not decided, with the hash of its cut."""
    look = trial.looks.get()
    assert (look.number, look.completers, look.decision) == (1, 12, "")
    assert look.taken_at
    found = closed.look(session_of("statistician"), trial, 1)
    assert found
    assert hashlib.sha256(found.cut.encode()).hexdigest() == look.cut_sha256 == found.cut_sha256
    people = json.loads(found.cut)["data"]["participants"]
    # One of those randomised withdrew before the first infusion.
    started = [one for one in people if any(period["dosed_on"] for period in one["periods"])]
    assert (len(people), len(started)) == (15, 14)


def test_pocock_is_crossed_and_the_others_are_not(trial: Study) -> None:
    """7 against 0 at 12 of 30: z = Φ⁻¹(1 − .015625/2) = 2.4176 lies above Pocock's and below the other two."""
    found = closed.look(session_of("statistician"), trial, 1)
    assert found
    shown, test = monitored(found.figures), look_test(found.figures)
    assert (shown.only_first, shown.only_second, shown.both, shown.neither) == (7, 0, 0, 5)
    assert test.p == pytest.approx(0.015625)
    assert test.z == pytest.approx(2.4176, abs=5e-5)
    crossed = {name: test.z >= value for name, value in test.boundaries.items()}
    assert crossed == {
        "lan_demets_obf": False,
        "pocock": True,
        "obrien_fleming": False,
        "haybittle_peto": False,
    }
    assert test.boundaries[shown.spending] == pytest.approx(3.3569, abs=5e-5)
    assert shown.flag == "continue"


def test_a_score_beside_the_endpoint_counts_by_the_same_rule(trial: Study) -> None:
    """Dissociation at a baseline that is dated after the dose is left out of the cut, as the baseline itself is of the
    outcomes."""
    protocol = trial.protocols.latest().definition
    period = Period.objects.filter(
        participant__study=trial, number=1, participant__locks=None, dosed_on__isnull=False
    )
    chosen = period.order_by("participant__code")[0]
    with as_closed():
        before = _exploratory(data_of(trial, protocol), chosen.participant.code)
    assert before
    assert chosen.dosed_on
    with audit_context(person("investigator"), reason="read in the notes"):
        Period.objects.filter(pk=chosen.pk).update(dosed_on=chosen.dosed_on - timedelta(days=1))
    with as_closed():
        assert _exploratory(data_of(trial, protocol), chosen.participant.code) == {}


def _exploratory(data: InterimData, code: str) -> Mapping[str, int]:
    """What stands beside the endpoint in the first period of a participant."""
    [participant] = [someone for someone in data.participants if someone.participant == code]
    return participant.periods[0].exploratory_endpoints


@pytest.mark.requirement("STA-03")
def test_a_frozen_cut_does_not_change_when_a_rating_is_corrected(trial: Study, workers: Work) -> None:
    """The correction reaches the live report, which says what differs; cut and results stay as they were."""
    key = session_of("statistician")
    before = closed.look(key, trial, 1)
    rating = (
        Assessment.objects.filter(visit__code="DAY1", participant__status="completed")
        .select_related("visit")
        .order_by("-participant__code")
        .first()
    )
    assert rating
    entry = AssessmentEntry(items=items(1), rater="R", performed_on=rating.performed_on)
    correct(rating, entry, by=User.objects.system(), version=rating.version, reason="misread")
    workers()
    live = closed.report(key, trial)
    assert live
    changed = live.report.changed["1"]
    assert {row.participant for row in changed} == {rating.participant.code}
    assert "change" in {row.field for row in changed}
    assert closed.look(key, trial, 1) == before


@pytest.mark.requirement("BLD-01")
@pytest.mark.parametrize("table", ["look", "decision", "print", "safety_report"])
def test_the_web_role_reads_no_closed_table(table: str, trial: Study) -> None:
    """`permission denied` from the database itself."""
    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(f"select * from closed.{table}")


@pytest.mark.requirement("BLD-04")
@pytest.mark.parametrize(
    "function",
    ["look_for(%s, %s, 1)", "full_look_for(%s, %s, 1)", "print_for(%s, %s, 1)", "views_for(%s, %s)"],
)
@pytest.mark.parametrize("name", ["investigator", "pharmacist", "admin"])
def test_the_functions_refuse_other_sessions(function: str, name: str, trial: Study) -> None:
    """Whatever code of the web asks: without a statistician's live session nothing is told."""
    with (
        pytest.raises(DatabaseError, match="no live session"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"select * from closed.{function}", [session_of(name), trial.pk])


def test_a_decision_to_stop_pauses_enrolment_and_tells_no_reason(trial: Study, workers: Work) -> None:
    """Screening is refused in a plain sentence; the board's own sentence stays in the closed schema."""
    sign(trial, "stop", "Ketamine does nothing with naltrexone.")
    workers()
    pause = EnrollmentPause.objects.get(study=trial, lifted_at=None)
    assert pause.reason == pause_reason(1)
    site = trial.sites.get(code="01")
    with pytest.raises(ValidationError, match="paused"):
        screen(site, by=person("coordinator"), consented_on=today_at(site), age=40, sex="F")
    found = closed.look(session_of("statistician"), trial, 1)
    assert found
    assert present(found.decision).reason == "Ketamine does nothing with naltrexone."
    assert not [
        e for e in Event.objects.all() if "naltrexone" in str((e.reason, e.new)) and "paus" in e.table_name
    ]
    assert not Event.objects.filter(reason__contains="does nothing").exists()
    resume_enrollment(pause, by=person("statistician"), reason="the sponsor appealed")
    screen(site, by=person("coordinator"), consented_on=today_at(site), age=40, sex="F")


@pytest.mark.requirement("STA-04")
@pytest.mark.parametrize(
    ("decision", "told"), [("continue", "Look 1: decision: continue."), ("stop", "Look 1: decision: stop.")]
)
def test_blinded_people_are_told_one_word(decision: str, told: str, trial: Study, workers: Work) -> None:
    """Before the signature: a look is due. After it: continue or stop, and nothing else."""
    looks = [LookState(1, 12, None, due=True), LookState(2, 30, None, due=False)]
    assert look_sentence(trial, looks, 12) == "Look 1 is due: 12 completers, 12 were planned."
    sign(trial, decision)
    sentence = look_sentence(trial, looks, 12)
    assert sentence.startswith(told)
    assert ("No look due" in sentence) == (decision == "continue")


@pytest.mark.requirement("STA-03")
def test_a_signed_decision_does_not_change(trial: Study) -> None:
    """Neither through the service nor by writing to the tables."""
    sign(trial, "continue")
    with pytest.raises(ValidationError, match="already been decided"):
        sign(trial, "stop")
    with pytest.raises(DatabaseError), transaction.atomic():
        Look.objects.filter(study=trial).update(decision="stop")


def test_nobody_can_say_a_decision_that_was_not_signed(trial: Study) -> None:
    """The public row takes a decision only beside the signed one."""
    statistician = person("statistician")
    look = trial.looks.get()
    with pytest.raises(DatabaseError, match="no such signed decision"), transaction.atomic():
        Look.objects.filter(pk=look.pk).update(
            decision="stop", decided_by=statistician, decided_at=look.taken_at
        )


@pytest.mark.parametrize("change", [{"decision": ""}, {"cut_sha256": ""}])
def test_what_blinded_people_read_of_a_look_is_not_taken_back(change: dict[str, str], trial: Study) -> None:
    """Neither the decision nor the hash, by whatever code of the web."""
    sign(trial, "stop")
    with (
        pytest.raises(DatabaseError, match="does not change"),
        audit_context(person("statistician"), reason="r"),
    ):
        Look.objects.filter(study=trial).update(**change)


def test_nobody_can_say_that_data_were_frozen(trial: Study) -> None:
    """The hash of a look that blinded people read is one of rows that the unblinded worker froze."""
    look = trial.looks.get()
    with (
        pytest.raises(DatabaseError, match="no such frozen data"),
        audit_context(person("statistician"), reason="r"),
    ):
        Look.objects.create(
            study=trial,
            number=2,
            completers=30,
            protocol=look.protocol,
            requested_by=look.requested_by,
            taken_at=look.taken_at,
            cut_sha256=look.cut_sha256,
        )


def test_only_the_person_of_the_session_signs(trial: Study) -> None:
    """A service called for somebody else than the session's person is refused by the database."""
    with pytest.raises(DatabaseError, match="no live session"):
        decide(
            trial.looks.get(),
            by=person("statistician"),
            recommendation="continue",
            decision="continue",
            reason="why",
            session_key=session_of("investigator"),
        )


@pytest.mark.requirement("SIG-02")
def test_a_decision_takes_the_password_just_before(trial: Study) -> None:
    """Whatever code calls the service: without the confirmation nothing is decided, and it says what to do."""
    with pytest.raises(ValidationError, match="Enter it again"):
        decide(
            trial.looks.get(),
            by=person("statistician"),
            recommendation="continue",
            decision="stop",
            reason="why",
            session_key=session_of("statistician"),
        )
    assert trial.looks.get().decision == ""


@pytest.mark.parametrize("name", ["investigator", "safety", "pharmacist", "admin", "monitor"])
def test_other_roles_neither_take_nor_decide(name: str, trial: Study) -> None:
    with pytest.raises(PermissionDenied):
        request_look(trial, 1, by=person(name))
    with pytest.raises(PermissionDenied):
        decide(
            trial.looks.get(),
            by=person(name),
            recommendation="continue",
            decision="continue",
            reason="why",
            session_key=session_of("statistician"),
        )


def test_a_look_is_frozen_only_when_its_completers_are_there(trial: Study, workers: Work) -> None:
    """Look 2 needs look 1 decided, and thirty completers; asked for early it waits."""
    with pytest.raises(ValidationError, match="not been decided"):
        request_look(trial, 2, by=person("statistician"))
    sign(trial, "continue")
    request_look(trial, 2, by=person("statistician"))
    request_look(trial, 2, by=person("statistician"))
    workers()
    assert trial.looks.get(number=2).taken_at is None
    with pytest.raises(ValidationError, match="does not plan look 3"):
        request_look(trial, 3, by=person("statistician"))


def report_events(study: Study, events: int, by: str = "statistician") -> SafetyVerdict:
    return record_events(
        study.looks.get(number=1),
        by=person(by),
        events=events,
        source="Safety report of 9 Mar 2026",
        session_key=session_of(by),
    )


@pytest.mark.requirement("STA-06")
def test_serious_events_are_held_against_the_boundary(trial: Study) -> None:
    """Fourteen treated: four do not stop the trial, five do; the latest number counts and all are kept."""
    assert report_events(trial, 4).stops is False
    said = report_events(trial, 5)
    assert (said.treated, said.stops) == (14, True)
    found = closed.look(session_of("statistician"), trial, 1)
    assert found
    reported = present(found.safety_report)
    assert reported.verdict == said
    assert reported.verdict.events == 5
    assert reported.entered_by == person("statistician").printed_name
    with as_closed(), connection.cursor() as cursor:
        cursor.execute("select array_agg(events order by id) from closed.safety_report")
        assert cursor.fetchone()[0] == [4, 5]


def test_serious_events_are_refused_where_they_cannot_be(trial: Study) -> None:
    """More than were treated, less than none, without a source, and after the decision."""
    for events in (-1, 15):
        with pytest.raises(ValidationError, match="from 0 to 14"):
            report_events(trial, events)
    with pytest.raises(ValidationError, match="source of the number"):
        record_events(
            trial.looks.get(),
            by=person("statistician"),
            events=0,
            source=" ",
            session_key=session_of("statistician"),
        )
    sign(trial, "continue")
    with pytest.raises(ValidationError, match="already been decided"):
        report_events(trial, 0)


@pytest.mark.parametrize("name", ["investigator", "safety", "pharmacist", "admin", "monitor"])
def test_other_roles_enter_no_events(name: str, trial: Study) -> None:
    with pytest.raises(PermissionDenied):
        report_events(trial, 0, by=name)


def test_only_the_person_of_the_session_enters_events(trial: Study) -> None:
    """Neither with another's session, nor past the service with numbers that were not treated."""
    with pytest.raises(DatabaseError, match="no live session"):
        record_events(
            trial.looks.get(),
            by=person("statistician"),
            events=0,
            source="x",
            session_key=session_of("investigator"),
        )
    call = "select closed.report_events(%s, %s::bigint, 1, 0.5, false, 'x')"
    arguments = [session_of("statistician"), str(trial.looks.get().pk)]
    with (
        pytest.raises(DatabaseError, match="who enters"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(call, arguments)


def test_nothing_of_the_events_reaches_a_blinded_record(trial: Study, workers: Work) -> None:
    """The audit trail and the summary that blinded people read are the same before and after."""
    before = Event.objects.count(), trial.summary.figures
    report_events(trial, 5)
    workers()
    trial.summary.refresh_from_db()
    assert (Event.objects.count(), trial.summary.figures) == before


def test_after_a_stop_the_live_report_has_the_figures_of_the_end(trial: Study, workers: Work) -> None:
    """None before the decision and after "continue"; after "stop" those of look 1, though the data go on."""
    key = session_of("statistician")
    live = closed.report(key, trial)
    assert live
    assert live.report.ended is None
    sign(trial, "stop")
    workers()
    live = closed.report(key, trial)
    assert live
    ended = present(live.report.ended)
    assert (ended.number, ended.stopped) == (1, True)
    assert present(present(ended.monitoring.test).ended).p == pytest.approx(0.015625)


@pytest.mark.requirement("BLD-04")
def test_every_view_is_in_the_log(trial: Study) -> None:
    """Who looked, at what, how often; without the assignments that randomisation logs."""
    key = session_of("statistician")
    closed.look(key, trial, 1)
    closed.look(key, trial, 1)
    closed.report(key, trial)
    rows = {row.action: row for row in closed.views(key, trial)}
    assert rows["view look 1"].times == 2
    assert rows["view look 1"].name == person("statistician").printed_name
    assert rows["view report"].times == 1
    assert "assign" not in rows


def test_the_audit_trail_has_the_look_and_its_hash(trial: Study) -> None:
    """Asked for, frozen, decided: each is an entry of the chain."""
    sign(trial, "continue")
    look = trial.looks.get()
    events = list(Event.objects.filter(table_name="analysis_look").order_by("n"))
    assert [event.op for event in events] == ["I", "U", "U"]
    written = [event.new or {} for event in events]
    assert written[1]["cut_sha256"] == look.cut_sha256
    assert written[2]["decision"] == "continue"
