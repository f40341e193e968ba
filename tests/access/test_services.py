"""Every public service × every role × every site: the writers ask the policy themselves, whoever calls them."""

import importlib
import inspect
import pkgutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction

from analysis.services.exports import record_export
from analysis.services.looks import decide, record_events, request_look
from analysis.services.outcomes import adopt_rules
from assessments.models import Assessment
from assessments.safety.services import acknowledge
from assessments.services import Entry, complete, correct, keep_draft
from enrollment import services
from enrollment.models import EnrollmentPause
from enrollment.selectors import today_at
from enrollment.services.feed import make_feed
from enrollment.services.randomisation import pause_enrollment, request_allocation_list, resume_enrollment
from enrollment.services.washout import check_dates
from tests.access.conftest import OUTSIDE, Person
from tests.access.places import Places
from trialsite.accounts import services as accounts
from trialsite.accounts.models import Role, User
from trialsite.accounts.policy import POLICY, WHOLE_STUDY
from trialsite.audit.services import record_review, record_taking
from trialsite.lib.errors import Conflict
from trialsite.review import services as review
from trialsite.review.selectors import content_sha256
from trialsite.review.services import Place

ROOMS = (
    "trialsite.accounts",
    "trialsite.audit",
    "trialsite.review",
    "enrollment",
    "assessments",
    "assessments.safety",
    "analysis",
)

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
    "discard_screening_draft": "deletes the caller's own draft only",
    "findings_of": "reads",
    "raise_alerts": "part of saving a rating and of an import, which authorise",
    "problems_of": "reads",
    "report_lanes": "reads",
    "questions_of": "reads",
    "earlier_looks": "reads",
    "ended_look": "reads",
    **dict.fromkeys(
        ("recompute", "summarise", "summarise_again"), "the worker's; derives, can be derived again"
    ),
    **dict.fromkeys(
        ("generate_lists", "add_slots", "report", "freeze", "print_reports"),
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


def _entry(p: Places) -> Entry:
    return Entry(items={}, rater="R", performed_on=today_at(p.participant.site))


def _rating(p: Places) -> Assessment:
    return Assessment.objects.filter(participant=p.participant, status="complete")[0]


def _screening(p: Places, by: User) -> None:
    services.record_screening(
        p.screening, by=by, version=1, consented_on=today_at(p.screening.site), age=50, sex="F", checklist={},
        reason="typing error",
    )  # fmt: skip


def _treatment(p: Places, by: User) -> None:
    services.add_treatment(
        p.screening, by=by, kind="antidepressant", name="Bupropion", dose="", weeks=8, outcome="insufficient"
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
    review.note_findings(Place(p.participant, p.visit, "HAMD17"), [finding], by=by, reason="entered")


CASES: dict[str, Case] = {
    "screen": Case("participant.screen", True, lambda p, by: services.screen(
        p.screening.site, by=by, consented_on=today_at(p.screening.site), age=40, sex="F")),
    "record_screening": Case("participant.screen", True, _screening),
    "add_treatment": Case("participant.screen", True, _treatment),
    "remove_treatment": Case("participant.screen", True, lambda p, by: services.remove_treatment(
        p.treatment, by=by, reason="wrong")),
    "record_fact": Case("assessment.enter", True, lambda p, by: services.record_fact(
        p.screening, "hamd_total", 25, by=by, source="rating")),
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
        p.participant, by=by, reason="moved away")),
    "unblind": Case("participant.unblind", True, lambda p, by: services.unblind(
        p.participant, by=by, reason="emergency", session_key="")),
    "plan_period": Case("schedule.plan", True, lambda p, by: services.plan_period(
        p.period, today_at(p.participant.site), by=by, version=p.period.version, reason="moved")),
    "record_dosing": Case("schedule.plan", True, lambda p, by: services.record_dosing(
        p.period, today_at(p.participant.site), by=by, version=p.period.version, reason="moved")),
    "check_dates": Case("assessment.enter", True, lambda p, by: check_dates(
        p.participant, by=by, reason="r")),
    "mark_performed": Case("assessment.enter", True, lambda p, by: services.mark_performed(
        p.visit, today_at(p.participant.site), by=by, reason="moved")),
    "take_back_performed": Case("assessment.enter", True, lambda p, by: services.take_back_performed(
        p.visit, by=by, reason="moved")),
    "mark_missed": Case("schedule.plan", True, lambda p, by: services.mark_missed(p.visit, by=by, reason="ill")),
    "reopen_visit": Case("schedule.plan", True, lambda p, by: services.reopen_visit(
        p.visit, by=by, reason="came")),
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
    "keep_draft": Case("assessment.enter", True, lambda p, by: keep_draft(p.visit, "HAMD17", {}, by=by)),
    "keep_screening_draft": Case("participant.screen", True, lambda p, by: services.keep_screening_draft(
        p.screening, {}, by=by)),
    "acknowledge": Case("safety.acknowledge", True, lambda p, by: acknowledge(p.alert, by=by, action="called")),
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
    "record_export": Case("export.blinded", False, lambda p, by: record_export(
        p.study, by=by, via="test", reason="test")),
    "request_look": Case("look.take", False, lambda p, by: request_look(p.study, 2, by=by)),
    "decide": Case("look.decide", False, _decide),
    "record_events": Case("look.decide", False, _record_events),
    "adopt_rules": Case("outcomes.adopt", False, lambda p, by: adopt_rules(
        p.study.protocols.latest(), by=by, shown="", reason="amended")),
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
    "unblinded export": Case("export.unblinded", False, lambda p, by: record_export(
        p.study, by=by, via="test", reason="test", unblinded=True)),
}  # fmt: skip


def _public() -> Iterator[tuple[str, Callable[..., Any]]]:
    for room in ROOMS:
        for module in _modules(f"{room}.services"):
            for name, function in vars(module).items():
                own = inspect.isfunction(function) and function.__module__ == module.__name__
                if own and not name.startswith("_"):
                    yield name, function


def _modules(name: str) -> list[ModuleType]:
    package = importlib.import_module(name)
    found = [package]
    for inner in pkgutil.iter_modules(getattr(package, "__path__", [])):
        found.append(importlib.import_module(f"{name}.{inner.name}"))
    return found


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
    for (role, where), person in people.items():
        strange = where == OUTSIDE or (case.site and where == "02")
        half = case.action in WHOLE_STUDY and where != "all"
        allowed = Role(role) in POLICY[case.action] and not strange and not half
        assert _lets(case, places, person) == allowed, (role, where)


def _lets(case: Case, places: Places, person: User) -> bool:
    """What else may refuse (the state of the record, the database asking for a live session) is no matter here."""
    try:
        with transaction.atomic():
            case.call(places, person)
            transaction.set_rollback(True)
    except PermissionDenied:
        return False
    except (ValidationError, Conflict, DatabaseError):
        pass
    return True
