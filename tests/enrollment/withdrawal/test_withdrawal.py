"""Who leaves: on a day, for a reason, with a way back; what happened is recorded all the same."""

from collections.abc import Callable
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.test import Client

from enrollment import services
from enrollment.models import Participant, Period
from enrollment.selectors import completed_on
from tests.conftest import rate
from tests.enrollment.steps import days, dose, leave, period, plan
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import User
from trialsite.audit.models import Event
from trialsite.lib.days import day_text
from trialsite.review.models import Query

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]


@pytest.fixture
def left(first_given: Participant, investigator: User, today: date) -> Participant:
    """Treated forty days ago, withdrawn ten days ago."""
    leave(first_given, investigator, on=today - days(10))
    first_given.refresh_from_db()
    return first_given


def finish(participant: Participant, by: User, today: date) -> None:
    """Both periods given, every visit missed but the last."""
    dose(participant, 1, today - days(60), by)
    dose(participant, 2, today - days(18), by, reason="r")
    for visit in participant.visits.filter(status="planned", period__isnull=False).exclude(code="DAY14"):
        services.mark_missed(visit, by=by, reason="ill")
    for visit in participant.visits.filter(code="DAY14"):
        rate(visit, 10, by)
    participant.refresh_from_db()


@pytest.mark.requirement("SCH-04")
def test_a_withdrawal_has_its_day_and_its_reason(left: Participant, today: date) -> None:
    """Of its own, not the day on which somebody recorded it."""
    assert (left.status, left.left_on, left.left_reason) == ("withdrawn", today - days(10), "moved away")


@pytest.mark.parametrize(("on", "field"), [(1, "left_on"), (-101, "left_on"), (-41, "kept_because")])
def test_a_day_that_cannot_be_is_refused_and_an_odd_one_asked_about(
    on: int, field: str, first_given: Participant, investigator: User, today: date
) -> None:
    """In the future, before consent; and before something that was done: kept with a comment."""
    with pytest.raises(ValidationError) as caught:
        leave(first_given, investigator, on=today + days(on))
    assert set(caught.value.message_dict) == {field}
    if field == "kept_because":
        services.withdraw(
            first_given, by=investigator, left_on=today + days(on), reason="r", kept_because="told us late"
        )
        assert Event.objects.latest("at").reason == "r; told us late"


@pytest.mark.requirement("SCH-04")
def test_who_has_completed_the_study_is_not_withdrawn(
    randomised: Participant, investigator: User, as_user: AsUser, today: date
) -> None:
    """Nobody is counted twice: refused in words, and the page offers it to nobody."""
    finish(randomised, investigator, today)
    assert (randomised.status, completed_on(randomised)) == ("completed", today - days(4))
    with pytest.raises(ValidationError, match="has completed the study"):
        leave(randomised, investigator)
    page = as_user(investigator).get(f"/studies/KETNAL/participants/{randomised.code}/").content.decode()
    assert "/withdraw/" not in page
    assert f"Completed the study on {day_text(today - days(4))}" in page


def test_a_withdrawal_is_taken_back_with_a_reason(
    left: Participant, coordinator: User, investigator: User, today: date
) -> None:
    """They stand where they stood, and are followed again; the trail keeps what was recorded."""
    with pytest.raises(ValidationError):
        services.take_back_withdrawal(left, by=investigator, reason=" ")
    services.take_back_withdrawal(left, by=investigator, reason="another participant")
    left.refresh_from_db()
    assert (left.status, left.left_on, left.left_reason) == ("randomised", None, "")
    entry = Event.objects.filter(table_name="enrollment_participant", op="U").latest("at")
    assert (entry.reason, (entry.old or {})["left_on"]) == (
        "another participant",
        (today - days(10)).isoformat(),
    )
    plan(left, 2, today + days(5), coordinator)
    with pytest.raises(ValidationError, match="not withdrawn"):
        services.take_back_withdrawal(left, by=investigator, reason="again")


def test_before_randomisation_the_way_back_leads_to_the_decision(
    eligible: Participant, investigator: User
) -> None:
    """Eligible as decided; to screening where values say otherwise meanwhile."""
    leave(eligible, investigator)
    services.take_back_withdrawal(eligible, by=investigator, reason="r")
    eligible.refresh_from_db()
    assert eligible.status == "eligible"
    leave(eligible, investigator)
    with audit_context(investigator, reason="r"):
        eligible.facts.filter(name="age").update(value=90)
    services.take_back_withdrawal(eligible, by=investigator, reason="r")
    eligible.refresh_from_db()
    assert eligible.status == "screening"


