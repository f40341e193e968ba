"""A database of an earlier version is brought to this one in place: nothing is lost, and the trail still verifies.

`demo_58d8a48.dump` is `pg_dump --format=custom` of the demo as commit 58d8a48 made it.
"""

import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.audit.conftest import connect, inside, verify
from trialsite.stack import binaries, testing

__all__ = ["inside", "verify"]
DUMP = Path(__file__).parent / "demo_58d8a48.dump"
FUNCTIONS = """
    select p.oid::regprocedure::text, pg_get_functiondef(p.oid), p.proowner::regrole::text,
      (select array_agg(a::text order by a::text) from unnest(p.proacl) a)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('public', 'audit', 'closed') and p.prokind = 'f' order by 1
"""


def _rows(name: str, statement: str) -> list[tuple[Any, ...]]:
    with connect("setup", name) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


@pytest.fixture(scope="module")
def before() -> Iterator[str]:
    """The earlier database as it was."""
    name = f"before_{uuid.uuid4().hex[:12]}"
    testing.database(name, "template0")
    program = str(binaries.postgres() / "pg_restore")
    restore = [program, "--exit-on-error", "-d", testing.url("setup", name), str(DUMP)]
    subprocess.run(restore, check=True, capture_output=True)
    yield name
    testing.drop(name)


@pytest.fixture(scope="module")
def upgraded(before: str) -> Iterator[str]:
    name = f"upgraded_{uuid.uuid4().hex[:12]}"
    testing.database(name, before)
    testing.manage("owner", name, "setup_database")
    testing.manage("owner", name, "migrate", "--verbosity", "0")
    yield name
    testing.drop(name)


def test_the_trail_and_the_tables_still_agree(upgraded: str, verify: Callable[..., list[str]]) -> None:
    assert verify(upgraded) == []


def test_each_signature_still_holds_or_was_voided_with_a_reason(upgraded: str) -> None:
    testing.manage("app", upgraded, "verify_signatures")


def test_no_entry_of_the_trail_is_lost(before: str, upgraded: str) -> None:
    entries = "select chain, n, encode(hash, 'hex') from audit.event order by chain, n"
    assert set(_rows(before, entries)) <= set(_rows(upgraded, entries))


def test_every_rating_is_there(before: str, upgraded: str) -> None:
    ratings = "select id, visit_id, instrument, items, missing, total, performed_on from assessments_assessment order by id"
    assert _rows(upgraded, ratings) == _rows(before, ratings)


def test_the_functions_are_those_of_a_new_database(upgraded: str) -> None:
    assert _rows(upgraded, FUNCTIONS) == _rows(testing.DEMO, FUNCTIONS)
