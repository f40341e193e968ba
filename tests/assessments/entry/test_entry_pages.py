"""The pages of forms, through the browser's requests: what is typed is kept, asked about, refused or saved."""

import re
import uuid
from collections.abc import Callable

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from assessments.models import Record, RecordDraft
from enrollment.models import Participant, Visit
from tests.treatments import FORM
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import User
from trialsite.review.models import Query

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def fields(**typed: str) -> dict[str, str]:
    return {"form_token": str(uuid.uuid4()), "performed_on": "2 Nov 2026", **typed}


def test_a_form_is_filled_in_once_at_a_visit(baseline: Visit, coordinator: User, as_user: SignIn) -> None:
    client = as_user(coordinator)
    address = reverse("visit_form_new", args=[baseline.pk, "LABS"])
    page = client.get(address).content.decode()
    assert "Was blood drawn?" in page
    # What is asked only once blood was drawn waits for that.
    assert re.search(r'data-item="HB"\s+hidden', page)
    day = f"{baseline.period.dosed_on:%Y-%m-%d}" if baseline.period else ""
    answer = client.post(address, fields(item_DONE="Y", item_HB="13.5", performed_on=day))
    assert answer.status_code == 302, answer.content.decode()
    saved = Record.objects.get(form="LABS")
    assert saved.items == {"DONE": True, "HB": {"value": "13.5", "unit": "g/dL", "standard": "13.5"}}
    assert (saved.status, saved.repeat_key, saved.visit) == ("complete", None, baseline)


