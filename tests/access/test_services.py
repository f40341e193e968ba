"""Every public service × every role × every site: the writers ask the policy themselves, whoever calls them."""

import importlib
import inspect
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction

from analysis.exports.services import record_export
from analysis.monitoring.services.looks import decide, record_events, request_look
from analysis.outcomes.services import adopt_rules
from assessments.deviations.services import close_deviation, reopen_deviation, review_deviation
from assessments.domain.entry import AssessmentEntry
from assessments.domain.instrument import load
from assessments.entry.codec import RecordEntry
from assessments.entry.selectors import FormPlace, places_of
from assessments.entry.services import (
    correct_record,
    keep_record_draft,
    reinstate_record,
    save_record,
    strike_out_record,
)
from assessments.importing import services as importing
from assessments.infusion.selectors import DayPlace, day_place_for
from assessments.infusion.services import check_dose, save_step
from assessments.models import Assessment, SecondRating
from assessments.rating.codec import AssessmentText
from assessments.rating.services import adjudicate, complete, correct, correct_second, keep_draft, rate_again
from assessments.safety.services import acknowledge
from assessments.wording.services import load_wording
from enrollment import services
from enrollment.availability.services import add_absence, keep_hours, remove_absence
from enrollment.calendar.services import make_feed
from enrollment.consents.services import (
    add_consent_version,
    approve_consent_version,
    correct_consent_version,
)
from enrollment.halts.services import pause_enrollment, resume_enrollment
from enrollment.models import EnrollmentPause
from enrollment.proposals.services import accept_days, take_back_days
from enrollment.randomisation.services import request_allocation_list
from enrollment.schedule.services import unplan_period
from enrollment.schedule.services.washout import check_dates
from enrollment.selectors import today_at
from tests.access.conftest import OUTSIDE, Person
from tests.access.places import Places
from tests.rooms import ROOT, service_files
from trialsite.accounts import services as accounts
from trialsite.accounts.models import Role, User
from trialsite.accounts.policy import POLICY, WHOLE_STUDY
from trialsite.audit.services import record_review, record_taking
from trialsite.lib.errors import Conflict
from trialsite.review import services as review
from trialsite.review.selectors import content_sha256
from trialsite.review.services import Place


def _infusion_day(places: Places) -> DayPlace:
    return day_place_for(User.objects.get(username="coordinator"), places.visit.pk, "assessment.enter")


def _check_dose(places: Places, by: User) -> None:
    check_dose(_infusion_day(places), by=by, asked_by=User.objects.system(), version=1)


def _events(places: Places) -> FormPlace:
    return next(place for place in places_of(places.participant) if place.form.code == "ADVERSE_EVENT")


NO_TEXT = AssessmentText(items={}, missing={})
# Services that authorise nobody, and why.
WITHOUT = {
    "accept_invitation": "the link that works once is the right",
    "invitation_of": "makes nothing",
    "invited": "reads",
    "acknowledge_resets": "one's own, after being told",
    "check_answerable": "part of the services that change somebody's account; refuses",
    "takes_two": "reads",
    "reset_at_the_machine": "a management command's; refuses everybody but the system user",
    "change_password": "one's own, confirmed by the old one",
    "end_sessions": "part of the services that end somebody's access, and of one's own account",
    "feed_of": "reads; the token is the right",
    "load_protocol": "a management command's; no page and no role loads a protocol",
    "discard_draft": "deletes the caller's own draft only",
    "discard_record_draft": "deletes the caller's own draft only",
    "discard_screening_draft": "deletes the caller's own draft only",
    "process": "the worker's: does what somebody confirmed, and asks whether they still may",
    **dict.fromkeys(
        (
            "settle_findings",
            "raise_findings",
            "settle_findings_at",
            "check_ratings",
            "check_washouts",
            "mark_performed",
            "take_back_performed",
            "settle_schedule",
            "record_fact",
            "check_period",
            "dosing_dated",
            "course_changed",
            "settle_deviations",
        ),
        "part of saving a rating, of dating a dose and of an import, which authorise",
    ),
    "kits_taken": "reads",
    **dict.fromkeys(
        ("enrol_treated", "make_schedule", "assign_kits"),
        "part of randomising and of an import, which authorise",
    ),
    "file_everywhere": "a management command's; files by the rules what is recorded",
    "raise_alerts": "part of saving a rating and of an import, which authorise",
    "raise_record_alerts": "part of saving a record, which authorises",
    **dict.fromkeys(
        ("escalate", "send_alert_mail", "send_escalation_mail"), "the worker, by what is owed or late"
    ),
    "problems_of": "reads",
    "report_partitions": "reads",
    "questions_of": "reads",
    "earlier_looks": "reads",
    "ended_look": "reads",
    **dict.fromkeys(
        ("recompute", "summarise", "summarise_again", "owe_outdated_figures"),
        "the worker's; derives, can be derived again",
    ),
    **dict.fromkeys(
        ("generate_lists", "add_slots", "supply", "pack", "plan", "report", "freeze", "print_reports"),
        "the unblinded worker's: the web's role may not write there at all",
    ),
    "figures_of": "reads",
    "check_dates_after": "part of the services that change a visit; check_dates does it",
}


