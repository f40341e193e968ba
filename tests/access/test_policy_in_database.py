"""The database's own functions answer every question of the policy table as the pages and services do."""

import json
from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.access.conftest import Person
from tests.access.places import Places
from trialsite.accounts.context import audit_context
from trialsite.accounts.models import Membership, Site, Study, User
from trialsite.accounts.policy import POLICY, may

Question = tuple[User, str, Study, Site | None]


def _in_the_database(questions: Iterable[Question]) -> list[bool]:
    rows = [
        {"person": user.pk, "action": action, "study": study.pk, "site": site.pk if site else None}
        for user, action, study, site in questions
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "select may(q.person, q.action, q.study, q.site) from rows from (json_to_recordset(%s)"
            " as (person bigint, action text, study bigint, site bigint)) with ordinality"
            " q(person, action, study, site, n) order by n",
            [json.dumps(rows)],
        )
        return [answer for (answer,) in cursor.fetchall()]


@pytest.mark.requirement("ACC-01")
def test_each_action_is_each_roles_in_both_or_in_neither(places: Places, people: dict[Person, User]) -> None:
    """For a role at one site, at another, at all, in another study; asked of a site and of the study as a whole."""
    sites = [None, *places.study.sites.order_by("pk")]
    questions = [
        (user, action, places.study, site) for user in people.values() for action in POLICY for site in sites
    ]
    answers = [may(*question) for question in questions]
    assert _in_the_database(questions) == answers
    assert {True, False} == set(answers)


@pytest.mark.requirement("ACC-01")
@pytest.mark.parametrize("state", ["ended", "not begun", "deactivated"])
def test_a_role_that_is_not_held_now_allows_nothing(
    state: str, places: Places, people: dict[Person, User]
) -> None:
    user = people["datamanager", "all"]
    hour = timedelta(hours=1)
    now = timezone.now()
    starts, ends = {"ended": (now - 2 * hour, now - hour), "not begun": (now + hour, None)}.get(
        state, (now, None)
    )
    with audit_context(User.objects.system(), reason="test"):
        held = Membership.objects.filter(user=user)
        before = held.get()
        held.update(starts_at=starts, ends_at=ends)
        User.objects.filter(pk=user.pk).update(is_active=state != "deactivated")
    questions: list[Question] = [
        (user, "study.lock", places.study, None),
        (user, "query.close", places.study, None),
    ]
    try:
        assert _in_the_database(questions) == [may(*question) for question in questions] == [False, False]
    finally:
        with audit_context(User.objects.system(), reason="test"):
            held.update(starts_at=before.starts_at, ends_at=before.ends_at)
            User.objects.filter(pk=user.pk).update(is_active=True)
    assert _in_the_database(questions) == [True, True]


def test_an_action_that_the_table_does_not_have_is_nobodys(
    places: Places, people: dict[Person, User]
) -> None:
    assert _in_the_database((user, "anything", places.study, None) for user in people.values()) == [
        False
    ] * len(people)
