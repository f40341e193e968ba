"""Ratings sent at the same moment, each from a connection of its own."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection

from assessments.models import Assessment
from assessments.rating.services import correct
from enrollment.models import Visit
from tests.assessments.test_rating import enter, entry, events_of
from trialsite.accounts.models import User
from trialsite.lib.errors import Conflict


@pytest.mark.requirement("ENT-04")
@pytest.mark.parametrize("one_form", [True, False])
def test_many_sends_at_once_make_one_record(
    committed: str, visit: Visit, coordinator: User, one_form: bool
) -> None:
    """Eight connections at the same moment: one form answers all with its record, eight forms give one winner."""
    tokens = [uuid.uuid4()] * 8 if one_form else [uuid.uuid4() for _ in range(8)]

    def send(token: uuid.UUID) -> int | None:
        try:
            return enter(visit, entry(20), coordinator, token).pk
        except Conflict:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(send, tokens))
    saved = visit.assessments.get()
    assert made.count(saved.pk) == (8 if one_form else 1)
    assert made.count(None) == (0 if one_form else 7)
    assert [event.op for event in events_of(saved)] == ["I"]


@pytest.mark.requirement("ENT-03")
def test_two_corrections_at_once_do_not_overwrite_each_other(
    committed: str, visit: Visit, coordinator: User
) -> None:
    """Of eight on one version one is saved; seven are told."""
    saved = enter(visit, entry(20), coordinator)

    def send(total: int) -> bool:
        try:
            correct(saved, entry(total), by=coordinator, version=1, reason=f"to {total}")
        except Conflict:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(send, range(21, 29))) == [False] * 7 + [True]
    saved.refresh_from_db()
    assert saved.version == 2
    assert len(events_of(saved)) == 2


def test_the_database_refuses_a_change_by_nobody(committed: str, visit: Visit, coordinator: User) -> None:
    """A write that does not say who makes it is refused, whatever it writes."""
    saved = enter(visit, entry(20), coordinator)
    with pytest.raises(DatabaseError, match="no actor"):
        Assessment.objects.filter(pk=saved.pk).update(rater="Another")
