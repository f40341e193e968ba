"""Emergency unblinding: one participant, for a physician, with password and reason."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from enrollment import services
from enrollment.models import Participant
from tests.conftest import PASSWORD, MakeUser, confirmed_session
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import AccessReset, Site, User
from trialsite.audit.models import Event

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def address(participant: Participant) -> str:
    return reverse("unblind", args=["KETNAL", participant.code])


@pytest.mark.requirement("BLD-03")
def test_the_investigator_learns_what_was_given(
    randomised: Participant, investigator: User, as_user: SignIn
) -> None:
    """Both periods' treatments are shown once; the record is marked and the reason audited, without an arm."""
    page = as_user(investigator).post(
        address(randomised), {"reason": "opioid needed in an accident", "password": PASSWORD}
    )
    content = page.content.decode()
    assert "Ketamine + naltrexone" in content
    assert "Ketamine + placebo" in content
    randomised.refresh_from_db()
    assert randomised.unblinded_at
    event = Event.objects.filter(chain=f"participant:{randomised.pk}").latest("n")
    assert event.reason == "opioid needed in an accident"
    assert "NAL" not in str(event.new)


@pytest.mark.requirement("BLD-03")
def test_without_the_right_password_nothing_is_told(
    randomised: Participant, investigator: User, as_user: SignIn
) -> None:
    page = as_user(investigator).post(address(randomised), {"reason": "r", "password": "wrong"})
    assert "password is incorrect" in page.content.decode()
    randomised.refresh_from_db()
    assert randomised.unblinded_at is None


@pytest.mark.parametrize(("role", "answer"), [("coordinator", 403), ("monitor", 403), ("safety", 200)])
def test_only_physicians_get_to_the_form(
    role: str, answer: int, randomised: Participant, make_user: MakeUser, as_user: SignIn
) -> None:
    assert as_user(make_user(role)).get(address(randomised)).status_code == answer


def test_the_other_sites_investigator_does_not_find_the_participant(
    randomised: Participant, make_user: MakeUser, other_site: Site, as_user: SignIn
) -> None:
    person = make_user("investigator", other_site)
    assert as_user(person).get(address(randomised)).status_code == 404


@pytest.mark.requirement("BLD-03")
def test_the_database_asks_for_a_live_session_itself(randomised: Participant) -> None:
    """Code of the web that calls the function without a physician's session is refused."""
    with (
        pytest.raises(DatabaseError, match="no live session"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("select * from closed.unblind('none', %s, 'why')", [randomised.pk])


@pytest.mark.requirement("BLD-03", "SIG-02")
def test_the_database_asks_for_the_password_itself(
    randomised: Participant, investigator: User, as_user: SignIn
) -> None:
    """A live session alone is not enough: it may lie open on somebody's desk."""
    key = as_user(investigator).session.session_key or ""
    with pytest.raises(ValidationError, match="Enter it again"):
        services.unblind(randomised, by=investigator, reason="an accident", session_key=key)
    randomised.refresh_from_db()
    assert randomised.unblinded_at is None
    key = confirmed_session(investigator)
    assert services.unblind(randomised, by=investigator, reason="an accident", session_key=key)


@pytest.mark.requirement("BLD-03", "ACC-09")
def test_nobody_unblinds_in_the_name_of_somebody_who_was_just_reset(
    randomised: Participant, investigator: User, as_user: SignIn
) -> None:
    """The page says until when, and who else can; nothing is marked."""
    with audit_context(User.objects.system(), reason="lost"):
        AccessReset.objects.create(
            user=investigator,
            kind="password",
            reason="lost",
            granted=True,
            decision_reason="called back",
            requested_by=investigator,
        )
    page = as_user(investigator).post(address(randomised), {"reason": "an accident", "password": PASSWORD})
    content = page.content.decode()
    assert "unblind until" in content
    assert "ask another user with your role" in content
    assert "naltrexone" not in content.partition("<main")[2].lower()
    randomised.refresh_from_db()
    assert randomised.unblinded_at is None


@pytest.mark.requirement("BLD-03")
def test_the_others_of_the_site_are_told_that_and_never_what(
    randomised: Participant,
    investigator: User,
    coordinator: User,
    make_user: MakeUser,
    other_site: Site,
    as_user: SignIn,
) -> None:
    """On the first page they open, without a message that could be lost; another site is told nothing."""
    today = reverse("today", args=["KETNAL"])
    stranger = make_user("coordinator", other_site)
    assert "unblinded" not in as_user(coordinator).get(today).content.decode()
    as_user(investigator).post(address(randomised), {"reason": "an accident", "password": PASSWORD})
    page = as_user(coordinator).get(today).content.decode()
    assert f"{randomised.code}</a> was unblinded in an emergency" in page
    assert "naltrexone" not in page.partition("<main")[2].lower()
    assert "accident" not in page
    assert "was unblinded" not in as_user(stranger).get(today).content.decode()
