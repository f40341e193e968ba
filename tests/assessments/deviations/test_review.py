"""Deviations are reviewed, closed and reopened; what people looked at and changed since is theirs again."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from analysis.trail.names import Names
from analysis.trail.text import describe
from assessments.deviations.services import (
    close_deviation,
    reopen_deviation,
    review_deviation,
    settle_deviations,
)
from assessments.domain.entry import AssessmentEntry
from assessments.models import Assessment, Deviation, DeviationTurn
from assessments.rating.services import correct
from assessments.today.worklist import reviews
from enrollment.models import Participant
from tests.conftest import MakeUser, items
from tests.enrollment.steps import days
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Site, Study, User
from trialsite.audit.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DEV-02")]
AsUser = Callable[[User], Client]


def state(deviation: Deviation) -> str:
    return Deviation.objects.get(pk=deviation.pk).status


def kinds() -> list[str]:
    return list(DeviationTurn.objects.values_list("kind", flat=True))


def review(deviation: Deviation, by: User) -> None:
    review_deviation(deviation, by=by, text="missed the train", action="taxi voucher")


@pytest.fixture
def monitor(make_user: MakeUser) -> User:
    return make_user("monitor")


def test_the_way_of_a_deviation(
    late: Deviation, coordinator: User, investigator: User, monitor: User
) -> None:
    """Reviewed at the site, closed by the monitor, reopened with a reason, and each in the trail with its words."""
    review(late, coordinator)
    assert state(late) == "reviewed"
    close_deviation(late, by=monitor, text="voucher seen")
    assert state(late) == "closed"
    reopen_deviation(late, by=investigator, text="it happened again")
    assert state(late) == "open"
    assert kinds() == ["reviewed", "closed", "reopened"]
    reasons = Event.objects.filter(table_name="assessments_deviation", op="U").order_by("n")
    assert [event.reason for event in reasons] == ["missed the train", "voucher seen", "it happened again"]


def test_nothing_is_closed_unread(late: Deviation, monitor: User, investigator: User) -> None:
    """Nor reopened that is open, nor reviewed that is closed; and nothing is written of the attempt."""
    with pytest.raises(ValidationError, match="to review"):
        close_deviation(late, by=monitor, text="fine")
    with pytest.raises(ValidationError, match="to review"):
        reopen_deviation(late, by=monitor, text="again")
    review(late, investigator)
    close_deviation(late, by=monitor, text="fine")
    with pytest.raises(ValidationError, match="closed"):
        review(late, investigator)
    assert kinds() == ["reviewed", "closed"]


@pytest.mark.parametrize(("text", "action"), [("", "voucher"), ("train", " "), ("\u200b", "voucher")])
def test_a_review_says_both(late: Deviation, coordinator: User, text: str, action: str) -> None:
    """How it came about, and what is done about it."""
    with pytest.raises(ValidationError):
        review_deviation(late, by=coordinator, text=text, action=action)
    assert state(late) == "open"


def test_the_policy_says_who(late: Deviation, coordinator: User, monitor: User) -> None:
    with pytest.raises(PermissionDenied):
        review(late, monitor)
    review(late, coordinator)
    with pytest.raises(PermissionDenied):
        close_deviation(late, by=coordinator, text="fine")
    with pytest.raises(PermissionDenied):
        reopen_deviation(late, by=coordinator, text="no")


@pytest.mark.parametrize("closed", [False, True])
def test_other_figures_are_looked_at_again(
    late: Deviation, coordinator: User, monitor: User, closed: bool
) -> None:
    """Reviewed as two days late, it was five; the review before stays readable."""
    review(late, coordinator)
    if closed:
        close_deviation(late, by=monitor, text="fine")
    rating = Assessment.objects.select_related("visit__participant__site").get(visit=late.visit)
    assert rating.performed_on
    entry = AssessmentEntry(items=items(19), rater="R", performed_on=rating.performed_on + days(3))
    correct(rating, entry, by=coordinator, version=1, reason="misread")
    now = Deviation.objects.get(pk=late.pk)
    assert (now.status, now.days) == ("open", 5)
    assert kinds()[-1] == "changed"


def test_a_cause_corrected_after_closing_and_back(late: Deviation, coordinator: User, monitor: User) -> None:
    """Nothing is left to do about what was none, whoever had closed it; back again, it is to be reviewed."""
    review(late, coordinator)
    close_deviation(late, by=monitor, text="fine")
    for day, expected in ((-3, "corrected"), (0, "open")):
        rating = Assessment.objects.select_related("visit__participant__site").get(visit=late.visit)
        assert late.occurred_on
        entry = AssessmentEntry(items=items(19), rater="R", performed_on=late.occurred_on + days(day))
        correct(rating, entry, by=coordinator, version=rating.version, reason="misread")
        assert state(late) == expected
    with pytest.raises(ValidationError):
        close_deviation(late, by=monitor, text="fine")


def test_pages_of_a_deviation(late: Deviation, coordinator: User, monitor: User, as_user: AsUser) -> None:
    """Found from the list, the participant and the visit; reviewed and closed in the browser."""
    client = as_user(coordinator)
    address = reverse("deviation", args=[late.pk])
    participant = late.participant
    for page in (
        reverse("deviations", args=["KETNAL"]),
        reverse("participant", args=["KETNAL", participant.code]),
        reverse("visit", args=[late.visit_id]),
    ):
        assert f'href="{address}"' in client.get(page).content.decode()
    step = reverse("deviation_step", args=[late.pk, "review"])
    assert step in client.get(address).content.decode()
    refused = client.post(step, {"text": "missed the train", "action": ""})
    assert refused.status_code == 422
    assert "missed the train" in refused.content.decode()
    done: Any = client.post(step, {"text": "missed the train", "action": "voucher"}, follow=True)
    assert "Action: voucher" in done.content.decode()
    client = as_user(monitor)
    client.post(reverse("deviation_step", args=[late.pk, "close"]), {"text": "voucher seen"})
    assert state(late) == "closed"
    assert address not in client.get(reverse("deviations", args=["KETNAL"])).content.decode()
    assert address in client.get(reverse("deviations", args=["KETNAL"]) + "?state=closed").content.decode()
    assert client.get(reverse("deviation_step", args=[late.pk, "delete"])).status_code == 404


def test_the_list_is_filtered_and_taken(
    late: Deviation, coordinator: User, other_site: Site, make_user: MakeUser, as_user: AsUser
) -> None:
    """By site, class, state and rule; the file has what the page has; another site sees nothing of it."""
    review(late, coordinator)
    list_page = reverse("deviations", args=["KETNAL"])
    address = reverse("deviation", args=[late.pk])
    client = as_user(coordinator)
    filters = {
        "classification=minor": True,
        "classification=important": False,
        "rule=visit_window": True,
        "rule=wrong_kit": False,
        "state=reviewed": True,
        "state=open": False,
        "q=01-": True,
        "q=02-": False,
        "sort=-occurred_on": True,
    }
    for query, there in filters.items():
        assert (address in client.get(f"{list_page}?{query}").content.decode()) is there, query
    taken: Any = client.post(reverse("deviations_file", args=["KETNAL"]) + "?state=reviewed")
    [row] = csv.DictReader(io.StringIO(b"".join(taken.streaming_content).decode()))
    assert (row["rule"], row["class"], row["what_happened"]) == ("visit_window", "minor", "2 days late")
    assert (row["state"], row["corrective_action"]) == ("reviewed", "taxi voucher")
    stranger = as_user(make_user("coordinator", other_site))
    assert address not in stranger.get(list_page).content.decode()
    assert stranger.get(address).status_code == 404


def test_today_says_what_waits_for_whom(
    late: Deviation, study: Study, coordinator: User, monitor: User
) -> None:
    """The site reviews, then the monitor closes; closed, it waits for nobody."""

    def tasks(user: User) -> list[str]:
        return [action.url for action in reviews(user, study) if "/deviations/" in action.url]

    assert tasks(coordinator) == [reverse("deviation_step", args=[late.pk, "review"])]
    assert tasks(monitor) == []
    review(late, coordinator)
    assert tasks(coordinator) == []
    assert tasks(monitor) == [reverse("deviation_step", args=[late.pk, "close"])]
    close_deviation(late, by=monitor, text="fine")
    assert tasks(monitor) == []


def test_the_trail_tells_it_in_words(
    late: Deviation, coordinator: User, monitor: User, as_user: AsUser
) -> None:
    """The filing with the rating that brought it, and the review as what somebody did."""
    review(late, coordinator)
    entries = Event.objects.filter(table_name__startswith="assessments_deviation").order_by("n")
    names = Names(entries)
    told = [describe(entry, names).verb for entry in entries]
    where = "Visit outside its window, Day 3 of period 1"
    assert told == [
        f"filed a deviation: {where}",
        f"reviewed the deviation: {where}",
        f"changed the deviation: {where}",
    ]
    page = as_user(monitor).get(reverse("audit", args=["KETNAL"])).content.decode()
    assert f"reviewed the deviation: {where}" in page


def test_another_participant_of_the_study_is_left_alone(late: Deviation, screened: Participant) -> None:
    """Filing for one touches nothing of another's."""
    before = list(Deviation.objects.values())
    system = User.objects.system()
    with audit_context(system, reason="again"):
        settle_deviations([screened.pk], by=system)
    assert list(Deviation.objects.values()) == before
