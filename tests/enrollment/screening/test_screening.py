"""Screening: what is known of each criterion, who decides, and what stays of those who are not enrolled."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.domain.entry import AssessmentEntry
from assessments.entry.services import reinstate_record
from assessments.rating.services import complete, correct
from enrollment import services
from enrollment.domain import eligibility
from enrollment.domain.eligibility import CriterionVerdict
from enrollment.models import EligibilityDecision, Participant
from enrollment.selectors import facts_of, today_at
from tests.conftest import MakeUser, decide, items, rate
from tests.treatments import add_treatment, strike_out, treatment_of, treatments_at
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, Study, User
from trialsite.lib.errors import Conflict

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]


def begin(site: Site, by: User) -> Participant:
    return services.screen(site, by=by, consented_on=today_at(site), age=41, sex="F")


def source_of(participant: Participant, name: str) -> tuple[float, str]:
    """Value and source of a fact."""
    fact = participant.facts.get(name=name)
    assert fact.value is not None
    return float(fact.value), fact.source


@pytest.fixture
def consented(site: Site, coordinator: User) -> Participant:
    """Only just consented: nothing but age and consent is known."""
    return begin(site, coordinator)


def verdicts(participant: Participant) -> dict[str, CriterionVerdict]:
    verdict_now = eligibility.judge(participant.protocol.definition.criteria, facts_of(participant))
    return {result.id: result.verdict for result in verdict_now.results}


def reasons(participant: Participant) -> dict[str, str]:
    verdict_now = eligibility.judge(participant.protocol.definition.criteria, facts_of(participant))
    return {result.id: result.message % result.params for result in verdict_now.results}


def answer(participant: Participant, by: User, *, reason: str = "", **facts: Any) -> None:
    """Send the screening form as it is saved, with `facts` changed. Names of the person or of the checklist."""
    participant.refresh_from_db()
    person = {name: facts.pop(name, getattr(participant, name)) for name in ("consented_on", "age", "sex")}
    known = {
        c.fact: facts_of(participant).get(c.fact)
        for c in participant.protocol.definition.criteria
        if c.kind == "confirm" and c.fact != "consent"
    }
    services.record_screening(
        participant,
        by=by,
        version=participant.version,
        reason=reason,
        checklist={name: None if value is None else bool(value) for name, value in (known | facts).items()},
        **person,
    )
    participant.refresh_from_db()


def test_who_has_just_consented_is_known_by_consent_and_age_alone(consented: Participant) -> None:
    """Everything else is unknown: never met, never not met."""
    verdict_now = verdicts(consented)
    assert {id for id, verdict in verdict_now.items() if verdict == "met"} == {"I01", "I02"}
    assert {verdict for id, verdict in verdict_now.items() if id not in {"I01", "I02"}} == {"unknown"}
    assert reasons(consented)["I03"] == "HAM-D: not known yet"


def test_the_screening_visit_is_due_on_the_day_of_consent(consented: Participant) -> None:
    """The participant's first visit is screening, and it hangs on no period."""
    visit = consented.visits.get()
    assert (visit.code, visit.planned_on, visit.period) == ("SCREENING", consented.consented_on, None)


def test_codes_count_by_site(site: Site, other_site: Site, coordinator: User, make_user: MakeUser) -> None:
    """The site's code and the next number of that site; a screen failure keeps its number."""
    other = make_user("coordinator", other_site)
    participants = [begin(site, coordinator), begin(other_site, other), begin(site, coordinator)]
    assert [p.code for p in participants] == ["01-001", "02-001", "01-002"]


def test_a_total_below_twenty_does_not_meet_the_criterion(consented: Participant, coordinator: User) -> None:
    """The HAM-D of screening arrives as a fact with its source, and the reason names both numbers."""
    rate(consented.visits.get(), 19, coordinator)
    assert source_of(consented, "hamd17_total") == (19, "HAMD17 at screening, version 1")
    assert verdicts(consented)["I03"] == "not met"
    assert reasons(consented)["I03"] == "HAM-D 19, needs at least 20"


def test_a_corrected_screening_rating_corrects_the_fact(consented: Participant, coordinator: User) -> None:
    """The fact follows the rating and names the version it comes from."""
    rating = rate(consented.visits.get(), 19, coordinator)
    entry = AssessmentEntry(items=items(21), rater="R", performed_on=consented.consented_on)
    correct(rating, entry, by=coordinator, version=1, reason="item 1 misread")
    assert source_of(consented, "hamd17_total") == (21, "HAMD17 at screening, version 2")


