"""Fifty people randomised at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from enrollment import services
from enrollment.models import Participant
from tests.conftest import MakeUser, decide, make_screened
from trialsite.accounts.models import Site, Study, User
from trialsite.stack import testing

PEOPLE = 50


@pytest.fixture
def eligible_people(committed: str, make_user: MakeUser) -> list[int]:
    """Fifty participants of one site, confirmed eligible; the site's list is extended to hold them."""
    study = Study.objects.get(code="KETNAL")
    site: Site = study.sites.get(code="01")
    coordinator, investigator = make_user("coordinator", site), make_user("investigator", site)
    for _ in range(2):
        with psycopg2.connect(testing.url("setup", committed)) as connection, connection.cursor() as cursor:
            cursor.execute(
                "insert into closed.slot (study_id, site_id, position, block, sequence)"
                " select study_id, site_id, position + 1000 * (1 + %s), block + 1000 * (1 + %s), sequence"
                " from closed.slot where position < 1000",
                [_, _],
            )
        connection.close()
    with psycopg2.connect(testing.url("setup", committed)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into closed.kit (study_id, kit_number, slot_id, period, arm)"
            " select s.study_id, 'X-' || s.id || '-' || p, s.id, p,"
            "  case when (s.sequence = 'PN') = (p = 1) then 'PLA' else 'NAL' end"
            " from closed.slot s, generate_series(1, 2) p where s.position > 1000"
        )
    connection.close()
    participants = []
    for _ in range(PEOPLE):
        participant = make_screened(site, coordinator)
        decide(participant, by=investigator)
        participants.append(participant.pk)
    return participants


def randomise_all(participants: list[int], name: str) -> list[str]:
    """Call closed.assign for everybody from its own connection at once; the kits of period 1."""
    actor = User.objects.system().pk

    def randomise_one(pk: int) -> str:
        connection = psycopg2.connect(testing.url("app", name))
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(
                    "select set_config('trialsite.context', %s, true)",
                    [f'{{"actor": {actor}, "name": "t", "reason": "t"}}'],
                )
                cursor.execute("select kit_number from closed.assign(%s) where period = 1", [pk])
                row = cursor.fetchone()
                return str(row[0]) if row else ""
        except psycopg2.Error:
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(PEOPLE) as pool:
        return list(pool.map(randomise_one, participants))


def slots(name: str) -> list[tuple[int, str]]:
    """(block, sequence) of what was assigned at the site, in the order of the list."""
    with psycopg2.connect(testing.url("setup", name)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select block, sequence from closed.slot where participant_id is not null order by position"
        )
        rows: list[tuple[int, str]] = cursor.fetchall()
    connection.close()
    return rows


@pytest.mark.requirement("RND-01")
def test_without_the_lock_the_race_is_lost(committed: str, eligible_people: list[int]) -> None:
    """With the advisory lock taken out of closed.assign, people at once see the same next place."""
    with psycopg2.connect(testing.url("setup", committed)) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_get_functiondef('closed.assign(bigint)'::regprocedure)")
        row = cursor.fetchone()
        assert row
        assert "pg_advisory_xact_lock" in row[0]
        # A pause where the lock was makes the race certain instead of likely.
        slow = (
            row[0]
            .replace("perform pg_advisory_xact_lock(hashtext('closed.slot'), person.study_id::int);", "")
            .replace("update closed.slot s", "perform pg_sleep(0.05); update closed.slot s")
        )
        cursor.execute(slow)
    connection.close()
    randomise_all(eligible_people, committed)
    assert len(slots(committed)) < PEOPLE


@pytest.mark.requirement("RND-01")
def test_fifty_at_once_get_fifty_places_of_the_list(committed: str, eligible_people: list[int]) -> None:
    """Everybody gets a kit of their own, no place is skipped, and every full block is balanced."""
    kits = randomise_all(eligible_people, committed)
    assert "" not in kits
    assert len(set(kits)) == PEOPLE
    taken = slots(committed)
    assert len(taken) == PEOPLE
    last = taken[-1][0]
    for block in {block for block, _ in taken} - {last}:
        counts = Counter(sequence for b, sequence in taken if b == block)
        assert len(set(counts.values())) == 1
        assert len(counts) == 2


def test_the_service_is_safe_too(committed: str, eligible_people: list[int]) -> None:
    """Two calls for one participant give one allocation."""
    by = User.objects.get(username__startswith="coordinator")
    participant = Participant.objects.get(pk=eligible_people[0])
    services.randomise(participant, by=by)
    services.randomise(participant, by=by)
    assert participant.periods.count() == 2
