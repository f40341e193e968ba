"""The draft of a screening form: for its writer alone, no data, gone with the save."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from enrollment import services
from enrollment.models import Participant, ScreeningDraft
from tests.conftest import MakeUser
from trialsite.accounts.models import Site, User

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]


def page_of(participant: Participant) -> str:
    return f"/studies/KETNAL/participants/{participant.code}/screening/"


def typed(participant: Participant, **more: str) -> dict[str, str]:
    assert participant.consented_on
    participant.refresh_from_db()
    return {
        "consented_on": participant.consented_on.isoformat(),
        "age": str(participant.age),
        "sex": participant.sex,
        "version": str(participant.version),
        "reason": "typing error",
        **{f"check_{fact.name}": "yes" if fact.value else "no" for fact in participant.facts.all()},
        **more,
    }


@pytest.mark.requirement("ENT-05")
def test_what_was_typed_comes_back_to_its_writer_alone(
    screened: Participant, coordinator: User, make_user: MakeUser, site: Site, as_user: AsUser
) -> None:
    """Also what can't be read yet, and nothing but the form's own fields."""
    client = as_user(coordinator)
    answer = client.post(page_of(screened) + "draft/", typed(screened, age="forty", other="x"))
    assert answer.json()["saved"]
    assert "other" not in ScreeningDraft.objects.get().fields
    assert 'value="forty"' in client.get(page_of(screened)).content.decode()
    colleague = as_user(make_user("investigator", site))
    assert 'value="forty"' not in colleague.get(page_of(screened)).content.decode()
    screened.refresh_from_db()
    assert screened.age == 40


def test_it_goes_with_the_save(screened: Participant, coordinator: User, as_user: AsUser) -> None:
    client = as_user(coordinator)
    client.post(page_of(screened) + "draft/", typed(screened, age="41"))
    assert client.post(page_of(screened), typed(screened, age="41")).status_code == 302
    assert not ScreeningDraft.objects.exists()


def test_a_refused_form_keeps_it(screened: Participant, coordinator: User, as_user: AsUser) -> None:
    client = as_user(coordinator)
    client.post(page_of(screened) + "draft/", typed(screened, age="41"))
    assert client.post(page_of(screened), typed(screened, age="")).status_code == 422
    assert ScreeningDraft.objects.get().fields["age"] == "41"


def test_it_is_thrown_away_on_request(screened: Participant, coordinator: User, as_user: AsUser) -> None:
    client = as_user(coordinator)
    client.post(page_of(screened) + "draft/", typed(screened, age="41"))
    answer = client.post(page_of(screened) + "draft/discard/", follow=True)
    assert "draft was discarded" in answer.content.decode()
    assert not ScreeningDraft.objects.exists()


def test_a_draft_of_an_older_form_does_not_overwrite_what_was_saved_since(
    screened: Participant, coordinator: User, investigator: User, as_user: AsUser
) -> None:
    """It sends the version it began with: both values are shown."""
    client = as_user(coordinator)
    client.post(page_of(screened) + "draft/", typed(screened, age="41"))
    assert screened.consented_on
    services.record_screening(
        screened,
        by=investigator,
        version=screened.version,
        consented_on=screened.consented_on - timedelta(1),
        age=39,
        sex="F",
        checklist={},
        reason="read again",
    )
    fields = ScreeningDraft.objects.get().fields
    assert client.post(page_of(screened), fields).status_code == 409


def test_who_may_not_screen_keeps_none(screened: Participant, make_user: MakeUser) -> None:
    with pytest.raises(PermissionDenied):
        services.keep_screening_draft(screened, {"age": "41"}, by=make_user("monitor"))
    assert not ScreeningDraft.objects.exists()
