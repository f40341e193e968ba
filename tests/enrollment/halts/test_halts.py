"""A stop halts what the protocol says, in services, database and tasks; who was treated is followed to the end."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from enrollment import services
from enrollment.models import EnrollmentPause, Participant, Period
from enrollment.today.worklist import worklist
from tests.conftest import MakeUser, decide, make_screened, randomised_earlier, rate
from tests.domain.enrollment.protocol.documents import ketnal, problems_of
from tests.enrollment.steps import days, dose, period, plan
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, User

database = pytest.mark.django_db
AsUser = Callable[[User], Client]


@pytest.fixture
def board(make_user: MakeUser) -> User:
    return make_user("statistician")


@pytest.fixture
def stopped(first_given: Participant, board: User) -> EnrollmentPause:
    """KETNAL halts all three: who has had infusion 1 waits for infusion 2."""
    return services.pause_enrollment(first_given.study, by=board, reason="The board decided to stop.")


def tasks(user: User, participant: Participant) -> set[str]:
    return {
        action.what
        for column in worklist(user, participant.study)
        for action in column.actions
        if action.participant == participant.code
    }


@database
@pytest.mark.requirement("SCH-05")
def test_a_stop_halts_what_the_protocol_says(
    stopped: EnrollmentPause, site: Site, coordinator: User, first_given: Participant, today: date
) -> None:
    """Screening, randomisation and the plan of a dosing are refused in words."""
    assert stopped.halts == ["screening", "randomisation", "dosing"]
    with pytest.raises(ValidationError, match="paused"):
        services.screen(site, by=coordinator, consented_on=today, age=40, sex="F")
    with pytest.raises(ValidationError, match="Dosing is halted"):
        plan(first_given, 2, today + days(3), coordinator)


@database
@pytest.mark.requirement("SCH-05")
def test_today_and_the_page_follow(
    first_given: Participant, board: User, coordinator: User, as_user: AsUser
) -> None:
    """No infusion to plan or to record, and why; the visits of the period that was begun are still due."""
    before = tasks(coordinator, first_given)
    assert "Plan: Infusion 2" in before
    pause = services.pause_enrollment(first_given.study, by=board, reason="The board decided to stop.")
    assert tasks(coordinator, first_given) == before - {"Plan: Infusion 2"}
    assert any(task.startswith("Period 1") for task in tasks(coordinator, first_given))
    client = as_user(coordinator)
    for page in ("/studies/KETNAL/", f"/studies/KETNAL/participants/{first_given.code}/"):
        content = client.get(page).content.decode()
        assert (
            "screening, randomisation, dosing. The board decided to stop. Visits after dosing continue."
            in content
        )
    assert "Schedule" not in content
    services.resume_enrollment(pause, by=board, reason="the board agreed")
    assert tasks(coordinator, first_given) == before


@database
def test_a_planned_infusion_is_no_task_while_dosing_is_halted(
    first_given: Participant, board: User, coordinator: User, today: date
) -> None:
    """Planned before the decision: not to be given."""
    plan(first_given, 2, today, coordinator)
    assert "Record: Infusion 2" in tasks(coordinator, first_given)
    services.pause_enrollment(first_given.study, by=board, reason="r")
    assert "Record: Infusion 2" not in tasks(coordinator, first_given)
    rate(first_given.visits.get(period__number=1, code="DAY14"), 20, coordinator)


@database
@pytest.mark.requirement("SCH-05")
def test_what_was_given_all_the_same_is_recorded_with_a_reason(
    stopped: EnrollmentPause, first_given: Participant, coordinator: User, today: date
) -> None:
    """From the day of the decision on; what was given before it needs none."""
    with pytest.raises(ValidationError) as caught:
        dose(first_given, 2, today, coordinator)
    assert "Dosing has been halted since" in caught.value.message_dict["reason"][0]
    dose(first_given, 2, today - days(1), coordinator)
    assert period(first_given, 2).given_despite == ""
    dose(first_given, 2, today, coordinator, reason="given before the call came")
    assert period(first_given, 2).given_despite == "given before the call came"


@database
@pytest.mark.parametrize("column", ["planned_on", "dosed_on"])
def test_the_database_halts_dosing_too(
    column: str, stopped: EnrollmentPause, first_given: Participant, coordinator: User, today: date
) -> None:
    """Whoever writes."""
    with (
        pytest.raises(DatabaseError, match="dosing is halted"),
        transaction.atomic(),
        audit_context(coordinator, reason="r"),
    ):
        Period.objects.filter(participant=first_given, number=2).update(**{column: today})


@database
def test_the_database_gives_no_place_while_randomisation_is_halted(
    eligible: Participant, board: User, coordinator: User
) -> None:
    """The service asks first; whatever code calls the function, it asks too."""
    services.pause_enrollment(eligible.study, by=board, reason="r")
    with (
        audit_context(coordinator, reason="r"),
        connection.cursor() as cursor,
        pytest.raises(DatabaseError, match="randomisation is halted"),
        transaction.atomic(),
    ):
        cursor.execute("select * from closed.assign(%s)", [eligible.pk])


@database
def test_a_pause_that_was_lifted_still_counts_for_its_days(
    randomised: Participant, board: User, coordinator: User, today: date
) -> None:
    """A dosing within it is entered later."""
    pause = services.pause_enrollment(randomised.study, by=board, reason="r")
    with audit_context(User.objects.system(), reason="a test's past"):
        EnrollmentPause.objects.filter(pk=pause.pk).update(
            paused_at=timezone.now() - timedelta(days=20),
            lifted_at=timezone.now() - timedelta(days=10),
            lifted_by=board,
        )
    with pytest.raises(ValidationError):
        dose(randomised, 1, today - days(15), coordinator)
    dose(randomised, 1, today - days(5), coordinator)


@database
def test_a_stop_of_an_earlier_version_halts_no_dosing(
    site: Site, board: User, coordinator: User, investigator: User, today: date
) -> None:
    """It halted screening and randomisation, and goes on to."""
    participant = make_screened(site, coordinator)
    decide(participant, by=investigator)
    randomised_earlier(participant, by=coordinator)
    with audit_context(board, reason="r"):
        pause = EnrollmentPause.objects.create(study=site.study, reason="r", paused_by=board)
    assert pause.halts == ["screening", "randomisation"]
    plan(participant, 1, today, coordinator)
    dose(participant, 1, today, coordinator)


@pytest.mark.parametrize("halts", [[], ["dosing", "dosing"], ["infusions"], "dosing"])
def test_what_is_halted_is_checked_at_load(halts: object) -> None:
    """By its key."""
    document = ketnal()
    document["stopping"]["halts"] = halts
    assert [key for key in problems_of(document) if key.startswith("stopping.halts")]
