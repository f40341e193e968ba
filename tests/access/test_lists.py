"""Every list can be taken as a file: what its page shows under the same filters, and who took it is known."""

import csv
import io
from typing import Any

import pytest
from django.urls import reverse

from tests.access.conftest import Person, signed_in
from tests.access.places import Places
from tests.enrollment.steps import leave
from trialsite.accounts.models import AccessEvent, Membership, User
from trialsite.review import services as review
from trialsite.review.models import Query

# The demo's people and records, whichever test runs first.
pytestmark = pytest.mark.usefixtures("places")
STUDY = "KETNAL"
LISTS = {
    "participants_file": "coordinator",
    "calendar_file": "coordinator",
    "queries_file": "monitor",
    "deviations_file": "monitor",
    "review_file": "monitor",
    "adverse_events_file": "monitor",
    "people_file": "admin",
}


def _taken(user: User, name: str, query: str = "") -> list[dict[str, str]]:
    answer: Any = signed_in(user).post(reverse(name, args=[STUDY]) + query)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def _person(role: str) -> User:
    return User.objects.get(username=role)


def test_participants_are_those_of_the_page_under_its_filters(places: Places) -> None:
    rows = _taken(_person("monitor"), "participants_file", "?site=&state=completed&sort=-code")
    people = places.study.participants.filter(status="completed").order_by("-code")
    assert [row["participant"] for row in rows] == [participant.code for participant in people]
    for row, participant in zip(rows, people, strict=True):
        assert [row["infusion_1_on"], row["infusion_2_on"]] == [
            str(period.dosed_on) for period in participant.periods.order_by("number")
        ]
        assert row["visits_done"] == str(
            participant.visits.filter(status="done").exclude(period=None).count()
        )


def test_what_was_typed_is_no_formula(places: Places) -> None:
    leave(places.screening, _person("investigator"), "=1+1")
    rows = _taken(_person("coordinator"), "participants_file", f"?q={places.screening.code}")
    assert [row["left_because"] for row in rows] == ["'=1+1"]


def test_queries_say_whose_turn_it_is(places: Places) -> None:
    monitor = _person("monitor")
    [query] = review.raise_queries(
        [review.Place(places.participant, places.visit)], by=monitor, text="-1, really?"
    )
    rows = [row for row in _taken(monitor, "queries_file", "?source=people") if "really" in row["last_said"]]
    assert [(row["waiting_for"], row["last_said"], row["age_days"]) for row in rows] == [
        ("the site", "'-1, really?", "0")
    ]
    review.answer(query, by=_person("coordinator"), text="checked, really")
    [row] = [row for row in _taken(monitor, "queries_file") if "checked" in row["last_said"]]
    assert (row["waiting_for"], row["state"]) == (monitor.printed_name, "Answered")
    assert Query.objects.open().count() == len(_taken(monitor, "queries_file"))


def test_the_review_of_visits(places: Places) -> None:
    rows = _taken(_person("monitor"), "review_file", "?state=unsigned")
    assert rows
    assert {row["signed"] for row in rows} <= {"no", "again"}


def test_the_calendar_is_the_month_asked_for() -> None:
    rows = _taken(_person("coordinator"), "calendar_file", "?month=2026-03")
    assert rows
    assert all(row["day"] <= "2026-03-31" and row["until"] >= "2026-03-01" for row in rows)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("?role=monitor", {"role": "monitor"}),
        ("?q=coordinator2", {"user__username": "coordinator2"}),
        ("?state=ended", {"ends_at__isnull": False}),
        ("?role=nonsense&sort=nonsense", {}),
    ],
)
def test_people_are_those_of_the_page_under_its_filters(query: str, wanted: dict[str, Any]) -> None:
    rows = _taken(_person("admin"), "people_file", query)
    roles = Membership.objects.filter(study__code=STUDY, **wanted)
    assert sorted(row["username"] for row in rows) == sorted(role.user.username for role in roles)


@pytest.mark.requirement("EXP-01")
@pytest.mark.parametrize("name", LISTS)
def test_who_took_a_list_is_known_before_it_leaves(name: str) -> None:
    user = _person(LISTS[name])
    # Nothing of the answer's body is read.
    signed_in(user).post(reverse(name, args=[STUDY]) + "?q=01-0")
    last = AccessEvent.objects.latest("id")
    assert (last.kind, last.user, last.about) == (
        "list taken",
        user,
        f"{STUDY} {name.removesuffix('_file')} q=01-0",
    )


@pytest.mark.parametrize("name", LISTS)
def test_nothing_changes_by_following_a_link(name: str, people: dict[Person, User]) -> None:
    assert signed_in(_person(LISTS[name])).get(reverse(name, args=[STUDY])).status_code == 405
