"""The way through eligibility and back: nothing is decided early or by one click, and no error is final."""

import uuid
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from enrollment import services
from enrollment.domain.brands import substance_of
from enrollment.models import Participant
from enrollment.selectors import facts_of, judged, judged_sha256, today_at
from enrollment.today.worklist import worklist
from tests.conftest import PASSWORD, decide, rate
from tests.treatments import add_treatment
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, User
from trialsite.lib.errors import Conflict

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]


@pytest.fixture
def consented(site: Site, coordinator: User) -> Participant:
    return services.screen(site, by=coordinator, consented_on=today_at(site), age=41, sex="F")


@pytest.fixture
def failed(screened: Participant, investigator: User) -> Participant:
    decide(screened, by=investigator, eligible=False, reason="cannot come to the visits")
    screened.refresh_from_db()
    return screened


def treat(participant: Participant, by: User, name: str) -> None:
    add_treatment(participant, by=by, name=name, outcome="NONE")


def url(participant: Participant, what: str = "") -> str:
    return f"/studies/KETNAL/participants/{participant.code}/{what}"


def tasks(user: User, participant: Participant) -> dict[str, tuple[str, str]]:
    """Column → (what, address) of what Today tells about the participant."""
    return {
        str(column.title): (action.what, action.url)
        for column in worklist(user, participant.study)
        for action in column.actions
        if action.participant == participant.code
    }


@pytest.mark.requirement("ELG-01")
def test_one_treatment_on_the_list_decides_nothing(
    consented: Participant, coordinator: User, investigator: User
) -> None:
    """How many failed is unknown until somebody says that the list is complete."""
    treat(consented, coordinator, "Sertraline")
    verdict, _facts = judged(consented)
    assert (verdict.verdict, facts_of(consented).get("failed_treatments")) == ("incomplete", None)
    assert tasks(coordinator, consented)["Now"][0] == "Complete screening"
    services.declare_treatments(consented, by=coordinator, complete=True)
    assert facts_of(consented)["failed_treatments"] == 1
    services.declare_treatments(consented, by=coordinator, complete=False, reason="two letters are to come")
    assert facts_of(consented)["failed_treatments"] is None


def test_that_a_list_is_not_complete_after_all_needs_a_reason(
    consented: Participant, coordinator: User
) -> None:
    services.declare_treatments(consented, by=coordinator, complete=True)
    assert facts_of(consented)["failed_treatments"] == 0
    with pytest.raises(ValidationError, match="Give the reason"):
        services.declare_treatments(consented, by=coordinator, complete=False, reason=" ")


def test_known_means_that_every_criterion_is_known(
    consented: Participant, coordinator: User, investigator: User
) -> None:
    """Not eligible already, and ten criteria unknown: the task stays with the coordinator, and so it is said."""
    rate(consented.visits.get(), 12, coordinator)
    verdict, _facts = judged(consented)
    assert (verdict.verdict, verdict.unknown) == ("not eligible", 10)
    headline = verdict.headline % verdict.headline_params
    assert headline == "Not eligible already: HAM-D 12, needs at least 20. Criteria not known yet: 10"
    assert tasks(coordinator, consented)["Now"] == ("Complete screening", url(consented))
    assert tasks(investigator, consented)["Now"][0] == "Complete screening"


def test_the_link_to_the_decision_is_the_investigators(
    screened: Participant, coordinator: User, investigator: User
) -> None:
    """Others wait for it, and their link leads to a page that they may see."""
    assert tasks(investigator, screened)["Now"] == ("Confirm eligibility", url(screened, "eligibility/"))
    assert tasks(coordinator, screened)["Waiting on others"] == ("Confirm eligibility", url(screened))


@pytest.mark.requirement("ELG-01")
def test_an_investigator_decides_against_with_a_reason(
    screened: Participant, consented: Participant, investigator: User
) -> None:
    """With every criterion met, or while some are unknown; never without saying why."""
    for participant in (screened, consented):
        with pytest.raises(ValidationError, match="Give the reason why the participant is not eligible"):
            decide(participant, by=investigator, eligible=False)
        decision = decide(participant, by=investigator, eligible=False, reason="cannot come to the visits")
        participant.refresh_from_db()
        assert (decision.eligible, participant.left_reason) == (False, "cannot come to the visits")


@pytest.mark.requirement("ELG-01")
def test_a_decision_is_signed_with_the_password(
    screened: Participant, investigator: User, as_user: AsUser
) -> None:
    """A wrong one decides nothing and keeps what was typed; the right one leaves name and meaning on the decision."""
    client = as_user(investigator)
    sent = {
        "eligible": "yes",
        "reason": "seen together",
        "judged_on": judged_sha256(screened),
        "password": "wrong",
    }
    answer = client.post(url(screened, "eligibility/"), sent)
    assert answer.status_code == 422
    assert "seen together" in answer.content.decode()
    assert not screened.decisions.exists()
    assert client.post(url(screened, "eligibility/"), sent | {"password": PASSWORD}).status_code == 302
    decision = screened.decisions.get()
    assert (decision.eligible, decision.printed_name) == (True, investigator.printed_name)
    assert decision.meaning.endswith("my decision: eligible")