def test_a_rating_with_items_missing_leaves_the_criterion_unknown(
    consented: Participant, coordinator: User
) -> None:
    """Without a total nothing is known of the total: missing is never 0."""
    rated = items(25)
    missing = {"HAMD104": "not_assessed"}
    rated["HAMD104"] = None
    entry = AssessmentEntry(items=rated, missing=missing, rater="R", performed_on=consented.consented_on)
    complete(consented.visits.get(), "HAMD17", entry, by=coordinator, form_token=uuid.uuid4())
    assert not consented.facts.filter(name="hamd17_total").exists()
    assert verdicts(consented)["I03"] == "unknown"


@pytest.mark.parametrize(
    ("outcome", "counts"), [("NONE", True), ("INSUFFICIENT", True), ("INTOLERANT", False), ("HELPED", False)]
)
def test_a_treatment_counts_as_failed_by_its_outcome(
    outcome: str, counts: bool, consented: Participant, coordinator: User
) -> None:
    """No or insufficient benefit counts; stopping for side effects or having been helped does not."""
    add_treatment(consented, by=coordinator, name="Sertraline", outcome=outcome)
    services.declare_treatments(consented, by=coordinator, complete=True)
    assert facts_of(consented)["failed_treatments"] == (1 if counts else 0)


def test_the_same_treatment_twice_counts_once(consented: Participant, coordinator: User) -> None:
    """Different treatments are wanted: capitals and blanks around a name make no other treatment, its kind does."""
    for kind, name in (("ANTIDEPRESSANT", "Sertraline"), ("ANTIDEPRESSANT", " sertraline "), ("ECT", "")):
        add_treatment(consented, by=coordinator, kind=kind, name=name, outcome="NONE")
    services.declare_treatments(consented, by=coordinator, complete=True)
    assert facts_of(consented)["failed_treatments"] == 2
    assert reasons(consented)["I04"] == "Failed treatments 2, needs at least 4"


def test_a_treatment_taken_off_the_list_counts_no_more_and_stays(
    screened: Participant, coordinator: User
) -> None:
    """The row is kept, struck out; eligibility is judged without it, and with it once it is reinstated."""
    treatment = strike_out(
        treatment_of(screened, "Bupropion"), by=coordinator, reason="was of another patient"
    )
    assert treatment.status == "struck_out"
    assert verdicts(screened)["I04"] == "not met"
    reinstate_record(treatment, treatments_at(screened), by=coordinator, version=2, reason="it was not")
    assert verdicts(screened)["I04"] == "met"


def test_taking_a_treatment_off_needs_a_reason(screened: Participant, coordinator: User) -> None:
    """A sentence says so, and nothing changes."""
    treatment = treatment_of(screened, "Bupropion")
    with pytest.raises(ValidationError, match="Say why"):
        strike_out(treatment, by=coordinator, reason=" ")
    treatment.refresh_from_db()
    assert treatment.status == "complete"


@pytest.mark.parametrize("group", ["inclusion", "exclusion"])
def test_an_answer_against_a_criterion_is_not_met_with_its_reason(
    group: str, screened: Participant, coordinator: User
) -> None:
    """No to what is wanted, yes to what excludes; no answer is unknown."""
    criterion = next(
        c
        for c in screened.protocol.definition.criteria
        if c.group == group and c.kind == "confirm" and c.fact != "consent"
    )
    answer(screened, coordinator, reason="asked again", **{criterion.fact: not criterion.expected})
    assert verdicts(screened)[criterion.id] == "not met"
    answer_text = "answered no" if criterion.expected else "answered yes"
    assert reasons(screened)[criterion.id] == f"{criterion.name}: {answer_text}"
    answer(screened, coordinator, reason="not sure", **{criterion.fact: None})
    assert verdicts(screened)[criterion.id] == "unknown"


def test_a_saved_answer_changes_only_with_a_reason(screened: Participant, coordinator: User) -> None:
    """Filling in what was not known needs none; taking an answer back does."""
    with pytest.raises(ValidationError, match="Give the reason"):
        answer(screened, coordinator, age=42)
    with pytest.raises(ValidationError, match="Give the reason"):
        answer(screened, coordinator, diagnosis=None)
    answer(screened, coordinator)
    answer(screened, coordinator, age=42, reason="misread the form")
    assert (screened.age, facts_of(screened)["age"]) == (42, 42)