@dataclass(frozen=True, slots=True)
class Case:
    """`site`: about a record of site 01. `call` does it as the person given."""

    action: str
    site: bool
    call: Callable[[Places, User], Any]


def _entry(p: Places) -> AssessmentEntry:
    return AssessmentEntry(items={}, rater="R", performed_on=today_at(p.participant.site))


def _rating(p: Places) -> Assessment:
    return Assessment.objects.filter(participant=p.participant, status="complete")[0]


def _screening(p: Places, by: User) -> None:
    services.record_screening(
        p.screening,
        by=by,
        version=1,
        consented_on=today_at(p.screening.site),
        age=50,
        sex="F",
        checklist={},
        reason="typing error",
    )


def _resume(p: Places, by: User) -> None:
    with transaction.atomic():
        pause = EnrollmentPause(study=p.study)
    resume_enrollment(pause, by=by, reason="go on")


def _invite(p: Places, by: User) -> None:
    accounts.invite(
        p.study, by=by, username="newcomer", printed_name="New Comer", email="", role="monitor", site=None
    )


def _record_events(p: Places, by: User) -> None:
    look = p.study.looks.get(number=1)
    record_events(look, by=by, events=0, source="safety report", session_key="")


def _decide(p: Places, by: User) -> None:
    look = p.study.looks.get(number=1)
    decide(look, by=by, recommendation="continue", decision="continue", reason="as planned", session_key="")


def _account(service: Callable[..., Any]) -> Callable[[Places, User], Any]:
    """What an administrator does about somebody else's account."""
    return lambda p, by: service(User.objects.get(username="monitor"), p.study, by=by, reason="left")


def _note(p: Places, by: User) -> None:
    finding = review.Finding("X1", "1", "HAMD101", "Is this so?")
    place = Place(p.participant, p.visit, "HAMD17")
    review.note_findings(place, [finding], checks={"X1"}, by=by, reason="entered")


