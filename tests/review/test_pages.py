"""The pages of review: a query's way through two people, signing with the password, locking and unlocking."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from enrollment.models import Visit
from tests.conftest import PASSWORD, MakeUser, sign
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Membership, Study, User
from trialsite.review.models import Query, Signature
from trialsite.review.selectors import content_sha256

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def page(client: Client, name: str, *args: object) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def raise_one(client: Client, visit: Visit, field: str = "HAMD101") -> Query:
    client.post(
        reverse("query_raise", args=[visit.pk]),
        {"form": "HAMD17", "field": field, "text": "Source says 2?", "blocks_signature": "on"},
    )
    return Query.objects.get(check_id="")


def test_a_query_goes_to_the_site_and_back(
    visit: Visit, monitor: User, coordinator: User, as_user: SignIn
) -> None:
    """Raised on the visit's page, seen on the coordinator's work list, answered, and back to the monitor's."""
    query = raise_one(as_user(monitor), visit)
    client = as_user(coordinator)
    assert "Answer a query" in page(client, "today", "KETNAL")
    assert "Source says 2?" in page(client, "visit", visit.pk)
    client.post(reverse("query_turn", args=[query.pk, "answer"]), {"text": "It is 2."})
    client = as_user(monitor)
    assert "Review an answer" in page(client, "today", "KETNAL")
    client.post(reverse("query_turn", args=[query.pk, "close"]), {"text": "Thank you."})
    query.refresh_from_db()
    assert query.status == "closed"
    assert "Thank you." in page(client, "visit", visit.pk)


def test_an_empty_answer_keeps_the_query_and_says_so(
    visit: Visit, monitor: User, coordinator: User, as_user: SignIn
) -> None:
    query = raise_one(as_user(monitor), visit)
    answer = as_user(coordinator).post(reverse("query_turn", args=[query.pk, "answer"]), {"text": " "})
    assert answer.status_code == 422
    assert "Enter your message" in answer.content.decode()


def test_a_query_about_a_field_that_is_not_there(visit: Visit, monitor: User, as_user: SignIn) -> None:
    answer = as_user(monitor).post(
        reverse("query_raise", args=[visit.pk]), {"form": "HAMD17", "field": "kit", "text": "x"}
    )
    assert answer.status_code == 404


def test_many_visits_are_asked_from_the_list(visit: Visit, data_manager: User, as_user: SignIn) -> None:
    client = as_user(data_manager)
    everything = client.get(reverse("review", args=["KETNAL"]), {"state": "all"}).content.decode()
    assert visit.participant.code in everything
    client.post(
        reverse("review_ask", args=["KETNAL"]), {"visit": [visit.pk], "text": "Check the rater's name"}
    )
    assert Query.objects.filter(check_id="").count() == 1


def test_the_lists_filter(visit: Visit, monitor: User, as_user: SignIn) -> None:
    client = as_user(monitor)
    raise_one(client, visit)
    address = reverse("queries", args=["KETNAL"])
    assert "Source says 2?" in client.get(address).content.decode()
    assert "Source says 2?" in client.get(address, {"source": "people", "sort": "code"}).content.decode()
    assert "Source says 2?" not in client.get(address, {"state": "closed"}).content.decode()
    review = reverse("review", args=["KETNAL"])
    for state, expected in [("unverified", True), ("queried", True), ("locked", False), ("again", False)]:
        listed = client.get(review, {"state": state, "q": visit.participant.code}).content.decode()
        assert (f"#visit-{visit.pk}" in listed) is expected


def test_a_monitor_verifies_fields_then_the_form(visit: Visit, monitor: User, as_user: SignIn) -> None:
    client = as_user(monitor)
    address = reverse("verify", args=[visit.pk])
    client.post(address, {"form": "HAMD17", "field": ["HAMD101", "HAMD102"]})
    assert visit.verifications.filter(voided_at=None).count() == 2
    client.post(address, {"form": "HAMD17", "whole": "1"})
    assert "form verified" in page(client, "visit", visit.pk)


@pytest.mark.requirement("SIG-02")
def test_signing_asks_for_the_password_each_time(visit: Visit, investigator: User, as_user: SignIn) -> None:
    client = as_user(investigator)
    address = reverse("sign_visit", args=[visit.pk])
    assert "Content to be signed" in page(client, "sign_visit", visit.pk)
    meaning = "I have reviewed these data; they are complete and correct."
    content = content_sha256(visit.participant_id, visit.pk)
    assert content in client.get(address).content.decode()
    refused = client.post(address, {"meaning": meaning, "password": "wrong", "shown": content})
    assert "password is incorrect" in refused.content.decode()
    assert not Signature.objects.exists()
    client.post(address, {"meaning": meaning, "password": PASSWORD, "shown": content})
    assert Signature.objects.get().meaning == meaning
    assert investigator.printed_name in page(client, "visit", visit.pk)


