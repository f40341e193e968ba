"""A decision on eligibility is a signature: the database lets nobody decide who may not, or who did not confirm."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from enrollment import services
from enrollment.models import EligibilityDecision, Participant
from enrollment.selectors import broken_decisions
from tests.conftest import MakeUser, decide
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Membership, Site, Study, User
from trialsite.accounts.rehearsal import confirmed

pytestmark = pytest.mark.django_db


def insert(participant: Participant, by: User, **values: Any) -> EligibilityDecision:
    """Past the service, as the caller says."""
    with audit_context(by, reason="past the service"), transaction.atomic():
        decision = EligibilityDecision.objects.create(
            participant=participant,
            eligible=True,
            criteria=[],
            facts={},
            decided_by=by,
            meaning="m",
            **values,
        )
    decision.refresh_from_db()
    return decision


@pytest.mark.requirement("SIG-02")
def test_nobody_decides_without_the_password_just_before(screened: Participant, investigator: User) -> None:
    with pytest.raises(ValidationError, match="password has not been confirmed"):
        services.confirm_eligibility(screened, by=investigator)
    assert not screened.decisions.exists()
    screened.refresh_from_db()
    assert screened.status == Participant.Status.SCREENING


@pytest.mark.parametrize("role", ["coordinator", "monitor", "admin"])
def test_nobody_decides_without_a_role_that_may(
    screened: Participant, make_user: MakeUser, role: str
) -> None:
    user = make_user(role)
    with confirmed(user), pytest.raises(DatabaseError, match="holds no role that may"):
        insert(screened, user)


def test_nobody_decides_at_another_site(screened: Participant, make_user: MakeUser, other_site: Site) -> None:
    user = make_user("investigator", other_site)
    with confirmed(user), pytest.raises(DatabaseError, match="holds no role that may"):
        insert(screened, user)


def test_nobody_decides_in_the_name_of_another(
    screened: Participant, investigator: User, coordinator: User
) -> None:
    with confirmed(investigator), audit_context(investigator, reason="r"):
        decision = EligibilityDecision.objects.create(
            participant=screened,
            eligible=True,
            criteria=[],
            facts={},
            decided_by=coordinator,
            printed_name="Dr Somebody Else",
            decided_at=timezone.now() - timedelta(days=30),
        )
    decision.refresh_from_db()
    assert (decision.decided_by, decision.printed_name) == (investigator, investigator.printed_name)
    assert timezone.now() - decision.decided_at < timedelta(minutes=1)


@pytest.fixture
def real_study(study: Study) -> Study:
    with audit_context(User.objects.system(), reason="r"):
        study.synthetic = False
        study.save()
    return study


def test_the_system_decides_on_invented_participants(screened: Participant) -> None:
    assert insert(screened, User.objects.system(), printed_name="Dr Nobody").printed_name == ""


def test_the_system_decides_on_no_real_participant(real_study: Study, screened: Participant) -> None:
    with pytest.raises(DatabaseError, match="holds no role that may"):
        insert(screened, User.objects.system())


@pytest.mark.requirement("SIG-05")
def test_verification_asks_again(screened: Participant, investigator: User) -> None:
    """What the trigger asked, of a row that got past it."""
    decision = decide(screened, by=investigator)
    assert decision.confirmation is not None
    call_command("verify_signatures")
    with connection.cursor() as cursor:
        cursor.execute("select enrollment_decision_faults(d) from enrollment_eligibilitydecision d")
        assert cursor.fetchall() == [([],)]
        cursor.execute(
            "select enrollment_decision_faults(jsonb_populate_record(d, %s)) from enrollment_eligibilitydecision d",
            ['{"confirmation_id": null, "printed_name": ""}'],
        )
        (faults,) = cursor.fetchone()
    assert faults == [
        "the decider did not confirm the password moments before",
        "the name is missing that it was signed with",
    ]


def test_a_role_that_began_later_is_found(screened: Participant, investigator: User) -> None:
    decide(screened, by=investigator)
    with audit_context(User.objects.system(), reason="r"):
        Membership.objects.filter(user=investigator).update(starts_at=timezone.now() + timedelta(minutes=1))
    ((_, faults),) = broken_decisions()
    assert faults == ["the decider held no role that may decide there then"]
    with pytest.raises(CommandError, match="do not hold: 1"):
        call_command("verify_signatures")
