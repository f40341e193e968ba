"""Another SECRET_KEY: what was sealed under the earlier one, with it and without it among the fallbacks."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.accounts.conftest import SignInByForm, Telephone
from tests.accounts.test_second_factor import SET_UP, inside, set_up
from trialsite.accounts.models import Authenticator, User
from trialsite.audit.models import Event

pytestmark = pytest.mark.django_db
NEW_KEY = "quite-another-key-" + "y" * 50


@pytest.fixture
def earlier_key(settings: Any) -> str:
    """SECRET_KEY is another one from now on; the earlier one is known to nobody but the test."""
    earlier: str = settings.SECRET_KEY
    settings.SECRET_KEY = NEW_KEY
    return earlier


def test_after_a_change_of_the_key_a_code_is_refused_in_words(
    telephone: Telephone, earlier_key: str, by_form: SignInByForm
) -> None:
    """Never an error of ours; it says what still works."""
    answer = by_form(telephone.user).post("/login/code/", {"code": telephone.shows()})
    assert answer.status_code == 200
    assert "recovery codes" in answer.content.decode()


@pytest.mark.requirement("ACC-06")
def test_a_recovery_code_depends_on_no_key(
    telephone: Telephone, earlier_key: str, by_form: SignInByForm
) -> None:
    """And whoever came in by one can set up another app."""
    client = by_form(telephone.user, telephone.codes[0])
    assert inside(client)
    telephone.wait()
    _secret, codes = set_up(client, code=telephone.codes[1])
    assert len(codes) == 10


def test_with_the_earlier_key_among_the_fallbacks_codes_still_count(
    telephone: Telephone, earlier_key: str, settings: Any, by_form: SignInByForm
) -> None:
    settings.SECRET_KEY_FALLBACKS = [earlier_key]
    assert inside(by_form(telephone.user, telephone.shows()))


@pytest.mark.requirement("ACC-06")
def test_resealed_under_the_new_key_the_earlier_one_can_be_forgotten(
    telephone: Telephone, earlier_key: str, settings: Any, by_form: SignInByForm
) -> None:
    """Audited, without a secret in the trail."""
    settings.SECRET_KEY_FALLBACKS = [earlier_key]
    call_command("reseal_second_factors")
    settings.SECRET_KEY_FALLBACKS = []
    assert inside(by_form(telephone.user, telephone.shows()))
    event = Event.objects.filter(table_name="accounts_authenticator", new__has_key="sealed").latest("n")
    assert event.actor == User.objects.system().pk
    assert event.new
    assert set(event.new) == {"sealed"}
    assert event.new["sealed"].startswith("not shown, digest ")


def test_the_command_names_whose_secret_no_key_opens(telephone: Telephone, earlier_key: str) -> None:
    """And leaves it as it is, for the day the key is found."""
    sealed = Authenticator.objects.get().sealed
    with pytest.raises(CommandError, match=telephone.user.username):
        call_command("reseal_second_factors")
    assert Authenticator.objects.get().sealed == sealed


def test_a_key_that_was_half_set_up_is_made_anew(
    required: None, investigator: User, by_form: SignInByForm, settings: Any
) -> None:
    """The session may outlive the key under which its waiting secret was sealed."""
    client = by_form(investigator)
    client.get(SET_UP)
    session = client.session
    session["setting_up"] = "AAAA" + session["setting_up"][4:]
    session.save()
    assert client.get(SET_UP).status_code == 200
    assert set_up(client)[1]
