"""The kit that was given: the assigned one leaves the stock, another one is told to whom it concerns."""

import json
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from enrollment import services
from enrollment.models import Kit, Participant, Period, WrongKit
from enrollment.today.worklist import worklist
from tests.conftest import PASSWORD, MakeUser
from tests.enrollment.steps import days, period
from tests.enrollment.supply.conftest import on_hand
from trialsite.accounts.models import Site, User

pytestmark = pytest.mark.django_db
AsUser = Callable[[User], Client]


def give(participant: Participant, on: date, by: User, kit: str = "", reason: str = "") -> Period:
    saved = period(participant, 1)
    return services.record_dosing(saved, on, by=by, version=saved.version, kit=kit, reason=reason)


def kit_of(participant: Participant) -> Kit:
    return Kit.objects.get(number=period(participant, 1).kit_number)


def tasks(user: User, participant: Participant) -> list[str]:
    return [action.what for action in worklist(user, participant.study)[0].actions]


def test_the_assigned_kit_leaves_the_stock(randomised: Participant, coordinator: User, today: date) -> None:
    """Without a number, and with its own however typed: dispensed, in that period, on that day."""
    assert kit_of(randomised).state == "on_hand"
    give(randomised, today - days(3), coordinator)
    kit = kit_of(randomised)
    assert (kit.state, kit.given_in, kit.moved_on) == ("dispensed", period(randomised, 1), today - days(3))
    give(randomised, today - days(2), coordinator, kit.number.lower(), "misread the chart")
    assert kit_of(randomised).moved_on == today - days(2)
    assert not WrongKit.objects.exists()


@pytest.mark.requirement("BLD-03")
def test_another_kit_is_asked_about_and_told_at_once(
    randomised: Participant,
    coordinator: User,
    investigator: User,
    make_user: MakeUser,
    site: Site,
    today: date,
) -> None:
    """It is recorded with what happened, never refused; investigator, pharmacist and monitor find it on Today, in words
    that say nothing of a treatment."""
    other = on_hand(site)
    told = [investigator, make_user("pharmacist"), make_user("monitor")]
    with pytest.raises(ValidationError, match="is assigned to this period") as question:
        give(randomised, today, coordinator, other.number)
    assert set(question.value.error_dict) == {"reason"}
    assert not any("Wrong kit given" in tasks(user, randomised) for user in told)
    give(randomised, today, coordinator, other.number, "the wrong box was opened")
    assert all("Wrong kit given" in tasks(user, randomised) for user in told)
    other.refresh_from_db()
    assert (other.state, other.given_in) == ("dispensed", period(randomised, 1))
    assert kit_of(randomised).state == "on_hand"
    wrong = WrongKit.objects.get()
    services.close_wrong_kit(wrong, by=investigator, action="told the sponsor")
    assert not any("Wrong kit given" in tasks(user, randomised) for user in told)
    with pytest.raises(ValidationError, match="has already closed this"):
        services.close_wrong_kit(wrong, by=investigator, action="again")


def test_a_recording_error_is_taken_back_with_a_reason(
    randomised: Participant, coordinator: User, site: Site, today: date
) -> None:
    """Both kits stand as if the right number had been read at first; what was recorded stays readable."""
    other = on_hand(site)
    give(randomised, today, coordinator, other.number, "the wrong box was opened")
    own = period(randomised, 1).kit_number
    with pytest.raises(ValidationError, match="Give the reason for the correction"):
        give(randomised, today, coordinator, own)
    give(randomised, today, coordinator, own, "the number was misread")
    other.refresh_from_db()
    assert (other.state, other.given_in) == ("on_hand", None)
    assert kit_of(randomised).state == "dispensed"
    assert WrongKit.objects.get().corrected_at


