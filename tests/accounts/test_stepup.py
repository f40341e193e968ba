"""The password again: at a signature, an unblinding, a decision."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from enrollment.models import Participant
from tests.accounts.conftest import Telephone
from tests.accounts.test_access import kinds
from tests.conftest import PASSWORD
from trialsite.accounts.context import audit_context
from trialsite.accounts.http import Request
from trialsite.accounts.models import User
from trialsite.accounts.stepup import confirm
from trialsite.audit.models import Event

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def request_of(rf: RequestFactory) -> Callable[[User], Request]:
    def make(user: User) -> Request:
        request = rf.post("/")
        request.user = user
        return cast(Request, request)

    return make


def test_ones_own_password_confirms_and_is_audited(
    request_of: Callable[[User], Request], investigator: User
) -> None:
    assert confirm(request_of(investigator), PASSWORD) is None
    assert kinds(investigator) == ["confirmed"]


def test_a_wrong_password_is_refused_by_its_field(
    request_of: Callable[[User], Request], investigator: User
) -> None:
    refused = confirm(request_of(investigator), "wrong")
    assert refused is not None
    assert (refused.field, "password is incorrect" in refused) == ("password", True)
    assert kinds(investigator) == ["not confirmed"]


def test_somebody_elses_password_does_not_confirm(
    request_of: Callable[[User], Request], investigator: User, make_user: Callable[..., User]
) -> None:
    other = make_user("safety")
    other.set_password("another long password")
    assert confirm(request_of(investigator), "another long password")


def test_a_deactivated_person_confirms_nothing(
    request_of: Callable[[User], Request], investigator: User
) -> None:
    """Also in a request that began before."""
    with audit_context(User.objects.system(), reason="left"):
        User.objects.filter(pk=investigator.pk).update(is_active=False)
    assert confirm(request_of(investigator), PASSWORD)


def unblind(client: Client, participant: Participant, password: str, **more: Any) -> int:
    answer = client.post(
        reverse("unblind", args=["KETNAL", participant.code]),
        {"reason": "r", "password": password},
        **more,
    )
    return answer.status_code


@pytest.mark.requirement("SIG-02")
def test_guessing_at_the_unblinding_closes_the_door(
    randomised: Participant, investigator: User, as_user: SignIn
) -> None:
    """As at the sign-in, whatever address a header claims; the right password then unblinds nobody."""
    client = as_user(investigator)
    answers = [unblind(client, randomised, "wrong", HTTP_X_FORWARDED_FOR=f"10.9.8.{n}") for n in range(6)]
    assert answers == [200] * 5 + [429]
    assert unblind(client, randomised, PASSWORD) == 429
    randomised.refresh_from_db()
    assert randomised.unblinded_at is None
    # Before: eligibility was decided.
    assert kinds(investigator) == ["confirmed"] + ["not confirmed"] * 5 + ["locked out"] * 2


def test_the_trail_says_what_was_confirmed(
    randomised: Participant, investigator: User, as_user: SignIn
) -> None:
    unblind(as_user(investigator), randomised, PASSWORD)
    event = Event.objects.filter(table_name="accounts_access").latest("n")
    assert event.new is not None
    assert (event.new["kind"], event.new["about"]) == ("confirmed", "unblind")


def test_a_right_password_forgets_the_slips_before_it(
    randomised: Participant, investigator: User, as_user: SignIn
) -> None:
    """Five slips, a success, five slips: nobody is locked out."""
    client = as_user(investigator)
    for _ in range(2):
        assert [unblind(client, randomised, "wrong") for _ in range(5)] == [200] * 5
        assert unblind(client, randomised, PASSWORD) == 200


def test_unblinding_asks_for_the_code_of_whoever_has_one(
    randomised: Participant, telephone: Telephone, as_user: SignIn
) -> None:
    """The password alone unblinds nobody then."""
    client, address = as_user(telephone.user), reverse("unblind", args=["KETNAL", randomised.code])
    assert b'name="code"' in client.get(address).content
    for code in ("", "000000"):
        client.post(address, {"reason": "r", "password": PASSWORD, "code": code})
    randomised.refresh_from_db()
    assert randomised.unblinded_at is None
    telephone.wait()
    answer = client.post(address, {"reason": "r", "password": PASSWORD, "code": telephone.shows()})
    assert b"Ketamine" in answer.content
    randomised.refresh_from_db()
    assert randomised.unblinded_at


def test_a_wrong_code_is_refused_by_its_field(
    request_of: Callable[[User], Request], telephone: Telephone
) -> None:
    """And signing, which asks for no code, asks a person with an app for none."""
    refused = confirm(request_of(telephone.user), PASSWORD, "000000")
    assert refused is not None
    assert refused.field == "code"
    assert confirm(request_of(telephone.user), PASSWORD) is None
