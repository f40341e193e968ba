"""Two databases of one cluster are set up at once: the roles are the cluster's, so one waits for the other."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg2
import pytest

from trialsite.audit.management.commands.setup_database import set_up
from trialsite.lib import roles
from trialsite.stack import testing

NAMES = ("trialsite_setup_one", "trialsite_setup_other")
PASSWORDS = dict.fromkeys(roles.LOGINS, testing.PASSWORD)


@pytest.fixture
def databases() -> Iterator[list[str]]:
    """Setup URLs of two databases that were set up before."""
    for name in NAMES:
        testing.database(name)
    yield [testing.url("setup", name) for name in NAMES]
    for name in NAMES:
        testing.drop(name)


def _waiting(watch: psycopg2.extensions.cursor) -> int:
    watch.execute(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        " and datname = any (%s || array['postgres'])",
        [list(NAMES)],
    )
    row = watch.fetchone()
    assert row is not None
    return int(row[0])


def _until(watch: psycopg2.extensions.cursor, waiting: int) -> None:
    until = time.monotonic() + 30
    while _waiting(watch) < waiting:
        assert time.monotonic() < until, f"never {waiting} at a lock"
        time.sleep(0.05)


def test_the_set_up_of_one_database_waits_for_that_of_another(databases: list[str]) -> None:
    """The first is held up after it has written the roles, as a slow one would be; the second is begun meanwhile. Both
    end well."""
    first, second = databases
    with (
        closing(psycopg2.connect(testing.url("setup", "postgres"))) as watcher,
        closing(psycopg2.connect(first)) as holder,
        ThreadPoolExecutor(2) as pool,
    ):
        watcher.autocommit = True
        watch = watcher.cursor()
        holder.cursor().execute("lock table audit.event in row exclusive mode")
        slow = pool.submit(set_up, first, PASSWORDS)
        try:
            _until(watch, 1)
            beside = pool.submit(set_up, second, PASSWORDS)
            _until(watch, 2)
        finally:
            holder.rollback()
        slow.result(60)
        beside.result(60)
