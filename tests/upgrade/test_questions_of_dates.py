"""Queries about dates that an earlier version left are those of this one after the upgrade, and every turn is there."""

import uuid
from collections.abc import Callable, Iterator

import pytest

from tests.audit.conftest import execute, inside, verify
from tests.upgrade.test_upgrade import _rows, before
from trialsite.stack import testing

__all__ = ["before", "inside", "verify"]
# Of the first participant who was rated on day 1 and day 3 of both periods: ids of their visits.
PERSON = """
    (select v.participant_id from enrollment_visit v join assessments_assessment a on a.visit_id = v.id
     where v.code in ('DAY1', 'DAY3') and not exists (select from review_lock l where l.participant_id = v.participant_id)
     group by 1 having count(*) >= 4 order by 1 limit 1)
"""
VISIT = f"""
    (select v.id from enrollment_visit v join enrollment_period p on p.id = v.period_id
     where v.participant_id = {PERSON} and p.number = %d and v.code = '%s')
"""
OLD = "Days after the window: 92. The rating is kept and marked as a deviation."
ASK = f"""
    with q as (
      insert into review_query (participant_id, visit_id, form, field, status, blocks_signature, check_id, check_version,
                                raised_at, version)
      values ({PERSON}, {VISIT}, 'HAMD17', '', 'open', false, 'RATING-OUT-OF-WINDOW', '1', now(), 1)
      returning id, participant_id)
    insert into review_querymessage (query_id, participant_id, kind, text, written_at)
    select id, participant_id, 'raised', '{OLD}', now() from q
"""
QUERIES = f"""
    select q.check_id, coalesce(v.code, q.field), q.status, array_agg(m.kind || ': ' || m.text order by m.id)
    from review_query q left join enrollment_visit v on v.id = q.visit_id join review_querymessage m on m.query_id = q.id
    where q.participant_id = {PERSON} and q.check_id like 'RATING-%' and q.check_id <> 'RATING-SAFETY'
    group by q.id, v.code order by q.id
"""


@pytest.fixture(scope="module")
def left(before: str) -> Iterator[str]:
    """As the earlier version left it: a dose moved to the day after the second rating, day 1 of the other period asked about
    though it lies in its window, day 3 of it outside."""
    name = f"left_{uuid.uuid4().hex[:12]}"
    testing.database(name, before)
    execute(
        "setup",
        name,
        f"update enrollment_period set dosed_on = dosed_on + 4 where number = 1 and participant_id = {PERSON}",
        f"update enrollment_visit set latest_on = planned_on - 1, earliest_on = planned_on - 1, planned_on = planned_on - 1"
        f" where id = {VISIT % (2, 'DAY3')}",
        ASK % (2, "DAY1"),
        ASK % (2, "DAY3"),
    )
    yield name
    testing.drop(name)


@pytest.fixture(scope="module")
def upgraded(left: str) -> Iterator[str]:
    name = f"questions_{uuid.uuid4().hex[:12]}"
    testing.database(name, left)
    testing.manage("owner", name, "setup_database")
    testing.manage("owner", name, "migrate", "--verbosity", "0")
    yield name
    testing.drop(name)


def test_each_query_about_dates_stands_as_this_version_asks(upgraded: str) -> None:
    """Closed where the window holds; asked again without figures where not; raised at the dose that ratings lie before."""
    in_window, outside, dose = _rows(upgraded, QUERIES)
    assert in_window[:3] == ("RATING-OUT-OF-WINDOW", "DAY1", "closed")
    assert in_window[3] == [f"raised: {OLD}", "closed: The dates were changed; the check no longer fires."]
    assert outside[:3] == ("RATING-OUT-OF-WINDOW", "DAY3", "open")
    assert outside[3][0] == f"raised: {OLD}"
    assert "outside the visit's window" in outside[3][1]
    assert dose[:3] == ("RATING-BEFORE-DOSE", "1", "open")
    assert dose[3] == [
        "raised: Ratings of visits after Infusion 1 are dated before it: they are not counted. Is its date right? If so,"
        " check theirs."
    ]


def test_the_trail_tells_it_and_nothing_is_lost(
    left: str, upgraded: str, verify: Callable[..., list[str]]
) -> None:
    assert verify(upgraded) == []
    messages = "select id, text, written_at from review_querymessage order by id"
    assert set(_rows(left, messages)) <= set(_rows(upgraded, messages))
    entries = "select chain, n, encode(hash, 'hex') from audit.event order by chain, n"
    assert set(_rows(left, entries)) <= set(_rows(upgraded, entries))


def test_everybody_is_owed_a_recompute_by_the_new_definition(upgraded: str) -> None:
    owed = {
        subject for (subject,) in _rows(upgraded, "select subject from audit_outbox where kind = 'recompute'")
    }
    assert {person for (person,) in _rows(upgraded, "select participant_id from analysis_outcome")} <= owed