CASES: dict[str, Case] = {
    "screen": Case("participant.screen", True, lambda p, by: services.screen(
        p.screening.site, by=by, consented_on=today_at(p.screening.site), age=40, sex="F")),
    "record_screening": Case("participant.screen", True, _screening),
    "declare_treatments": Case("participant.screen", True, lambda p, by: services.declare_treatments(
        p.screening, by=by, complete=True)),
    "rescreen": Case("participant.screen", True, lambda p, by: services.rescreen(
        p.screening, by=by, consented_on=today_at(p.screening.site), age=40, sex="F", reason="again")),
    "reopen_screening": Case("eligibility.confirm", True, lambda p, by: services.reopen_screening(
        p.screening, by=by, reason="error")),
    "confirm_eligibility": Case("eligibility.confirm", True, lambda p, by: services.confirm_eligibility(
        p.screening, by=by)),
    "randomise": Case("participant.randomise", True, lambda p, by: services.randomise(p.screening, by=by)),
    "withdraw": Case("participant.withdraw", True, lambda p, by: services.withdraw(
        p.participant, by=by, left_on=today_at(p.participant.site), reason="moved away")),
    "take_back_withdrawal": Case("participant.withdraw", True, lambda p, by: services.take_back_withdrawal(
        p.participant, by=by, reason="stays")),
    "unblind": Case("participant.unblind", True, lambda p, by: services.unblind(
        p.participant, by=by, reason="emergency", session_key="")),
    "plan_period": Case("schedule.plan", True, lambda p, by: services.plan_period(
        p.period, today_at(p.participant.site), by=by, version=p.period.version, reason="moved")),
    "record_dosing": Case("schedule.plan", True, lambda p, by: services.record_dosing(
        p.period, today_at(p.participant.site), by=by, version=p.period.version, reason="moved")),
    "unplan_period": Case("schedule.plan", True, lambda p, by: unplan_period(
        p.period, by=by, version=99, reason="moved")),
    "keep_hours": Case("schedule.plan", True, lambda p, by: keep_hours(
        p.participant.site, by=by, version=99, weekdays="12345", holidays="", places=1, reason="moved")),
    "add_absence": Case("schedule.plan", True, lambda p, by: add_absence(
        p.participant.site, by=by, first_on=today_at(p.participant.site), last_on=today_at(p.participant.site),
        reason="stocktaking")),
    "remove_absence": Case("schedule.plan", True, lambda p, by: remove_absence(p.absence, by=by, reason="error")),
    "add_consent_version": Case("consent.manage", False, lambda p, by: add_consent_version(
        p.study, by=by, label="3.0", language="en", dated_on=today_at(p.participant.site))),
    "correct_consent_version": Case("consent.manage", False, lambda p, by: correct_consent_version(
        p.consent, by=by, version=1, label="3.1", language="en", dated_on=p.consent.dated_on, reason="misprint")),
    "approve_consent_version": Case("consent.manage", False, lambda p, by: approve_consent_version(
        p.consent, p.participant.site, by=by, version=0, approved_on=today_at(p.participant.site))),
    "accept_days": Case("schedule.plan", True, lambda p, by: accept_days(p.participant.site, [], by=by)),
    "take_back_days": Case("schedule.plan", True, lambda p, by: take_back_days(
        p.participant.site, [], by=by, reason="error")),
    "check_dates": Case("assessment.enter", True, lambda p, by: check_dates(
        p.participant, by=by, reason="r")),
    "mark_missed": Case("schedule.plan", True, lambda p, by: services.mark_missed(p.visit, by=by, reason="ill")),
    "reopen_visit": Case("schedule.plan", True, lambda p, by: services.reopen_visit(
        p.visit, by=by, reason="came")),
    "request_supply": Case("supply.send", True, lambda p, by: services.request_supply(p.kit.site, 1, by=by)),
    "receive_shipment": Case("supply.record", True, lambda p, by: services.receive_shipment(
        p.shipment, today_at(p.kit.site), by=by)),
    "return_kit": Case("supply.record", True, lambda p, by: services.return_kit(
        p.kit, today_at(p.kit.site), by=by, version=99, reason="unused")),
    "destroy_kit": Case("supply.record", True, lambda p, by: services.destroy_kit(
        p.kit, today_at(p.kit.site), by=by, version=99, reason="broken")),
    "put_back_kit": Case("supply.record", True, lambda p, by: services.put_back_kit(
        p.kit, today_at(p.kit.site), by=by, version=99, reason="was there")),
    "ask_replacement": Case("supply.record", True, lambda p, by: services.ask_replacement(
        p.kit, by=by, version=99, reason="broken")),
    "close_wrong_kit": Case("wrong_kit.close", True, lambda p, by: services.close_wrong_kit(
        p.wrong_kit, by=by, action="told")),
    "make_feed": Case("calendar.view", False, lambda p, by: make_feed(p.study, by=by)),
    "request_allocation_list": Case("allocation.generate", True, lambda p, by: request_allocation_list(
        p.participant.site, by=by)),
    "pause_enrollment": Case("enrollment.pause", False, lambda p, by: pause_enrollment(
        p.study, by=by, reason="stop")),
    "resume_enrollment": Case("enrollment.pause", False, _resume),
    "complete": Case("assessment.enter", True, lambda p, by: complete(
        p.visit, "HAMD17", _entry(p), by=by, form_token=uuid.uuid4())),
    "correct": Case("assessment.enter", True, lambda p, by: correct(
        _rating(p), _entry(p), by=by, version=99, reason="typing error")),
    "rate_again": Case("assessment.enter", True, lambda p, by: rate_again(
        p.visit, "HAMD17", _entry(p), by=by, form_token=uuid.uuid4())),
    "correct_second": Case("assessment.enter", True, lambda p, by: correct_second(
        SecondRating(visit=p.visit, instrument="HAMD17", entered_by=by), _entry(p), by=by, version=1, reason="misread")),
    "adjudicate": Case("rating.adjudicate", True, lambda p, by: adjudicate(
        p.visit, "HAMD17", 20, by=by, reason="heard the tape")),
    "keep_draft": Case("assessment.enter", True, lambda p, by: keep_draft(p.visit, "HAMD17", NO_TEXT, by=by)),
    "save_record": Case("assessment.enter", True, lambda p, by: save_record(
        _events(p), RecordEntry(), by=by, form_token=uuid.uuid4())),
    "correct_record": Case("assessment.enter", True, lambda p, by: correct_record(
        p.record, _events(p), RecordEntry(), by=by, version=99, reason="misread")),
    "save_step": Case("assessment.enter", True, lambda p, by: save_step(
        _infusion_day(p), "recheck", {}, date(2026, 3, 9), by=by, token=uuid.uuid4())),
    "check_dose": Case("assessment.enter", True, _check_dose),
    "strike_out_record": Case("assessment.enter", True, lambda p, by: strike_out_record(
        p.record, _events(p), by=by, version=99, reason="entered twice")),
    "reinstate_record": Case("assessment.enter", True, lambda p, by: reinstate_record(
        p.record, _events(p), by=by, version=99, reason="was right")),
    "keep_record_draft": Case("assessment.enter", True, lambda p, by: keep_record_draft(
        _events(p), None, {}, by=by)),
    "keep_screening_draft": Case("participant.screen", True, lambda p, by: services.keep_screening_draft(
        p.screening, {}, by=by)),
    "load_wording": Case("wording.load", True, lambda p, by: load_wording(
        p.participant.site, load("CADSS"), "item,wording\n", by=by)),
    "acknowledge": Case("safety.acknowledge", True, lambda p, by: acknowledge(p.alert, by=by, action="called")),
    "review_deviation": Case("deviation.review", True, lambda p, by: review_deviation(
        p.deviation, by=by, text="late train", action="none needed: once")),
    "close_deviation": Case("deviation.close", True, lambda p, by: close_deviation(p.deviation, by=by, text="done")),
    "reopen_deviation": Case("deviation.close", True, lambda p, by: reopen_deviation(p.deviation, by=by, text="no")),
    "raise_queries": Case("query.raise", True, lambda p, by: review.raise_queries(
        [Place(p.participant, p.visit)], by=by, text="?")),
    "answer": Case("query.answer", True, lambda p, by: review.answer(p.query, by=by, text="so")),
    "ask_again": Case("query.raise", True, lambda p, by: review.ask_again(p.query, by=by, text="still?")),
    # Another's query: a data manager may close it, whoever may only close their own may not.
    "close": Case("query.close_any", True, lambda p, by: review.close(p.query, by=by, text="fine")),
    "note_findings": Case("assessment.enter", True, _note),
    "verify": Case("record.verify", True, lambda p, by: review.verify(
        p.participant, p.visit, "HAMD17", [""], by=by)),
    "unverify": Case("record.verify", True, lambda p, by: review.unverify(p.verification, by=by, reason="no")),
    "sign": Case("record.sign", True, lambda p, by: review.sign(p.participant, p.visit, by=by, meaning="seen")),
    "sign_series": Case("record.sign", True, lambda p, by: review.sign_series(
        p.participant, {p.visit.pk: content_sha256(p.participant.pk, p.visit.pk)}, by=by, meaning="seen")),
    "lock": Case("record.lock", True, lambda p, by: review.lock(
        p.study, p.participant, p.visit, by=by, reason="clean")),
    "request_unlock": Case("unlock.request", True, lambda p, by: review.request_unlock(
        p.lock, by=by, reason="a date")),
    "decide_unlock": Case("unlock.decide", True, lambda p, by: review.decide_unlock(
        p.unlock, by=by, approved=True, reason="yes")),
    "end_unlock": Case("unlock.request", True, lambda p, by: review.end_unlock(p.unlock, by=by)),
    "upload": Case("data.import", False, lambda p, by: importing.upload(
        p.study, by=by, file_name="more.csv", content=b"x", enrols=False)),
    "confirm": Case("data.import", False, lambda p, by: importing.confirm(
        p.rating_import, by=by, basis="", reason="received")),
    "check_again": Case("data.import", False, lambda p, by: importing.check_again(p.rating_import, by=by)),
    "cancel": Case("data.import", False, lambda p, by: importing.cancel(p.rating_import, by=by)),
    "record_export": Case("export.blinded", False, lambda p, by: record_export(
        p.study, by=by, via="test", reason="test")),
    "request_look": Case("look.take", False, lambda p, by: request_look(p.study, 2, by=by)),
    "decide": Case("look.decide", False, _decide),
    "record_events": Case("look.decide", False, _record_events),
    "adopt_rules": Case("outcomes.adopt", False, lambda p, by: adopt_rules(
        p.study.protocols.latest(), by=by, digest="", reason="amended")),
    "record_review": Case("audit.review", False, lambda p, by: record_review(
        p.study, by=by, filters="", entries=0, until=None, finding="")),
    "record_list": Case("query.view", False, lambda p, by: accounts.record_list(
        p.study, by=by, action="query.view", name="queries", filters="")),
    "record_taking": Case("audit.view", False, lambda p, by: record_taking(
        p.study, by=by, kind="csv", filters="")),
    "invite": Case("people.manage", False, _invite),
    "grant_role": Case("people.manage", False, lambda p, by: accounts.grant_role(
        User.objects.get(username="monitor"), p.study, by=by, role="auditor", site=None)),
    "deactivate": Case("people.manage", False, _account(accounts.deactivate)),
    "reactivate": Case("people.manage", False, _account(accounts.reactivate)),
    "request_reset": Case("people.manage", False, _account(partial(accounts.request_reset, kind="password"))),
    "decide_reset": Case("people.manage", False, lambda p, by: accounts.decide_reset(
        p.reset, p.study, by=by, granted=True, reason="it is she")),
    "end_role": Case("people.manage", False, lambda p, by: accounts.end_role(
        User.objects.get(username="monitor").memberships.get(study=p.study), by=by, reason="left")),
}  # fmt: skip
VARIANTS: dict[str, Case] = {
    "lock of the study": Case("study.lock", False, lambda p, by: review.lock(p.study, by=by, reason="final")),
    "unblinded export": Case(
        "export.unblinded",
        False,
        lambda p, by: record_export(p.study, by=by, via="test", reason="test", unblinded=True),
    ),
}


