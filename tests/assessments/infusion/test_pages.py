"""The page of an infusion day, and what it sends."""

import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from assessments.infusion.selectors import DayPlace
from assessments.models import DoseCheck, Record
from enrollment.selectors import today_at
from trialsite.accounts.models import AccessEvent, User

from ...conftest import PASSWORD, MakeUser
from .conftest import Save, record_of

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]


def test_the_dosing_page_leads_to_it(place: DayPlace, as_user: AsUser, coordinator: User) -> None:
    """The day of the dosing is not asked for in two places."""
    answer = as_user(coordinator).get(reverse("dosing", args=[place.period.pk]))
    assert answer["Location"] == reverse("infusion_day", args=[place.visit.pk])


def test_the_next_step_stands_on_top(place: DayPlace, as_user: AsUser, coordinator: User, save: Save) -> None:
    client, address = as_user(coordinator), reverse("infusion_day", args=[place.visit.pk])
    assert client.get(address).context["page"].due[0].code == "recheck"
    save("recheck", OPIOID="N")
    assert client.get(address).context["page"].due[0].code == "screens"
    save("start", START="0:10")
    page = client.get(address).context["page"]
    assert [due.code for due in page.due][:3] == ["vital_signs", "stop", "rating"]


def test_the_weight_of_the_vital_signs_is_not_asked_again(
    place: DayPlace, as_user: AsUser, coordinator: User, save: Save
) -> None:
    save("before", TIME="0:05", SYSBP="124", DIABP="78", PULSE="66", WEIGHT="155", unit_WEIGHT="LB")
    page = as_user(coordinator).get(reverse("infusion_day", args=[place.visit.pk])).context["page"]
    weight, day = page.steps["weight"].rows[:2]
    assert (weight.row.text, day.row.text) == ("155", f"{today_at(place.participant.site):%-d %b %Y}")


def test_the_calculation_is_shown(place: DayPlace, as_user: AsUser, coordinator: User, save: Save) -> None:
    save("weight", WEIGHT="130", WEIGHT_DATE=today_at(place.participant.site).isoformat(), DRAWN="60")
    content = as_user(coordinator).get(reverse("infusion_day", args=[place.visit.pk])).content.decode()
    assert "130 kg × 0.5 mg/kg = 65 mg, rounded to 0.1 mg: 65 mg; the maximum is less: 60 mg" in content


def test_a_step_is_sent_in_place(place: DayPlace, as_user: AsUser, coordinator: User) -> None:
    client, address = as_user(coordinator), reverse("infusion_step", args=[place.visit.pk, "vital_signs"])
    sent = {"token": str(uuid.uuid4()), "item_TIME": "0:10", "item_SYSBP": "130", "item_DIABP": "80"}
    here = {"X-In-Place": str(coordinator.pk)}
    for _ in range(2):
        assert client.post(address, sent, headers=here).json() == {"saved": True}
    assert Record.objects.filter(visit=place.visit, form="VITALS").count() == 1
    wrong = client.post(address, {**sent, "token": str(uuid.uuid4()), "item_DIABP": "140"}, headers=here)
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["item_DIABP"])


def test_without_a_script_it_comes_back_to_the_page(
    place: DayPlace, as_user: AsUser, coordinator: User
) -> None:
    client = as_user(coordinator)
    sent = {"token": str(uuid.uuid4()), "item_OPIOID": "N"}
    answer = client.post(reverse("infusion_step", args=[place.visit.pk, "recheck"]), sent)
    assert answer["Location"] == reverse("infusion_day", args=[place.visit.pk])
    assert Record.objects.get(visit=place.visit, form="INFUSION").items == {"OPIOID": False}


def test_no_other_visit_and_no_other_step(place: DayPlace, as_user: AsUser, coordinator: User) -> None:
    client = as_user(coordinator)
    other = place.participant.visits.get(period=place.period, code="DAY1")
    assert client.get(reverse("infusion_day", args=[other.pk])).status_code == 404
    assert client.post(reverse("infusion_step", args=[place.visit.pk, "other"])).status_code == 404


@pytest.fixture
def weighed(place: DayPlace, save: Save) -> None:
    save("weight", WEIGHT="70.5", WEIGHT_DATE=today_at(place.participant.site).isoformat(), DRAWN="35.3")


def confirm(client: Client, place: DayPlace, first: User, **fields: str) -> dict[str, object]:
    fields = {"version": str(record_of(place).version), **fields}
    answer = client.post(
        reverse("infusion_check", args=[place.visit.pk]), fields, headers={"X-In-Place": str(first.pk)}
    )
    said: dict[str, object] = answer.json()
    return said


@pytest.mark.usefixtures("weighed")
def test_the_second_person_signs_in_for_the_dose_alone(
    place: DayPlace, as_user: AsUser, coordinator: User, investigator: User
) -> None:
    """Nobody is signed in or out by it, and the trail has it of the second person."""
    client = as_user(coordinator)
    fields = {"second_username": investigator.username, "second_password": PASSWORD}
    assert confirm(client, place, coordinator, **fields) == {"saved": True}
    assert DoseCheck.objects.get().checked_by == investigator
    assert client.get(reverse("account")).context["request"].user == coordinator
    assert AccessEvent.objects.filter(kind=AccessEvent.Kind.CONFIRMED, user=investigator).exists()


@pytest.mark.usefixtures("weighed")
def test_a_wrong_password_the_first_person_and_a_stranger_confirm_nothing(
    place: DayPlace, as_user: AsUser, coordinator: User, investigator: User, make_user: MakeUser
) -> None:
    client = as_user(coordinator)
    for username, password, field in (
        (investigator.username, "wrong", "second_password"),
        ("nobody", PASSWORD, "second_password"),
        (coordinator.username, PASSWORD, "second_username"),
        (make_user("monitor", place.participant.site).username, PASSWORD, "second_username"),
    ):
        said = confirm(client, place, coordinator, second_username=username, second_password=password)
        assert list(said["errors"]) == [field]  # type: ignore[call-overload]
    assert not DoseCheck.objects.exists()
    assert AccessEvent.objects.filter(kind=AccessEvent.Kind.NOT_CONFIRMED, user=investigator).exists()


@pytest.mark.usefixtures("weighed")
def test_a_dose_that_nobody_was_shown_is_not_confirmed(
    place: DayPlace, save: Save, as_user: AsUser, coordinator: User, investigator: User
) -> None:
    """The page had the first weight, another was saved meanwhile: the second person looks at it first."""
    client, shown = as_user(coordinator), record_of(place).version
    save("weight", WEIGHT="90", was_item_WEIGHT="70.5", reason="read off the wrong line")
    fields = {"second_username": investigator.username, "second_password": PASSWORD}
    said = confirm(client, place, coordinator, version=str(shown), **fields)
    assert "has changed since" in str(said["errors"])
    assert not DoseCheck.objects.exists()
    assert confirm(client, place, coordinator, **fields) == {"saved": True}


def test_what_is_too_long_is_refused_and_not_cut(place: DayPlace, as_user: AsUser, coordinator: User) -> None:
    sent = {"token": str(uuid.uuid4()), "item_OPIOID": "N", "reason": "x" * 4001}
    answer = as_user(coordinator).post(
        reverse("infusion_step", args=[place.visit.pk, "recheck"]),
        sent,
        headers={"X-In-Place": str(coordinator.pk)},
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["reason"])
    assert not Record.objects.filter(visit=place.visit, form="INFUSION").exists()
