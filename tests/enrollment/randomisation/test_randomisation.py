"""Randomisation: kit numbers, never an arm."""

import json
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client

from enrollment import services
from enrollment.models import Participant
from enrollment.today.worklist import worklist
from tests.conftest import MakeUser
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, User

pytestmark = pytest.mark.django_db


def test_an_eligible_participant_gets_a_kit_and_visits_for_each_period(
    eligible: Participant, coordinator: User
) -> None:
    """Randomising makes both periods with different kits, and every visit of the protocol in each."""
    services.randomise(eligible, by=coordinator)
    periods = list(eligible.periods.all())
    assert [period.number for period in periods] == [1, 2]
    assert len({period.kit_number for period in periods}) == 2
    assert [period.visits.count() for period in periods] == [6, 6]


@pytest.mark.requirement("RND-02")
def test_randomising_twice_changes_nothing(randomised: Participant, coordinator: User) -> None:
    """A double click gives the same kits."""
    kits = set(randomised.periods.values_list("kit_number", flat=True))
    services.randomise(randomised, by=coordinator)
    assert set(randomised.periods.values_list("kit_number", flat=True)) == kits


@pytest.mark.requirement("RND-02")
def test_only_a_confirmed_participant_is_randomised(screened: Participant, coordinator: User) -> None:
    """Eligibility must have been confirmed by an investigator."""
    with pytest.raises(ValidationError, match="with confirmed eligibility"):
        services.randomise(screened, by=coordinator)


def test_a_monitor_cannot_randomise(eligible: Participant, make_user: MakeUser) -> None:
    """The policy table refuses."""
    with pytest.raises(PermissionDenied):
        services.randomise(eligible, by=make_user("monitor"))


@pytest.mark.requirement("BLD-01")
@pytest.mark.parametrize("table", ["slot", "kit", "report", "log"])
def test_the_web_role_cannot_read_the_allocation(table: str, randomised: Participant) -> None:
    """`permission denied` from the database itself."""
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"select * from closed.{table}")


def test_a_paused_study_randomises_nobody(
    eligible: Participant, coordinator: User, make_user: MakeUser
) -> None:
    """A decision to stop holds in randomisation too."""
    services.pause_enrollment(eligible.study, by=make_user("statistician"), reason="board decision")
    with pytest.raises(ValidationError, match="paused"):
        services.randomise(eligible, by=coordinator)


@pytest.mark.requirement("RND-02")
@pytest.mark.parametrize("who", ["nobody", "a number", "a monitor", "another site's", "somebody deactivated"])
def test_the_database_gives_a_place_to_nobody_who_may_not_randomise(
    who: str, eligible: Participant, coordinator: User, make_user: MakeUser, other_site: Site
) -> None:
    """Whatever code of the web asks: an actor who exists, is active, and may randomise at that site."""
    actors = {
        "a number": 99999,
        "a monitor": make_user("monitor").pk,
        "another site's": make_user("coordinator", other_site).pk,
        "somebody deactivated": coordinator.pk,
    }
    with audit_context(User.objects.system(), reason="test"):
        User.objects.filter(pk=coordinator.pk).update(is_active=False)
    context = json.dumps({"actor": actors[who]}) if who in actors else ""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('trialsite.context', %s, true)", [context])
        with pytest.raises(DatabaseError, match="nobody acts who may randomise"), transaction.atomic():
            cursor.execute("select * from closed.assign(%s)", [eligible.pk])


@pytest.mark.requirement("RND-02")
def test_the_database_gives_no_place_to_somebody_who_was_not_confirmed(
    screened: Participant, coordinator: User
) -> None:
    """The service asks first; whatever code calls the function, it asks too."""
    with (
        audit_context(coordinator, reason="r"),
        connection.cursor() as cursor,
        pytest.raises(DatabaseError, match="not eligible"),
        transaction.atomic(),
    ):
        cursor.execute("select * from closed.assign(%s)", [screened.pk])


def test_randomising_is_asked_before_it_is_done(
    eligible: Participant, coordinator: User, as_user: Callable[[User], Client]
) -> None:
    """The page that asks changes nothing; the answer does."""
    client, address = as_user(coordinator), f"/studies/KETNAL/participants/{eligible.code}/randomise/"
    assert f"Randomise {eligible.code}? This cannot be undone." in client.get(address).content.decode()
    eligible.refresh_from_db()
    assert eligible.randomised_at is None
    client.post(address)
    eligible.refresh_from_db()
    assert eligible.randomised_at is not None


def test_a_paused_study_gives_nobody_the_task_to_randomise(
    eligible: Participant, coordinator: User, make_user: MakeUser
) -> None:
    """Today follows what the service would refuse, and comes back to it."""

    def waits() -> bool:
        actions = worklist(coordinator, eligible.study)[0].actions
        return "Randomise" in {action.what for action in actions if action.participant == eligible.code}

    board = make_user("statistician")
    assert waits()
    pause = services.pause_enrollment(eligible.study, by=board, reason="board decision")
    assert not waits()
    services.resume_enrollment(pause, by=board, reason="board agreed")
    assert waits()
