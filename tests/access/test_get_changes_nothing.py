"""A GET changes no row of trial data, settings or people: whatever is followed, by whomever."""

from collections.abc import Iterator

import psycopg2
import pytest
from django.test import Client
from django.urls import reverse

from tests.access.conftest import Person, signed_in
from tests.access.crawl import crawl, refused
from tests.access.places import Places
from tests.access.table import rows
from trialsite.accounts.models import Role, User
from trialsite.stack import testing

# Who is there, who looked, who failed to get in: records of access, not of the trial.
ACCESS = {
    "public.accounts_session",
    "closed.log",
    "public.axes_accesslog",
    "public.axes_accessattempt",
    "public.axes_accessfailurelog",
}
# Who looked is sealed as it is logged; nothing else is.
OTHERS = {"closed.entry": "table_name <> 'log'", "closed.chain_head": "chain not like 'log:%'"}


@pytest.fixture
def database(demo_database: str) -> Iterator[psycopg2.extensions.cursor]:
    with psycopg2.connect(testing.url("setup", demo_database)) as opened, opened.cursor() as cursor:
        yield cursor
    opened.close()


def rows_of(cursor: psycopg2.extensions.cursor) -> dict[str, tuple[int, str]]:
    """Table → number of rows and a hash of all of them, of every table but those of access."""
    cursor.execute(
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p') and n.nspname in ('public', 'closed', 'audit') order by 1"
    )
    answers = {}
    for (table,) in cursor.fetchall():
        if table not in ACCESS:
            schema, name = table.split(".")
            cursor.execute(
                "select count(*), coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '')"
                f' from "{schema}"."{name}" t where {OTHERS.get(table, "true")}'
            )
            answers[table] = cursor.fetchone()
    return answers


@pytest.mark.requirement("WEB-02")
@pytest.mark.parametrize("role", Role.values)
def test_no_get_changes_a_row_and_no_link_leads_to_a_refusal(
    role: str, places: Places, people: dict[Person, User], database: psycopg2.extensions.cursor
) -> None:
    """Every link from the start, then every address of the table and every link from there, as this role; row hashes
    before and after."""
    client = signed_in(people[role, "all"])
    starts = [places.address(row) for row in rows() if row.route not in {"logout", "login"}]
    before = rows_of(database)
    linked = crawl(client, "/")
    answers = linked | crawl(client, *starts, known=linked)
    database.connection.rollback()
    after = rows_of(database)
    assert refused(linked) == {}
    assert len(answers) > 40
    assert {table for table in before if before[table] != after[table]} == set()


def test_the_hashes_see_one_changed_row(
    places: Places, people: dict[Person, User], database: psycopg2.extensions.cursor
) -> None:
    """A calendar address made by POST shows, in its table and in the trail."""
    before = rows_of(database)
    client: Client = signed_in(people["monitor", "all"])
    client.post(reverse("feed_make", args=["KETNAL"]))
    database.connection.rollback()
    after = rows_of(database)
    changed = {table for table in before if before[table] != after[table]}
    assert "public.enrollment_calendarfeed" in changed
    assert any(table.startswith("audit.") for table in changed)