def test_the_database_itself_refuses_a_change_without_a_reason(
    screened: Participant, coordinator: User
) -> None:
    """Whoever writes: a saved fact is not changed silently."""
    fact = screened.facts.get(name="age")
    with (
        pytest.raises(DatabaseError, match="without a reason"),
        transaction.atomic(),
        audit_context(coordinator),
    ):
        screened.facts.filter(pk=fact.pk).update(value=50)
    fact.refresh_from_db()
    assert fact.value == 40


def test_an_old_form_is_a_conflict(screened: Participant, coordinator: User) -> None:
    """Two people on one form: the second is told, with what is saved now."""
    with pytest.raises(Conflict) as caught:
        services.record_screening(
            screened,
            by=coordinator,
            version=1,
            consented_on=today_at(screened.site),
            age=40,
            sex="F",
            checklist={},
            reason="r",
        )
    assert caught.value.current == screened


def test_consent_in_the_future_is_refused(site: Site, coordinator: User) -> None:
    """By field, in words; nobody is screened."""
    tomorrow = today_at(site) + timedelta(days=1)
    with pytest.raises(ValidationError, match="future") as caught:
        services.screen(site, by=coordinator, consented_on=tomorrow, age=40, sex="F")
    assert set(caught.value.message_dict) == {"consented_on"}
    assert not Participant.objects.exists()


def test_consent_cannot_be_moved_into_the_future(screened: Participant, coordinator: User) -> None:
    """What is refused on the first form is refused on a change of it."""
    tomorrow = today_at(screened.site) + timedelta(days=1)
    with pytest.raises(ValidationError, match="future"):
        answer(screened, coordinator, consented_on=tomorrow, reason="moved")


def test_only_an_investigator_confirms(
    screened: Participant, coordinator: User, make_user: MakeUser, other_site: Site
) -> None:
    """Not the coordinator, not the data manager, not an investigator of another site."""
    elsewhere = make_user("investigator", other_site)
    for person in (coordinator, make_user("datamanager"), make_user("monitor"), elsewhere):
        with pytest.raises(PermissionDenied):
            decide(screened, by=person)
    screened.refresh_from_db()
    assert screened.status == Participant.Status.SCREENING


def test_the_page_refuses_the_coordinator_too(
    screened: Participant, coordinator: User, as_user: AsUser
) -> None:
    """403 in the browser."""
    page = as_user(coordinator).post(f"/studies/KETNAL/participants/{screened.code}/eligibility/", {})
    assert page.status_code == 403


def test_the_decision_keeps_what_it_judged(screened: Participant, investigator: User) -> None:
    """Each criterion with verdict and reason, each fact with value and source, who and when."""
    decision = decide(screened, by=investigator, reason="seen together")
    assert decision.eligible
    assert {row["verdict"] for row in decision.criteria} == {"met"}
    assert [row["id"] for row in decision.criteria] == [c.id for c in screened.protocol.definition.criteria]
    assert decision.facts["hamd17_total"] == {"value": 25.0, "source": "HAMD17 at screening, version 1"}
    assert (decision.decided_by, decision.comment) == (investigator, "seen together")
    assert (decision.printed_name, decision.meaning[-8:]) == ("The investigator", "eligible")
    screened.refresh_from_db()
    assert screened.status == Participant.Status.ELIGIBLE


def test_a_decision_is_written_once(screened: Participant, investigator: User) -> None:
    """The database refuses to change it."""
    decision = decide(screened, by=investigator)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        EligibilityDecision.objects.filter(pk=decision.pk).update(eligible=False)


@pytest.mark.requirement("ELG-01")
def test_nothing_is_confirmed_while_a_criterion_is_unknown(
    consented: Participant, investigator: User
) -> None:
    """The investigator is told to complete it first."""
    with pytest.raises(ValidationError, match="not known yet"):
        decide(consented, by=investigator)


def test_a_screen_failure_is_kept_with_its_reasons(
    screened: Participant, coordinator: User, investigator: User
) -> None:
    """Every criterion that was not met stands in the reason; facts and treatments stay."""
    answer(screened, coordinator, reason="asked again", substance_use=True, age=75)
    decision = decide(screened, by=investigator, eligible=False, reason="told so")
    screened.refresh_from_db()
    assert not decision.eligible
    assert screened.status == Participant.Status.SCREEN_FAILED
    assert (
        screened.left_reason == "Age 75 years, needs 18 to 70; Substance use disorder: answered yes; told so"
    )
    assert screened.records.count() == 4
    assert screened.facts.filter(name="hamd17_total").exists()