def _public() -> Iterator[tuple[str, Callable[..., Any]]]:
    for _app, path in service_files():
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        module = importlib.import_module(dotted)
        for name, function in vars(module).items():
            own = inspect.isfunction(function) and function.__module__ == module.__name__
            if own and not name.startswith("_"):
                yield name, function


def test_every_public_service_is_tried_or_explained() -> None:
    """A new service has a case here, or a reason why it asks nobody."""
    names = {name for name, _function in _public()}
    assert names - set(CASES) - set(WITHOUT) == set()
    assert (set(CASES) | set(WITHOUT)) - names == set()


def test_who_acts_is_said_by_name() -> None:
    """`by` cannot be given by position, where another argument could slip into its place."""
    for name, function in _public():
        if name in CASES:
            assert inspect.signature(function).parameters["by"].kind == inspect.Parameter.KEYWORD_ONLY, name


@pytest.mark.requirement("ACC-01")
@pytest.mark.parametrize("name", [*CASES, *VARIANTS])
def test_a_service_refuses_every_role_that_the_policy_does_not_name(
    name: str, places: Places, people: dict[Person, User]
) -> None:
    """And lets through exactly the others, at their own site."""
    case = CASES.get(name) or VARIANTS[name]
    for (role, where), user in people.items():
        strange = where == OUTSIDE or (case.site and where == "02")
        half = case.action in WHOLE_STUDY and where != "all"
        allowed = Role(role) in POLICY[case.action] and not strange and not half
        assert _lets(case, places, user) == allowed, (role, where)


def _lets(case: Case, places: Places, user: User) -> bool:
    """What else may refuse (the state of the record, the database asking for a live session) is no matter here."""
    try:
        with transaction.atomic():
            case.call(places, user)
            transaction.set_rollback(True)
    except PermissionDenied:
        return False
    except (ValidationError, Conflict, DatabaseError):
        pass
    return True