def test_a_corrected_date_keeps_the_kit_that_was_recorded(
    randomised: Participant, coordinator: User, site: Site, today: date
) -> None:
    """Whoever corrects the day says nothing of the kit."""
    other = on_hand(site)
    give(randomised, today, coordinator, other.number, "the wrong box was opened")
    give(randomised, today - days(1), coordinator, reason="it was yesterday")
    wrong = WrongKit.objects.get()
    assert (wrong.given, wrong.given_on, wrong.corrected_at) == (other.number, today - days(1), None)


@pytest.mark.requirement("BLD-03")
@pytest.mark.parametrize("known", [True, False])
def test_the_emergency_unblinding_names_what_was_really_given(
    known: bool,
    randomised: Participant,
    coordinator: User,
    investigator: User,
    as_user: AsUser,
    site: Site,
    today: date,
) -> None:
    """The kit assigned and the one given in its place, each with its treatment; a number that nobody knows with none."""
    number = on_hand(site).number if known else "X-1"
    give(randomised, today, coordinator, number, "the wrong box was opened")
    typed = {"reason": "an accident", "password": PASSWORD}
    address = reverse("unblind", args=["KETNAL", randomised.code])
    page = as_user(investigator).post(address, typed).content.decode().partition("<main")[2]
    assert page.count("Ketamine + ") == 2 + known
    assert page.index(period(randomised, 1).kit_number) < page.index(number)
    assert page.count("given by mistake") == 1
    assert ("Not known" in page) is not known


@pytest.mark.parametrize("number", ["K-1", "on its way"])
def test_whatever_box_was_opened_is_recorded(
    number: str, randomised: Participant, coordinator: User, make_user: MakeUser, site: Site, today: date
) -> None:
    """A number that nobody knows as well: what happened is not refused."""
    give(randomised, today, coordinator, number, "see note to file")
    assert WrongKit.objects.get().given == number.upper()


def test_a_kit_is_given_once(
    randomised: Participant, coordinator: User, investigator: User, site: Site, today: date
) -> None:
    """One that was given before stays where it was; that it was read a second time is told."""
    give(randomised, today - days(40), coordinator)
    used = kit_of(randomised)
    second = period(randomised, 2)
    services.record_dosing(
        second, today, by=coordinator, version=second.version, kit=used.number, reason="read twice"
    )
    used.refresh_from_db()
    assert used.given_in == period(randomised, 1)
    assert WrongKit.objects.get().period == second


def test_the_page_of_a_dose_asks_for_the_number(
    randomised: Participant, coordinator: User, investigator: User, as_user: AsUser, site: Site, today: date
) -> None:
    """The question stands at the reason; then the investigator reads and closes it."""
    other, saved = on_hand(site), period(randomised, 1)
    client, visit = as_user(coordinator), saved.visits.get(code="BASELINE")

    def sent(step: str, **fields: str) -> Any:
        return client.post(
            reverse("infusion_step", args=[visit.pk, step]),
            {"token": str(uuid.uuid4()), **fields},
            headers={"X-In-Place": str(coordinator.pk)},
        )

    assert sent("capsule", item_KIT=other.number).status_code == 200
    refused = json.loads(sent("start", item_START="0:01").content)
    assert f"not {other.number}. Check the number on the box" in refused["errors"]["reason"]
    assert sent("start", item_START="0:01", reason="the wrong box was opened").status_code == 200
    wrong = WrongKit.objects.get()
    client = as_user(investigator)
    page = client.get(reverse("wrong_kit", args=[wrong.pk])).content.decode()
    assert "the wrong box was opened" in page
    assert "naltrexone" not in page.partition("<main")[2].lower()
    answer = client.post(reverse("wrong_kit_close", args=[wrong.pk]), {"action": " "})
    assert answer.status_code == 422
    assert (
        client.post(reverse("wrong_kit_close", args=[wrong.pk]), {"action": "Sponsor told"}).status_code
        == 302
    )
    assert "Sponsor told" in client.get(reverse("wrong_kit", args=[wrong.pk])).content.decode()
    person = client.get(reverse("participant", args=["KETNAL", randomised.code])).content.decode()
    assert f"Kit {other.number} was given instead" in person