@pytest.mark.requirement("ELG-01")
def test_what_was_decided_on_is_corrected_with_a_reason(
    eligible: Participant, coordinator: User, investigator: User
) -> None:
    """A wrong value does not stay wrong; while every criterion is met the decision stands, and it is not taken twice."""
    with pytest.raises(ValidationError, match="Give the reason"):
        answer(eligible, coordinator, age=41)
    answer(eligible, coordinator, age=41, reason="birthday misread")
    eligible.refresh_from_db()
    assert (eligible.age, eligible.status) == (41, Participant.Status.ELIGIBLE)
    with pytest.raises(ValidationError, match="the decision is final"):
        decide(eligible, by=investigator)


def rated(participant: Participant, by: User, total: int) -> None:
    rating = participant.visits.get(period=None).assessments.get()
    entry = AssessmentEntry(items=items(total), rater="R", performed_on=participant.consented_on)
    correct(rating, entry, by=by, version=rating.version, reason="transcription error")


def older(participant: Participant, by: User) -> None:
    answer(participant, by, age=75, reason="birthday misread")


def uses(participant: Participant, by: User) -> None:
    answer(participant, by, substance_use=True, reason="urine screen came late")


def tried_less(participant: Participant, by: User) -> None:
    strike_out(treatment_of(participant, "Bupropion"), by=by, reason="given for pain")


@pytest.mark.requirement("ELG-01")
@pytest.mark.parametrize("change", [older, uses, tried_less, lambda person, by: rated(person, by, 19)])
def test_who_is_no_longer_eligible_is_not_randomised_on_the_earlier_decision(
    eligible: Participant, coordinator: User, investigator: User, change: Callable[[Participant, User], None]
) -> None:
    """Back to screening, until the investigator has decided on what is known now."""
    change(eligible, coordinator)
    eligible.refresh_from_db()
    assert eligible.status == Participant.Status.SCREENING
    with pytest.raises(ValidationError, match="with confirmed eligibility"):
        services.randomise(eligible, by=coordinator)
    with pytest.raises(ValidationError, match="Not all criteria are met"):
        decide(eligible, by=investigator)
    decide(eligible, by=investigator, eligible=False, reason="as corrected")
    assert [decision.eligible for decision in eligible.decisions.all()] == [True, False]


def test_consent_does_not_come_after_what_was_done(
    eligible: Participant, coordinator: User, investigator: User
) -> None:
    """The screening rating was on the day of consent: a later consent date is a mistake in one of the two."""
    day = eligible.consented_on
    assert day is not None
    with pytest.raises(ValidationError, match="before this consent date") as error:
        answer(eligible, coordinator, consented_on=day + timedelta(days=1), reason="misread")
    assert "consented_on" in error.value.message_dict
    answer(eligible, coordinator, consented_on=day - timedelta(days=1), reason="misread")


def test_the_participant_is_held_before_a_screening_rating_is_written(
    eligible: Participant, coordinator: User
) -> None:
    """In the order of who randomises: else the two would wait for each other, and one save be lost."""
    with CaptureQueriesContext(connection) as queries:
        rated(eligible, coordinator, 18)
    statements = [query["sql"] for query in queries]
    held = next(
        n
        for n, sql in enumerate(statements)
        if 'FROM "enrollment_participant"' in sql and "FOR UPDATE" in sql
    )
    written = next(n for n, sql in enumerate(statements) if sql.startswith(("UPDATE", "INSERT")))
    assert held < written


def test_who_was_randomised_stays_so_when_screening_is_corrected(
    randomised: Participant, coordinator: User, as_user: Callable[[User], Client]
) -> None:
    """The page says what the criteria say now beside what was decided then."""
    address = f"/studies/KETNAL/participants/{randomised.code}/"
    assert "no longer agree with the decision" not in as_user(coordinator).get(address).content.decode()
    rated(randomised, coordinator, 18)
    randomised.refresh_from_db()
    assert randomised.status == Participant.Status.RANDOMISED
    page = as_user(coordinator).get(address).content.decode()
    assert "Not eligible: HAM-D 18, needs at least 20" in page
    assert re.search(r"Decided by [^:]+, [^:]+:\d\d \S+: eligible\.", page)
    assert "the criteria no longer agree with the decision" in page
    assert "Correct the screening form" in page