def test_only_what_was_read_is_decided_on(
    screened: Participant, coordinator: User, investigator: User, as_user: AsUser
) -> None:
    """A value that changed after the page was opened is shown again first."""
    read = judged_sha256(screened)
    with audit_context(coordinator, reason="corrected"):
        services.record_fact(screened, "hamd17_total", 30, source="rating")
    with pytest.raises(Conflict):
        decide(screened, by=investigator, judged_on=read)
    sent = {"eligible": "yes", "judged_on": read, "password": PASSWORD}
    assert as_user(investigator).post(url(screened, "eligibility/"), sent).status_code == 409
    assert not screened.decisions.exists()


def test_eligible_is_no_choice_while_a_criterion_is_unknown(
    consented: Participant, investigator: User, as_user: AsUser
) -> None:
    page = as_user(investigator).get(url(consented, "eligibility/")).content.decode()
    assert 'value="no"' in page
    assert 'value="yes"' not in page


def test_a_screen_failure_made_in_error_goes_back_to_screening(
    failed: Participant, coordinator: User, investigator: User
) -> None:
    """By an investigator, with a reason; the decision stays on record and another one follows."""
    with pytest.raises(PermissionDenied):
        services.reopen_screening(failed, by=coordinator, reason="wrong person")
    with pytest.raises(ValidationError, match="Give the reason"):
        services.reopen_screening(failed, by=investigator, reason=" ")
    services.reopen_screening(failed, by=investigator, reason="wrong person")
    failed.refresh_from_db()
    assert (failed.status, failed.left_reason) == ("screening", "")
    decide(failed, by=investigator)
    assert [decision.eligible for decision in failed.decisions.all()] == [False, True]
    with pytest.raises(ValidationError, match="Only a screen failure"):
        services.reopen_screening(failed, by=investigator, reason="again")


def test_who_failed_is_screened_again_under_a_new_code_linked_to_the_old(
    failed: Participant, coordinator: User, investigator: User, as_user: AsUser
) -> None:
    """The failure stays as it is; the new attempt begins with consent and age alone. Once; and then it is no error."""
    day = today_at(failed.site)
    again = services.rescreen(failed, by=coordinator, consented_on=day, age=42, sex="F", reason="relapsed")
    assert (again.code, again.rescreen_of, again.status) == ("01-002", failed, "screening")
    assert facts_of(again) == {"age": 42, "consent": True}
    failed.refresh_from_db()
    assert failed.status == "screen_failed"
    client = as_user(coordinator)
    assert f'<a href="{url(again)}">01-002</a>' in client.get(url(failed)).content.decode()
    assert f'<a href="{url(failed)}">01-001</a>' in client.get(url(again)).content.decode()
    with pytest.raises(ValidationError, match="re-screened as 01-002"):
        services.rescreen(failed, by=coordinator, consented_on=day, age=42, sex="F", reason="r")
    with pytest.raises(ValidationError, match="continue there"):
        services.reopen_screening(failed, by=investigator, reason="r")


def test_only_a_screen_failure_is_screened_again(screened: Participant, coordinator: User) -> None:
    with pytest.raises(ValidationError, match="Only a screen failure"):
        services.rescreen(
            screened, by=coordinator, consented_on=today_at(screened.site), age=40, sex="F", reason="r"
        )


def test_the_sex_is_one_of_the_choices(site: Site, coordinator: User) -> None:
    with pytest.raises(ValidationError) as caught:
        services.screen(site, by=coordinator, consented_on=today_at(site), age=41, sex="X")
    assert set(caught.value.message_dict) == {"sex"}


def test_a_brand_and_its_substance_are_asked_about_and_count_once(
    consented: Participant, coordinator: User, as_user: AsUser
) -> None:
    """In the browser the question stands at the name; nothing typed is lost, and an answer keeps the row."""
    treat(consented, coordinator, "Sertraline")
    client = as_user(coordinator)
    new = url(consented, "forms/FAILED_TREATMENT/new/")
    sent = {
        "form_token": str(uuid.uuid4()), "item_KIND": "ANTIDEPRESSANT", "item_NAME": "Zoloft 100 mg", "item_DOSE": "100",
        "unit_DOSE": "mg/day", "item_WEEKS": "9", "item_CURRENT_EPISODE": "Y", "item_ADEQUATE": "Y", "item_OUTCOME": "NONE",
    }  # fmt: skip
    page = client.post(new, sent)
    assert (page.status_code, consented.records.count()) == (422, 1)
    assert "This treatment is listed already, perhaps by another name" in page.content.decode()
    kept = client.post(new, sent | {"comment_NAME__LISTED_ALREADY": "a second course", "another": ""})
    assert (kept.status_code, kept["Location"]) == (302, new)
    treat(consented, coordinator, "Venlafaxine")
    services.declare_treatments(consented, by=coordinator, complete=True)
    assert facts_of(consented)["failed_treatments"] == 2


def test_an_unknown_name_is_itself() -> None:
    """Capitals and blanks apart; what is no brand of the list is taken as it is written."""
    assert substance_of("  Saint  John's wort ") == "saint john's wort"
    assert substance_of("EFFEXOR XR") == substance_of("venlafaxine 75 mg") == "venlafaxine"


def test_exclusions_are_absent_or_present(screened: Participant, coordinator: User, as_user: AsUser) -> None:
    """Two groups; what is good of an exclusion is that it is absent."""
    page = as_user(coordinator).get(url(screened)).content.decode()
    inclusion, exclusion = page.split("Exclusion criteria")
    assert "Inclusion criteria" in inclusion
    assert 'verdict-met">met' in inclusion
    assert exclusion.count('verdict-met">absent') == 7
    assert 'verdict-met">met' not in exclusion