@pytest.mark.requirement("SIG-02")
def test_only_what_was_read_is_signed(
    visit: Visit, investigator: User, coordinator: User, as_user: SignIn
) -> None:
    """Corrected between the reading and the password: nothing is signed, the page shows it anew."""
    client = as_user(investigator)
    address = reverse("sign_visit", args=[visit.pk])
    sent = {"meaning": "I have reviewed these data; they are complete and correct.", "password": PASSWORD}
    sent["shown"] = content_sha256(visit.participant_id, visit.pk)
    with audit_context(coordinator, reason="misread"):
        visit.assessments.update(rater="Somebody else")
    answer = client.post(address, sent)
    assert answer.status_code == 409
    assert "nothing was signed. Review them again." in answer.content.decode()
    assert not Signature.objects.exists()
    now = content_sha256(visit.participant_id, visit.pk)
    assert f'value="{now}"' in answer.content.decode()
    client.post(address, sent | {"shown": now})
    assert Signature.objects.get().content_sha256 == now


def test_locking_and_unlocking_by_two(
    visit: Visit, investigator: User, data_manager: User, coordinator: User, as_user: SignIn
) -> None:
    """A locked form cannot be corrected; the request shows on the decider's work list and opens it."""
    meaning = "I have reviewed these data; they are complete and correct."
    as_user(investigator).post(
        reverse("sign_visit", args=[visit.pk]),
        {"meaning": meaning, "password": PASSWORD, "shown": content_sha256(visit.participant_id, visit.pk)},
    )
    as_user(data_manager).post(reverse("lock_visit", args=[visit.pk]), {"reason": "verified"})
    client = as_user(coordinator)
    assert "Correct the rating" not in page(client, "visit", visit.pk)
    lock = visit.locks.get()
    client.post(reverse("unlock_request", args=[lock.pk]), {"reason": "item 3 misread"})
    unlock = lock.requests.get()
    client = as_user(data_manager)
    assert "Decide on unlock request" in page(client, "today", "KETNAL")
    client.post(reverse("unlock_decide", args=[unlock.pk]), {"reason": "fine", "approve": "1"})
    client = as_user(coordinator)
    content = page(client, "visit", visit.pk)
    assert "Unlocked for changes until" in content
    assert "Correct the rating" in content
    client.post(reverse("unlock_end", args=[unlock.pk]))
    assert "Correct the rating" not in page(client, "visit", visit.pk)


def test_a_locked_rating_form_says_so_and_keeps_what_was_typed(
    visit: Visit, investigator: User, data_manager: User, coordinator: User, as_user: SignIn
) -> None:
    """Somebody who has the form open while it is locked loses nothing and is told what to do."""
    from trialsite.review import services

    sign(visit.participant, visit, by=investigator, meaning="m")
    services.lock(visit.participant.study, visit.participant, visit, by=data_manager, reason="r")
    saved = visit.assessments.get()
    typed = {f"item_{code}": value for code, value in saved.items.items()} | {
        "item_HAMD101": 0,
        "version": 1,
        "reason": "misread",
        "rater": "R",
        "performed_on": saved.performed_on,
        "form_token": "0b5e3ef0-3a1b-4a57-9c52-ffffffffffff",
    }
    answer = as_user(coordinator).post(reverse("rating", args=[visit.pk, "HAMD17"]), typed)
    assert answer.status_code == 422
    assert "locked" in answer.content.decode()
    assert "misread" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("sign_visit", "coordinator"),
        ("lock_visit", "investigator"),
        ("verify", "datamanager"),
        ("query_raise", "coordinator"),
    ],
)
def test_too_small_a_role_is_told_so(
    name: str, role: str, visit: Visit, make_user: MakeUser, as_user: SignIn
) -> None:
    assert as_user(make_user(role)).post(reverse(name, args=[visit.pk])).status_code == 403


def test_another_site_finds_nothing(visit: Visit, elsewhere: User, monitor: User, as_user: SignIn) -> None:
    query = raise_one(as_user(monitor), visit)
    client = as_user(elsewhere)
    assert client.get(reverse("visit", args=[visit.pk])).status_code == 404
    assert client.post(reverse("query_turn", args=[query.pk, "answer"]), {"text": "x"}).status_code == 404
    assert visit.participant.code not in page(client, "queries", "KETNAL")
    assert visit.participant.code not in page(client, "review", "KETNAL")


def test_a_page_of_a_record_knows_its_study(visit: Visit, make_user: MakeUser, as_user: SignIn) -> None:
    """Somebody with roles in two studies gets the frame of the record's study, not none."""
    user = make_user("monitor")
    with audit_context(user, reason="test"):
        other = Study.objects.get(code="REISBY")
        Membership.objects.create(user=user, study=other, role="monitor", granted_by=user)
    content = page(as_user(user), "visit", visit.pk)
    assert reverse("queries", args=["KETNAL"]) in content