def test_a_paused_study_screens_nobody(
    site: Site, coordinator: User, make_user: MakeUser, consented: Participant
) -> None:
    """Until enrolment is resumed; who is in screening already may be completed."""
    board = make_user("statistician")
    pause = services.pause_enrollment(site.study, by=board, reason="board decision")
    with pytest.raises(ValidationError, match="paused"):
        begin(site, coordinator)
    answer(consented, coordinator, diagnosis=True)
    services.resume_enrollment(pause, by=board, reason="board agreed")
    assert begin(site, coordinator).status == Participant.Status.SCREENING


@settings(max_examples=25, deadline=None)
@given(given_facts=st.data())
def test_verdict_follows_the_facts_alone(given_facts: st.DataObject) -> None:
    """Any mixture of answers: one not met fails, else one unknown leaves it open, else eligible."""
    criteria = Study.objects.get(code="KETNAL").protocols.latest().definition.criteria
    states = given_facts.draw(st.tuples(*(st.sampled_from(["met", "not met", "unknown"]) for _ in criteria)))
    facts: dict[str, float | bool | None] = {}
    for criterion, state in zip(criteria, states, strict=True):
        if criterion.kind == "confirm":
            value: float | bool | None = criterion.expected if state == "met" else not criterion.expected
        else:
            low = criterion.minimum or 0
            value = low if state == "met" else low - 1
        facts[criterion.fact] = None if state == "unknown" else value
    verdict_now = eligibility.judge(criteria, facts)
    assert tuple(result.verdict for result in verdict_now.results) == states
    expected = "not eligible" if "not met" in states else "incomplete" if "unknown" in states else "eligible"
    assert verdict_now.verdict == expected


def form_of(participant: Participant, **typed: str) -> dict[str, str]:
    assert participant.consented_on
    participant.refresh_from_db()
    return {
        "consented_on": participant.consented_on.isoformat(),
        "age": str(participant.age),
        "sex": participant.sex,
        "version": str(participant.version),
        "reason": "",
        **typed,
    }


def checked(page: str) -> list[tuple[str, str]]:
    """Question and answer of each radio that looks chosen."""
    radios = re.findall(r"<input[^>]*type=\"radio\"[^>]*>", page)
    marked = [radio for radio in radios if "checked" in radio.split()[-1] or " checked" in radio]
    return [
        (re.search(r'name="check_(\w+)"', radio)[1], re.search(r'value="(\w*)"', radio)[1])  # type: ignore[index]
        for radio in marked
    ]


def test_nothing_looks_chosen_that_nobody_chose_and_a_first_entry_asks_for_no_reason(
    consented: Participant, coordinator: User, as_user: AsUser
) -> None:
    client, path = as_user(coordinator), f"/studies/KETNAL/participants/{consented.code}/screening/"
    page = client.get(path).content.decode()
    assert checked(page) == []
    assert "Reason for the change" not in page
    assert "0 of 9 answered" in page
    first = form_of(consented, check_diagnosis="yes", check_opioids="no", check_pregnancy="unknown")
    assert client.post(path, first).status_code == 302
    page = client.get(path).content.decode()
    assert checked(page) == [("diagnosis", "yes"), ("opioids", "no")]
    assert "2 of 9 answered" in page


def test_the_reason_is_asked_for_once_a_saved_value_is_changed(
    consented: Participant, coordinator: User, as_user: AsUser
) -> None:
    client, path = as_user(coordinator), f"/studies/KETNAL/participants/{consented.code}/screening/"
    client.post(path, form_of(consented, check_diagnosis="yes"))
    more = {"check_diagnosis": "yes", "check_opioids": "no"}
    assert client.post(path, form_of(consented, **more)).status_code == 302
    more["check_diagnosis"] = "unknown"
    queries = client.post(path, form_of(consented, **more))
    assert queries.status_code == 422
    assert "Reason for the change" in queries.content.decode()
    assert checked(queries.content.decode()) == [("diagnosis", "unknown"), ("opioids", "no")]
    assert client.post(path, form_of(consented, **more, reason="not confirmed")).status_code == 302
    assert facts_of(consented)["diagnosis"] is None
    # Taken back by somebody: that was said, and is shown.
    assert checked(client.get(path).content.decode()) == [("diagnosis", "unknown"), ("opioids", "no")]