def test_whose_last_visit_was_recorded_meanwhile_has_completed(
    randomised: Participant, investigator: User, today: date
) -> None:
    """Taking the withdrawal back says so at once."""
    dose(randomised, 1, today - days(60), investigator)
    leave(randomised, investigator, on=today - days(1))
    finish(randomised, investigator, today)
    assert randomised.status == "withdrawn"
    services.take_back_withdrawal(randomised, by=investigator, reason="r")
    randomised.refresh_from_db()
    assert randomised.status == "completed"


@pytest.mark.requirement("SCH-04")
@pytest.mark.parametrize("back", [11, 10])
def test_an_infusion_before_the_withdrawal_is_recorded(
    back: int, left: Participant, coordinator: User, today: date
) -> None:
    """It happened; also on the day itself. Nothing is planned any more, and nothing is due."""
    with pytest.raises(ValidationError, match="no longer in follow-up"):
        plan(left, 2, today, coordinator)
    dose(left, 2, today - days(back), coordinator, reason="entered late")
    assert (period(left, 2).dosed_on, period(left, 2).given_despite) == (today - days(back), "")
    left.refresh_from_db()
    assert left.status == "withdrawn"


@pytest.mark.requirement("SCH-04")
def test_an_infusion_after_the_withdrawal_needs_a_reason_and_is_a_deviation(
    left: Participant, coordinator: User, as_user: AsUser, today: date
) -> None:
    """Nothing that happened is refused."""
    with pytest.raises(ValidationError) as caught:
        dose(left, 2, today - days(9), coordinator)
    assert f"withdrew on {day_text(today - days(10))}" in str(caught.value.message_dict["reason"])
    dose(left, 2, today - days(9), coordinator, reason="had come for it all the same")
    assert period(left, 2).given_despite == "had come for it all the same"
    page = as_user(coordinator).get(f"/studies/KETNAL/participants/{left.code}/").content.decode()
    assert "Deviation: given after the withdrawal." in page
    assert "Schedule" not in page
    dose(left, 2, today - days(10), coordinator, reason="misread")
    assert period(left, 2).given_despite == ""


def test_the_database_refuses_one_without_a_reason(left: Participant, coordinator: User, today: date) -> None:
    """Whoever writes."""
    with (
        pytest.raises(DatabaseError, match="after the withdrawal"),
        transaction.atomic(),
        audit_context(coordinator, reason="r"),
    ):
        Period.objects.filter(participant=left, number=2).update(dosed_on=today)


@pytest.mark.parametrize("values", [{"left_on": None}, {"status": "randomised"}])
def test_the_database_keeps_state_and_day_together(
    values: dict[str, str | None], left: Participant, coordinator: User
) -> None:
    """Withdrawn with a day, and nobody else has one."""
    with (
        pytest.raises(DatabaseError, match="participant_withdrawn_on_a_day"),
        transaction.atomic(),
        audit_context(coordinator, reason="r"),
    ):
        Participant.objects.filter(pk=left.pk).update(**values)


def test_a_rating_after_the_withdrawal_is_asked_about_and_kept(
    left: Participant, coordinator: User, as_user: AsUser, today: date
) -> None:
    """In the browser first; saved without an answer it is a query."""
    visit = left.visits.get(period__number=1, code="DAY14")
    page = as_user(coordinator).post(
        f"/visits/{visit.pk}/ratings/HAMD17/",
        {"performed_on": day_text(today), "rater": "R", "form_token": "6f1c1c3e-9d2b-4b8a-8b57-1f6f0a9f3a11"},
    )
    assert "The participant withdrew on" in page.content.decode()
    rate(visit, 12, coordinator, on=today - days(9))
    open_checks = Query.objects.open().filter(participant=left).values_list("check_id", flat=True)
    assert "RATING-AFTER-WITHDRAWAL" in open_checks
    other = left.visits.get(period__number=1, code="DAY7")
    rate(other, 12, coordinator, on=today - days(33))
    assert not Query.objects.open().filter(visit=other).exists()


def test_the_page_says_when_and_leads_back(
    left: Participant, investigator: User, coordinator: User, as_user: AsUser, today: date
) -> None:
    """Day, reason and the way back, for whom may take it."""
    url = f"/studies/KETNAL/participants/{left.code}/"
    page = as_user(investigator).get(url).content.decode()
    assert f"Withdrew on {day_text(today - days(10))}:" in page
    assert "withdraw/take-back/" in page
    assert "withdraw/take-back/" not in as_user(coordinator).get(url).content.decode()
    client = as_user(investigator)
    assert client.post(url + "withdraw/take-back/", {"reason": "an error"}).status_code == 302
    question = client.post(
        url + "withdraw/", {"left_on": day_text(today - days(41)), "reason": "r"}
    ).content.decode()
    assert "after" in question
    assert 'name="kept_because"' in question
    assert client.post(url + "withdraw/", {"left_on": day_text(today), "reason": "r"}).status_code == 302
    assert Participant.objects.get(pk=left.pk).left_on == today