def test_what_is_wrong_is_said_at_the_field_and_nothing_typed_is_lost(
    baseline: Visit, coordinator: User, as_user: SignIn
) -> None:
    client = as_user(coordinator)
    address = reverse("visit_form_new", args=[baseline.pk, "LABS"])
    answer = client.post(
        address, fields(item_DONE="Y", item_HB="a lot", item_NOTE="kept", performed_on="soon")
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Write a number, in digits" in page
    assert "This is not a date" in page
    assert 'value="a lot"' in page
    assert "kept</textarea>" in page
    assert not Record.objects.exclude(form=FORM).exists()


def test_what_is_unusual_is_asked_about_and_kept_with_its_answer(
    baseline: Visit, coordinator: User, as_user: SignIn
) -> None:
    """The query is raised and answered in the same moment: the monitor sees both."""
    client = as_user(coordinator)
    address = reverse("visit_form_new", args=[baseline.pk, "LABS"])
    day = f"{baseline.period.dosed_on:%Y-%m-%d}" if baseline.period else ""
    typed = fields(item_DONE="Y", item_HB="9.5", performed_on=day)
    asked = client.post(address, typed)
    assert asked.status_code == 422
    assert "9.5 is outside what is usual, 11 to 17 g/dL. Is it right?" in asked.content.decode()
    answer = client.post(address, {**typed, "comment_HB__usual": "known anaemia"})
    assert answer.status_code == 302
    query = Query.objects.get(form="LABS", field="HB")
    assert (query.check_id, query.status) == ("usual", "answered")
    assert query.messages.order_by("-pk")[0].text == "known anaemia"


def test_rows_are_added_struck_out_and_reinstated(
    participant: Participant, coordinator: User, as_user: SignIn
) -> None:
    """Each keeps its number for good; a row that was struck out stays readable."""
    client = as_user(coordinator)
    where = [participant.study.code, participant.code, "ADVERSE_EVENT"]
    new, rows = reverse("participant_form_new", args=where), reverse("participant_form", args=where)
    assert "Nothing is recorded here yet" in client.get(rows).content.decode()
    first = add_event(client, new, "Headache")
    second = add_event(client, new, "Nausea")
    assert (first.repeat_key, second.repeat_key) == (1, 2)
    aside = reverse("record_set_aside", args=[first.pk])
    assert client.post(aside, {"version": "1", "reason": ""}).status_code == 422
    assert client.post(aside, {"version": "1", "reason": "entered twice"}).status_code == 302
    page = client.get(rows).content.decode()
    assert "Struck out" in page
    assert "Headache" in page
    third = add_event(client, new, "Dizziness")
    assert third.repeat_key == 3
    assert client.post(aside, {"version": "2", "reason": "was right"}).status_code == 302
    first.refresh_from_db()
    assert (first.status, first.status_reason, first.version) == ("complete", "", 3)


def add_event(client: Client, address: str, term: str) -> Record:
    typed = {
        "form_token": str(uuid.uuid4()),
        "item_TERM": term,
        "item_ONSET": "Mar 2026",
        "item_ONGOING": "Y",
        "item_SEVERITY": "MILD",
        "item_SERIOUS": "N",
        "item_RELATED": "NOT RELATED",
        "item_ACTION": "DOSE NOT CHANGED",
        "item_OUTCOME": "NOT RECOVERED/NOT RESOLVED",
    }
    answer = client.post(address, typed)
    assert answer.status_code == 302, errors_of(answer.content.decode())
    return Record.objects.order_by("-pk")[0]


def errors_of(page: str) -> list[str]:
    return re.findall(r'<li><a href="#[^"]*">.*?</li>', page, re.DOTALL)


def test_a_draft_says_what_the_form_makes_of_it(baseline: Visit, coordinator: User, as_user: SignIn) -> None:
    """The page shows what is asked now, without a reload; the draft comes back."""
    client = as_user(coordinator)
    address = reverse("visit_form_new", args=[baseline.pk, "LABS"])
    live = client.post(address.replace("new/", "draft/"), {"item_DONE": "Y", "item_HB": "9"}).json()
    assert live["shown"] == ["DONE", "HB", "NOTE"]
    assert live["required"] == ["DONE", "HB"]
    assert live["questions"]["HB"][0]["field"] == "comment_HB__usual"
    assert client.post(address.replace("new/", "draft/"), {"item_DONE": "N"}).json()["shown"] == [
        "DONE",
        "NOTE",
    ]
    assert RecordDraft.objects.get().fields == {"item_DONE": "N"}
    assert re.search(r'value="N"\s+checked', client.get(address).content.decode())


def test_two_who_change_the_same_record_both_see_both(
    baseline: Visit, coordinator: User, as_user: SignIn
) -> None:
    client = as_user(coordinator)
    day = f"{baseline.period.dosed_on:%Y-%m-%d}" if baseline.period else ""
    address = reverse("visit_form_new", args=[baseline.pk, "LABS"])
    client.post(address, fields(item_DONE="Y", item_HB="13.5", performed_on=day))
    saved = Record.objects.exclude(form=FORM).get()
    here = reverse("record_entry", args=[saved.pk])
    change = {"version": "1", "performed_on": day, "item_DONE": "Y", "reason": "misread"}
    assert client.post(here, {**change, "item_HB": "13.6"}).status_code == 302
    answer = client.post(here, {**change, "item_HB": "13.7"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert 'data-value="13.7"' in page
    assert 'data-value="13.6"' in page
    assert 'name="version" value="2"' in page
    saved.refresh_from_db()
    assert saved.items["HB"]["value"] == "13.6"


def test_a_second_send_makes_no_second_record(
    participant: Participant, coordinator: User, as_user: SignIn
) -> None:
    client = as_user(coordinator)
    new = reverse("participant_form_new", args=[participant.study.code, participant.code, "ADVERSE_EVENT"])
    add_event(client, new, "Headache")
    saved = Record.objects.exclude(form=FORM).get()
    typed = {
        "form_token": str(saved.form_token),
        "item_TERM": "Headache",
        "item_ONSET": "Mar 2026",
        "item_ONGOING": "Y",
        "item_SEVERITY": "MILD",
        "item_SERIOUS": "N",
        "item_RELATED": "NOT RELATED",
        "item_ACTION": "DOSE NOT CHANGED",
        "item_OUTCOME": "NOT RECOVERED/NOT RESOLVED",
    }
    assert client.post(new, typed).status_code == 302
    assert Record.objects.exclude(form=FORM).count() == 1


def test_a_change_needs_a_reason(baseline: Visit, coordinator: User, as_user: SignIn) -> None:
    client = as_user(coordinator)
    day = f"{baseline.period.dosed_on:%Y-%m-%d}" if baseline.period else ""
    address = reverse("visit_form_new", args=[baseline.pk, "LABS"])
    client.post(address, fields(item_DONE="Y", item_HB="13.5", performed_on=day))
    here = reverse("record_entry", args=[Record.objects.exclude(form=FORM).get().pk])
    answer = client.post(here, {"version": "1", "performed_on": day, "item_DONE": "Y", "item_HB": "13.6"})
    assert answer.status_code == 422
    assert "Say why, for the audit trail" in answer.content.decode()


def test_who_may_only_read_reads(
    baseline: Visit, coordinator: User, make_user: Callable[..., User], as_user: SignIn
) -> None:
    day = f"{baseline.period.dosed_on:%Y-%m-%d}" if baseline.period else ""
    address = reverse("visit_form_new", args=[baseline.pk, "LABS"])
    as_user(coordinator).post(address, fields(item_DONE="Y", item_HB="13.5", performed_on=day))
    client = as_user(make_user("monitor", baseline.participant.site))
    page = client.get(reverse("visit_form", args=[baseline.pk, "LABS"])).content.decode()
    assert "13.5 g/dL" in page
    assert '<form class="entry"' not in page
    assert client.post(address, fields(item_DONE="N", performed_on=day)).status_code == 403


def test_a_text_that_is_too_long_is_refused_and_not_cut(
    baseline: Visit, coordinator: User, as_user: SignIn
) -> None:
    client = as_user(coordinator)
    day = f"{baseline.period.dosed_on:%Y-%m-%d}" if baseline.period else ""
    address = reverse("visit_form_new", args=[baseline.pk, "LABS"])
    answer = client.post(address, fields(item_DONE="N", item_NOTE="x" * 4001, performed_on=day))
    assert answer.status_code == 422
    assert "x" * 4001 in answer.content.decode()
    assert (
        client.post(address, fields(item_DONE="N", item_NOTE="x" * 4000, performed_on=day)).status_code == 302
    )
    assert len(Record.objects.exclude(form=FORM).get().items["NOTE"]) == 4000


def test_a_draft_that_comes_after_its_page_was_saved_is_not_kept(
    participant: Participant, coordinator: User, as_user: SignIn
) -> None:
    """It was on its way: kept, it would stand in the next new row, and be saved a second time."""
    client = as_user(coordinator)
    new = reverse("participant_form_new", args=[participant.study.code, participant.code, "ADVERSE_EVENT"])
    saved = add_event(client, new, "Headache")
    late = {"form_token": str(saved.form_token), "item_TERM": "Headache"}
    assert client.post(new.replace("new/", "draft/"), late).status_code == 200
    assert not RecordDraft.objects.exists()
    assert (
        client.post(new.replace("new/", "draft/"), late | {"form_token": str(uuid.uuid4())}).status_code
        == 200
    )
    assert RecordDraft.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"items": {"TERM": ""}}, "record_items_valid"),
        ({"items": {"TERM": "x"}, "missing": {"TERM": "UNK"}}, "record_items_valid"),
        ({"status": "struck_out"}, "record_set_aside_with_reason"),
        ({"status": "not_done", "status_reason": "away"}, "record_not_done_is_empty"),
        ({"repeat_key": 0}, "record_key_positive"),
        ({"status": "gone"}, "record_status_known"),
    ],
)
def test_the_database_refuses_what_no_record_can_be(
    participant: Participant, coordinator: User, as_user: SignIn, changes: dict[str, object], constraint: str
) -> None:
    new = reverse("participant_form_new", args=[participant.study.code, participant.code, "ADVERSE_EVENT"])
    saved = add_event(as_user(coordinator), new, "Headache")
    with (
        pytest.raises(IntegrityError, match=constraint),
        audit_context(coordinator, reason="test"),
    ):
        Record.objects.filter(pk=saved.pk).update(**changes)
